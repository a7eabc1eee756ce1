/**
 * The names of one target at one moment: what an unqualified name can mean, which columns a star stands for, what a view
 * reads. Immutable; a newer snapshot is a new Catalogue. It holds names and view texts, never data.
 *
 * Not promised: that the target still looks so. Another session's DDL is seen with the next snapshot only.
 */
export class Catalogue {
  static readonly empty = new Catalogue({ relations: [], routines: [], operators: [], schemas: [], path: ['pg_catalog'], complete: true });

  /** The search path of the session that took the snapshot: names inside view definitions are relative to it. */
  readonly path: readonly string[];
  /** False when a limit cut the snapshot: a name that is not found may exist, so unqualified names are not trusted. */
  readonly complete: boolean;
  readonly #byOid = new Map<number, Relation>();
  readonly #byName = new Map<string, Map<string, Relation>>();
  readonly #routines = new Map<string, Routine[]>();
  readonly #operators = new Map<string, Routine[]>();
  readonly #schemas: ReadonlySet<string>;
  readonly #types: ReadonlyMap<number, number>;

  constructor(content: CatalogueContent) {
    this.path = content.path.map(foldTemp);
    this.complete = content.complete;
    this.#schemas = new Set(content.schemas);
    this.#types = content.types ?? new Map<number, number>();
    for (const relation of content.relations) {
      this.#byOid.set(relation.oid, relation);
      const schema = this.#byName.get(relation.schema) ?? new Map<string, Relation>();
      schema.set(relation.name, relation);
      this.#byName.set(relation.schema, schema);
    }
    for (const routine of content.routines) push(this.#routines, routine);
    for (const operator of content.operators) push(this.#operators, operator);
  }

  get size(): number {
    return this.#byOid.size;
  }

  relation(oid: number): Relation | undefined {
    return this.#byOid.get(oid);
  }

  /** `schema.table.column` of what RowDescription names, or null when the snapshot does not know it. */
  origin(oid: number, attnum: number): string | null {
    const relation = this.#byOid.get(oid);
    const column = relation?.columns.find((each) => each.attnum === attnum);
    return relation && column ? `${relation.schema}.${relation.name}.${column.name}` : null;
  }

  find(schema: string, name: string): Relation | undefined {
    return this.#byName.get(schema)?.get(name);
  }

  /** The first relation of that name along the path. */
  resolve(name: string, path: readonly string[]): Relation | undefined {
    for (const schema of path) {
      const relation = this.find(foldTemp(schema), name);
      if (relation) return relation;
    }
    return undefined;
  }

  /** Every function, procedure and aggregate of that name that does not come with PostgreSQL itself, in any schema. */
  routines(name: string): readonly Routine[] {
    return this.#routines.get(name) ?? [];
  }

  operators(name: string): readonly Routine[] {
    return this.#operators.get(name) ?? [];
  }

  /** The type whose values look like those of this one: what a domain rests on, text for citext. Itself for all others. */
  readsAs(typeOid: number): number {
    const base = this.#types.get(typeOid);
    return base === undefined ? typeOid : (this.#types.get(base) ?? base);
  }

  hasSchema(name: string): boolean {
    return this.#schemas.has(name);
  }

  /** The relation and everything that it inherits from or is a partition of, nearest first. */
  ancestors(relation: Relation): readonly Relation[] {
    const found: Relation[] = [];
    const seen = new Set([relation.oid]);
    const queue = [...relation.parents];
    for (let oid = queue.shift(); oid !== undefined; oid = queue.shift()) {
      const parent = this.#byOid.get(oid);
      if (!parent || seen.has(oid)) continue;
      seen.add(oid);
      found.push(parent);
      queue.push(...parent.parents);
    }
    return found;
  }
}

export interface CatalogueContent {
  readonly relations: readonly Relation[];
  readonly routines: readonly Routine[];
  readonly operators: readonly Routine[];
  readonly schemas: readonly string[];
  /** By number of a domain or of citext: see {@link Catalogue.readsAs}. */
  readonly types?: ReadonlyMap<number, number>;
  readonly path: readonly string[];
  readonly complete: boolean;
}

/** pg_class.relkind: table, view, materialized view, foreign table, partitioned table, sequence, index (two), composite type. */
export type RelationKind = 'r' | 'v' | 'm' | 'f' | 'p' | 'S' | 'i' | 'I' | 'c';

export interface Relation {
  readonly oid: number;
  /** The session's own temporary schema is called `pg_temp`, whatever its number. */
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** In the order of a star. */
  readonly columns: readonly Column[];
  /** Text of a view, names relative to {@link Catalogue.path}; null for what is no view or is too long to keep. */
  readonly definition: string | null;
  readonly parents: readonly number[];
  /** Triggers or rules of its own: writing to it runs code that the statement does not show. */
  readonly reacts: boolean;
}

export interface Column {
  readonly attnum: number;
  readonly name: string;
  readonly typeOid: number;
}

/** A function, procedure, aggregate, or the function behind an operator. */
export interface Routine {
  readonly schema: string;
  readonly name: string;
  /** `i`mmutable, `s`table, `v`olatile. */
  readonly volatility: string;
  readonly language: string;
  /** The extension that it belongs to. */
  readonly extension: string | null;
}

/** `pg_temp_3` is written `pg_temp`: policies can name it, and a session has only one. */
export function foldTemp(schema: string): string {
  return /^pg_temp_\d+$/.test(schema) ? 'pg_temp' : schema;
}

function push(map: Map<string, Routine[]>, routine: Routine): void {
  const list = map.get(routine.name);
  if (list) list.push(routine);
  else map.set(routine.name, [routine]);
}
