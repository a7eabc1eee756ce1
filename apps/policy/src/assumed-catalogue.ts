import { Catalogue, type Relation } from '@sallyport/protocol-postgres';

/**
 * Names as an explanation takes them: nobody asked the target, so an unqualified relation is assumed to be a plain table in the
 * first schema of the search path (or in `pg_catalog`, for names that PostgreSQL keeps for itself). A session resolves
 * names with the target's real catalogue, and sees views, triggers and functions that this does not.
 */
export class AssumedCatalogue extends Catalogue {
  static readonly made = new AssumedCatalogue({ relations: [], routines: [], operators: [], schemas: [], path: ['pg_catalog'], complete: true });

  override resolve(name: string, path: readonly string[]): Relation | undefined {
    const schema = name.startsWith('pg_') ? 'pg_catalog' : path.find((one) => one !== 'pg_temp' && one !== 'pg_catalog');
    return schema === undefined ? undefined : { oid: 0, schema, name, kind: 'r', columns: [], definition: null, parents: [], reacts: false };
  }
}
