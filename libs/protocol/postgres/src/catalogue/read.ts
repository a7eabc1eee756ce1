import { Catalogue, foldTemp, type Column, type Relation, type RelationKind, type Routine } from './catalogue.ts';
import { limits, type CatalogueQuery } from './queries.ts';

/** One row of text cells, as the simple protocol gives them. */
export type Row = readonly (string | null)[];
export type CatalogueRows = Readonly<Record<CatalogueQuery, readonly Row[]>>;

/** A row that is not what the query asks for: the server is not what it says, or the protocol was misread. */
export class CatalogueError extends Error {
  readonly code = 'ERR_CATALOGUE';

  constructor(query: CatalogueQuery) {
    super(`the catalogue query "${query}" answered with a row of an unexpected form`);
    this.name = 'CatalogueError';
  }
}

const relationKinds: ReadonlySet<string> = new Set<RelationKind>(['r', 'v', 'm', 'f', 'p', 'S', 'i', 'I', 'c']);

/** Rows of {@link catalogueQueries} as a Catalogue. Throws {@link CatalogueError}. */
export function readCatalogue(rows: CatalogueRows): Catalogue {
  const columns = readColumns(rows.columns);
  const parents = readParents(rows.inherits);
  return new Catalogue({
    relations: rows.relations.map((row) => readRelation(row, columns, parents)),
    routines: rows.routines.map((row) => readRoutine(row, 'routines')),
    operators: rows.operators.map((row) => readRoutine(row, 'operators')),
    schemas: rows.schemas.map((row) => text(row, 0, 'schemas')),
    types: new Map(rows.types.map((row) => [number(row, 0, 'types'), number(row, 1, 'types')])),
    path: rows.path.map((row) => text(row, 0, 'path')),
    complete:
      rows.relations.length < limits.relations && rows.columns.length < limits.columns && rows.inherits.length < limits.inherits &&
      rows.routines.length < limits.routines && rows.operators.length < limits.operators,
  });
}

/** Rows of {@link pathQuery} as a search path. */
export function readPath(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => foldTemp(text(row, 0, 'path')));
}

function readRelation(row: Row, columns: ReadonlyMap<number, Column[]>, parents: ReadonlyMap<number, number[]>): Relation {
  const oid = number(row, 0, 'relations');
  const kind = text(row, 3, 'relations');
  if (!isRelationKind(kind)) throw new CatalogueError('relations');
  return {
    oid,
    schema: foldTemp(text(row, 1, 'relations')),
    name: text(row, 2, 'relations'),
    kind,
    columns: columns.get(oid) ?? [],
    definition: row[5] ?? null,
    parents: parents.get(oid) ?? [],
    reacts: row[4] === 't',
  };
}

function readColumns(rows: readonly Row[]): Map<number, Column[]> {
  const columns = new Map<number, Column[]>();
  for (const row of rows) {
    const column = { attnum: number(row, 1, 'columns'), name: text(row, 2, 'columns'), typeOid: number(row, 3, 'columns') };
    append(columns, number(row, 0, 'columns'), column);
  }
  return columns;
}

function readParents(rows: readonly Row[]): Map<number, number[]> {
  const parents = new Map<number, number[]>();
  for (const row of rows) append(parents, number(row, 0, 'inherits'), number(row, 1, 'inherits'));
  return parents;
}

function readRoutine(row: Row, query: CatalogueQuery): Routine {
  return { schema: text(row, 0, query), name: text(row, 1, query), volatility: text(row, 2, query), language: text(row, 3, query), extension: row[4] ?? null };
}

function append<T>(map: Map<number, T[]>, key: number, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function isRelationKind(kind: string): kind is RelationKind {
  return relationKinds.has(kind);
}

function text(row: Row, at: number, query: CatalogueQuery): string {
  const cell = row[at];
  if (typeof cell !== 'string') throw new CatalogueError(query);
  return cell;
}

function number(row: Row, at: number, query: CatalogueQuery): number {
  const value = Number(text(row, at, query));
  if (!Number.isSafeInteger(value)) throw new CatalogueError(query);
  return value;
}
