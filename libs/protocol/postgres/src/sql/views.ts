import type { Effect, Reading } from '@sallyport/domain-model';
import type { Catalogue, Relation } from '../catalogue/catalogue.ts';
import { Findings } from './findings.ts';
import { lineageOf } from './lineage/lineage.ts';
import type { OutColumn } from './lineage/flow.ts';
import { maxViewDepth, TooCostly } from './limits.ts';
import { Names } from './names.ts';
import { ParseFault, type Parser } from './parser.ts';
import { Walk } from './walk.ts';

/** What reading a view does, and where its columns come from. */
export interface ViewMeaning {
  readonly effects: readonly Effect[];
  readonly reading: Reading;
  /** In the view's own order; null when the definition could not be followed. */
  readonly columns: readonly OutColumn[] | null;
}

const known = new WeakMap<Catalogue, Map<number, ViewMeaning>>();
let depth = 0;
let parser: Parser | null = null;

/** The parser for definitions; set once when it is loaded. */
export function useParser(loaded: Parser): void {
  parser = loaded;
}

/**
 * The meaning of a user's view; null for what has nothing behind it to show: views of the system, whose columns are their own.
 * Made once for each snapshot.
 */
export function viewMeaning(catalogue: Catalogue, view: Relation): ViewMeaning | null {
  if (view.schema === 'pg_catalog' || view.schema === 'information_schema') return null;
  let views = known.get(catalogue);
  if (!views) known.set(catalogue, (views = new Map<number, ViewMeaning>()));
  const before = views.get(view.oid);
  if (before) return before;
  if (depth >= maxViewDepth) return unseen;
  // A view inside itself (possible through functions only) finds this.
  views.set(view.oid, unseen);
  depth++;
  try {
    const meaning = read(catalogue, view);
    views.set(view.oid, meaning);
    return meaning;
  } finally {
    depth--;
  }
}

const unseen: ViewMeaning = { effects: [], reading: 'partial', columns: null };

function read(catalogue: Catalogue, view: Relation): ViewMeaning {
  if (view.definition === null || !parser) return unseen;
  try {
    const statement = parser.parse(view.definition).stmts?.[0]?.stmt;
    if (!statement || !('SelectStmt' in statement)) return unseen;
    const names = new Names(catalogue, catalogue.path);
    const found = new Findings();
    const walk = new Walk(names, found);
    walk.node(statement);
    walk.finish();
    const columns = lineageOf(names).query(statement);
    return { effects: found.effects, reading: found.reading, columns: columns?.length === view.columns.length ? columns : null };
  } catch (error) {
    if (error instanceof ParseFault || error instanceof TooCostly) return unseen;
    throw error;
  }
}
