import type { CellType, ColumnRef, OutputColumn } from '@sallyport/domain-model';
import type { Catalogue, Relation } from '../catalogue/index.ts';
import type { ResultColumn } from '../messages/row-description.ts';

/**
 * pg_type OIDs of the built-in types, by how their cells read. What is not here (arrays, composites, hstore, types of extensions) is `other`: looked at in
 * either format, and hidden whole when something is found. In RowDescription the server names a domain's base type, not the domain.
 */
const types: ReadonlyMap<number, CellType> = new Map<number, CellType>([
  ...[25, 1043, 1042, 19, 18, 705, 142].map((oid) => [oid, 'text'] as const),
  ...[114, 3802].map((oid) => [oid, 'json'] as const),
  [17, 'bytes'],
  ...[20, 21, 23, 26, 700, 701, 790, 1700].map((oid) => [oid, 'number'] as const),
  ...[1082, 1083, 1114, 1184, 1186, 1266].map((oid) => [oid, 'temporal'] as const),
  [16, 'boolean'],
  [2950, 'uuid'],
]);

export function cellType(typeOid: number, catalogue: Catalogue): CellType {
  return types.get(typeOid) ?? types.get(catalogue.readsAs(typeOid)) ?? 'other';
}

/** What the masker needs to know of the columns that the server has described, with the statement's own lineage beside it. */
export function columnRefs(columns: readonly ResultColumn[], catalogue: Catalogue, outputs: readonly OutputColumn[] | null): ColumnRef[] {
  const lineage = outputs !== null && outputs.length === columns.length ? outputs : null;
  return columns.map((column, index) => {
    const relation = column.tableOid === 0 ? undefined : catalogue.relation(column.tableOid);
    return {
      name: column.name,
      origin: origin(column, catalogue),
      derived: relation !== undefined && computes(relation),
      lineage: lineage?.[index] ?? null,
      type: cellType(column.typeOid, catalogue),
      format: column.format === 1 ? 'binary' : 'text',
    };
  });
}

/** Views and foreign tables give what they read elsewhere; a partition or child holds rows of its parent, where the tag may be. */
export function computes(relation: Relation): boolean {
  return relation.kind === 'v' || relation.kind === 'm' || relation.kind === 'f' || relation.parents.length > 0;
}

function origin(column: ResultColumn, catalogue: Catalogue): string {
  if (column.tableOid === 0) return 'none';
  return catalogue.origin(column.tableOid, column.attnum) ?? 'unknown';
}
