import type { CommonTableExpr, Node, SelectStmt, WithClause } from 'libpg-query';
import type { OutputColumn } from '@sallyport/domain-model';
import { maxDepth, maxEffort, TooCostly, TooDeep } from '../limits.ts';
import type { Names } from '../names.ts';
import { contains, strings, typeOf } from '../tree.ts';
import { changed } from './changes.ts';
import { expression } from './expression.ts';
import { doubt, merge, named, tainted, type OutColumn } from './flow.ts';
import { fromItem } from './from.ts';
import { rangeOf, sizeOf, type Item, type Level, type Range } from './range.ts';

/** A CTE that is visible at a place. */
export interface Cte {
  readonly name: string;
  readonly columns: readonly OutColumn[];
  readonly rest: OutputColumn | null;
  readonly next: Cte | null;
}

/** Where an expression stands: the CTEs and ranges that it can name. */
export interface Place {
  readonly ctes: Cte | null;
  readonly level: Level | null;
}

const top: Place = { ctes: null, level: null };

/**
 * Which columns of tables the output of a query comes from. Follows sub-selects, CTEs, joins, set operations and views; what
 * it does not follow is not proven. Conditions (WHERE, ON, HAVING), grouping and order are not sources: a value that only decides
 * whether or where a row appears is not in the row.
 */
export class Lineage {
  readonly names: Names;
  /** Values that INSERT, UPDATE and MERGE inside the statement put into tables. */
  readonly stored: OutputColumn[] = [];
  /** How many of those statements were seen. */
  changes = 0;
  #depth = 0;
  #effort = 0;

  constructor(names: Names) {
    this.names = names;
  }

  /** Counts work that can grow faster than the text. Throws {@link TooCostly}. */
  spend(steps: number): void {
    this.#effort += steps;
    if (this.#effort > maxEffort) throw new TooCostly();
  }

  /** Columns of a statement that returns rows, in order; null when not even their number is known. */
  query(node: Node | undefined, place: Place = top): readonly OutColumn[] | null {
    if (++this.#depth > maxDepth) throw new TooDeep();
    const columns = this.#query(node, place);
    this.#depth--;
    return columns;
  }

  #query(node: Node | undefined, place: Place): readonly OutColumn[] | null {
    if (node === undefined) return null;
    if ('SelectStmt' in node) return this.select(node.SelectStmt, place);
    return changed(this, node, place);
  }

  value(node: unknown, place: Place): OutputColumn {
    if (++this.#depth > maxDepth) throw new TooDeep();
    const flow = expression(this, node, place);
    this.#depth--;
    this.spend(flow.sources.length);
    return flow;
  }

  select(select: SelectStmt, outer: Place): readonly OutColumn[] | null {
    if (++this.#depth > maxDepth) throw new TooDeep();
    const place = { ctes: this.with(select.withClause, outer), level: outer.level };
    const columns = this.#arms(select, place);
    this.#depth--;
    return columns;
  }

  #arms(select: SelectStmt, place: Place): readonly OutColumn[] | null {
    if (select.larg && select.rarg) return alongside([this.select(select.larg, place), this.select(select.rarg, place)]);
    if (select.valuesLists) return alongside(select.valuesLists.map((row) => this.#row(row, place)));
    const items = this.from(select.fromClause, place);
    const level = { ranges: items.flatMap((item) => item.ranges), outer: place.level };
    return this.targets(select.targetList, { ctes: place.ctes, level }, items);
  }

  #row(row: Node, place: Place): readonly OutColumn[] | null {
    if (!('List' in row)) return null;
    return (row.List.items ?? []).map((value, at) => named(`column${at + 1}`, this.value(value, place)));
  }

  /** FROM items, each LATERAL one seeing those before it. */
  from(clause: readonly Node[] | undefined, place: Place): readonly Item[] {
    const items: Item[] = [];
    // One list that grows: what an item sees of it is looked at before the next is added.
    const before: Range[] = [];
    for (const node of clause ?? []) {
      const item = fromItem(this, node, place, before);
      this.spend(item.ranges.length);
      for (const range of item.ranges) before.push(range);
      items.push(item);
    }
    return items;
  }

  /** A target list, stars expanded; null when a star stands for columns that are not known. */
  targets(list: readonly Node[] | undefined, place: Place, items: readonly Item[]): readonly OutColumn[] | null {
    const columns: OutColumn[] = [];
    for (const node of list ?? []) {
      if (!('ResTarget' in node)) return null;
      const value = node.ResTarget.val;
      const star = this.#star(value, place, items);
      if (star === null) return null;
      if (star === undefined) columns.push(named(node.ResTarget.name ?? nameOf(value), this.value(value, place)));
      else {
        this.spend(star.length);
        for (const column of star) columns.push(column);
      }
    }
    return columns;
  }

  /** Columns of `*` or `t.*`, null when they are not known, undefined for what is no star. */
  #star(value: Node | undefined, place: Place, items: readonly Item[]): readonly OutColumn[] | null | undefined {
    if (value === undefined) return undefined;
    if ('A_Indirection' in value) return (value.A_Indirection.indirection ?? []).some((node) => 'A_Star' in node) ? null : undefined;
    if (!('ColumnRef' in value)) return undefined;
    const fields = value.ColumnRef.fields ?? [];
    if (typeOf(fields.at(-1)) !== 'A_Star') return undefined;
    if (fields.length === 1) return items.some((item) => item.star === null) ? null : items.flatMap((item) => item.star ?? []);
    this.spend(sizeOf(place.level));
    const range = rangeOf(place.level, strings(fields));
    return range && range.rest === null ? range.columns : null;
  }

  /** The CTEs of a WITH clause in front of those already visible. */
  with(clause: WithClause | undefined, place: Place): Cte | null {
    let ctes = place.ctes;
    const all = (clause?.ctes ?? []).flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []));
    for (const [at, cte] of all.entries()) {
      const later = clause?.recursive ? all.slice(at).map((each) => each.ctename ?? '') : [];
      this.spend(later.length);
      const isRecursive = later.length > 0 && refersTo(cte.ctequery, later);
      ctes = isRecursive ? this.#recursive(cte, later, ctes, place.level) : this.#cte(cte, ctes, place.level);
    }
    return ctes;
  }

