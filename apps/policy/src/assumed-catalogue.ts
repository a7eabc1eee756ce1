import type { MaskPlan } from '@sallyport/domain-model';
import { Catalogue, type Relation } from '@sallyport/protocol-postgres';
import { columnNames } from './column-names.ts';

/**
 * Names as an explanation takes them: nobody asked the target. An unqualified relation is assumed to be in the first schema of the search path (or in
 * `pg_catalog`, for names that PostgreSQL keeps for itself). Every relation is assumed to be a plain table with its classified columns and those that the
 * text names. A session resolves names with the target's real catalogue, and sees views, triggers and functions that this does not.
 */
export class AssumedCatalogue extends Catalogue {
  readonly #named: readonly string[];
  readonly #classified = new Map<string, string[]>();

  constructor(text: string, plan: MaskPlan | null) {
    super({ relations: [], routines: [], operators: [], schemas: [], path: ['pg_catalog'], complete: true });
    for (const { column } of plan?.columns ?? []) {
      const dot = column.lastIndexOf('.');
      const relation = column.slice(0, dot);
      this.#classified.set(relation, [...(this.#classified.get(relation) ?? []), column.slice(dot + 1)]);
    }
    const tables = [...this.#classified.keys()].map((name) => name.slice(name.lastIndexOf('.') + 1));
    this.#named = columnNames(text, new Set(tables));
  }

  override find(schema: string, name: string): Relation {
    const columns = [...new Set([...(this.#classified.get(`${schema}.${name}`) ?? []), ...this.#named])].filter((column) => column !== name);
    return { oid: 0, schema, name, kind: 'r', columns: columns.map((column, at) => ({ attnum: at + 1, name: column, typeOid: 0 })), definition: null, parents: [], reacts: false };
  }

  override resolve(name: string, path: readonly string[]): Relation | undefined {
    const schema = name.startsWith('pg_') ? 'pg_catalog' : path.find((one) => one !== 'pg_temp' && one !== 'pg_catalog');
    return schema === undefined ? undefined : this.find(schema, name);
  }
}
