import type { RangeVar } from 'libpg-query';
import type { OutputColumn } from '@sallyport/domain-model';
import type { Relation } from '../../catalogue/catalogue.ts';
import { nowhere, type Named, type Names } from '../names.ts';
import { isTelling } from '../relations.ts';
import { strings } from '../tree.ts';
import { viewMeaning } from '../views.ts';
import { doubt, merge, named, tainted, type OutColumn } from './flow.ts';
import { renamed } from './lineage.ts';
import type { Range } from './range.ts';

/** A table or view of the target as a range. */
export function tableRange(names: Names, range: RangeVar): Range {
  const found = names.relation(range.schemaname, range.relname ?? '');
  const alias = range.alias?.aliasname;
  const columns = columnsOf(names, found);
  return {
    alias: alias ?? found.name,
    schema: alias === undefined && found.schema !== nowhere ? found.schema : null,
    columns: renamed(columns ?? [], strings(range.alias?.colnames)),
    rest: columns ? null : tainted,
    system: columns ? { sources: [`${found.schema}.${found.name}.ctid`], proven: true } : null,
    whole: null,
  };
}

/** The columns of a relation in order, each with its own name as a source and what is behind it; null when not known. */
export function columnsOf(names: Names, found: Named): readonly OutColumn[] | null {
  const relation = found.relation;
  if (!relation || relation.kind === 'i' || relation.kind === 'I' || relation.kind === 'c') return null;
  const own = relation.columns.map((column) => named(column.name, ownFlow(names, relation, column.name)));
  if (isTelling(relation.name)) return own.map((column) => named(column.name, doubt(column)));
  if (relation.kind !== 'v' && relation.kind !== 'm') return own;
  const view = viewMeaning(names.catalogue, relation);
  if (!view) return own;
  return own.map((column, at) => named(column.name, merge([column, view.columns?.[at] ?? tainted])));
}

/** A column of a partition or child is also a column of what it belongs to, where a tag may be. */
function ownFlow(names: Names, relation: Relation, column: string): OutputColumn {
  const sources = [`${relation.schema}.${relation.name}.${column}`];
  for (const parent of names.catalogue.ancestors(relation)) {
    if (parent.columns.some((each) => each.name === column)) sources.push(`${parent.schema}.${parent.name}.${column}`);
  }
  return { sources, proven: true };
}