  #cte(cte: CommonTableExpr, ctes: Cte | null, level: Level | null): Cte {
    const columns = this.query(cte.ctequery, { ctes, level });
    const isOpen = columns === null || cte.search_clause !== undefined || cte.cycle_clause !== undefined;
    return { name: cte.ctename ?? '', columns: renamed(columns ?? [], strings(cte.aliascolnames)), rest: isOpen ? tainted : null, next: ctes };
  }

  /** A recursive CTE is not followed: its sources are those of one round, proven of nothing. */
  #recursive(cte: CommonTableExpr, later: readonly string[], ctes: Cte | null, level: Level | null): Cte {
    let blind = ctes;
    for (const name of later) blind = { name, columns: [], rest: tainted, next: blind };
    const columns = this.query(cte.ctequery, { ctes: blind, level }) ?? [];
    const known = renamed(columns, strings(cte.aliascolnames)).map((column) => named(column.name, doubt(column)));
    return { name: cte.ctename ?? '', columns: known, rest: tainted, next: ctes };
  }
}

export function lineageOf(names: Names): Lineage {
  return new Lineage(names);
}

/** Columns under the names of an alias list, which may be shorter. */
export function renamed(columns: readonly OutColumn[], names: readonly string[]): readonly OutColumn[] {
  return names.length === 0 ? columns : columns.map((column, at) => named(names[at] ?? column.name, column));
}

/** Set operations and rows of VALUES: column by column, all of them. The names are the first's. */
function alongside(arms: readonly (readonly OutColumn[] | null)[]): readonly OutColumn[] | null {
  const first = arms[0];
  if (!first) return null;
  const rows = arms.flatMap((arm) => (arm && arm.length === first.length ? [arm] : []));
  if (rows.length !== arms.length) return null;
  return first.map((column, at) => named(column.name, merge(rows.map((row) => row[at] ?? tainted))));
}

function refersTo(node: Node | undefined, names: readonly string[]): boolean {
  return contains(node, new Set(['RangeVar'])) && mentions(node, new Set(names));
}

function mentions(value: unknown, names: ReadonlySet<unknown>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('relname' in value && names.has(value.relname)) return true;
  return Object.values(value).some((each) => mentions(each, names));
}

/** The name that PostgreSQL gives an output column that has none, where others may refer to it; null for made-up ones. */
function nameOf(value: Node | undefined): string | null {
  if (value === undefined) return null;
  if ('ColumnRef' in value) return strings(value.ColumnRef.fields).at(-1) ?? null;
  if ('FuncCall' in value) return strings(value.FuncCall.funcname).at(-1) ?? null;
  if ('TypeCast' in value) return nameOf(value.TypeCast.arg) ?? strings(value.TypeCast.typeName?.names).at(-1) ?? null;
  if ('CollateClause' in value) return nameOf(value.CollateClause.arg);
  if ('A_Indirection' in value) return strings(value.A_Indirection.indirection).at(-1) ?? nameOf(value.A_Indirection.arg);
  if ('CoalesceExpr' in value) return 'coalesce';
  if ('CaseExpr' in value) return nameOf(value.CaseExpr.defresult) ?? 'case';
  if ('MinMaxExpr' in value) return value.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest';
  if ('A_ArrayExpr' in value) return 'array';
  if ('RowExpr' in value) return 'row';
  if ('SubLink' in value) return sublinkName(value.SubLink.subLinkType, value.SubLink.subselect);
  return null;
}

function sublinkName(kind: string | undefined, query: Node | undefined): string | null {
  if (kind === 'EXISTS_SUBLINK') return 'exists';
  if (kind === 'ARRAY_SUBLINK') return 'array';
  if (kind !== 'EXPR_SUBLINK' || !query || !('SelectStmt' in query)) return null;
  const first = query.SelectStmt.targetList?.[0];
  return first && 'ResTarget' in first ? (first.ResTarget.name ?? nameOf(first.ResTarget.val)) : null;
}

