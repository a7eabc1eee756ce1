import { PostgresDialect, sql, type DatabaseIntrospector, type Kysely, type SchemaMetadata, type TableMetadata } from 'kysely';

/**
 * A PostgreSQL dialect whose migrator looks at the service's own schema only. Kysely's own introspection reads every column of every schema, and
 * fails (42703, 42P01) whenever another service, which migrates or drops a partition at the same moment, takes one of them away in between.
 */
export class OwnSchemaDialect extends PostgresDialect {
  readonly #schema: string;

  constructor(config: ConstructorParameters<typeof PostgresDialect>[0], schema: string) {
    super(config);
    this.#schema = schema;
  }

  override createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new OwnSchema(db, this.#schema);
  }
}

/** Names schemas and the own one's tables, which is all that Kysely's migrator asks; columns are not described. */
class OwnSchema implements DatabaseIntrospector {
  readonly #db: Kysely<unknown>;
  readonly #schema: string;

  constructor(db: Kysely<unknown>, schema: string) {
    this.#db = db;
    this.#schema = schema;
  }

  async getSchemas(): Promise<SchemaMetadata[]> {
    return (await sql<SchemaMetadata>`select nspname as name from pg_catalog.pg_namespace`.execute(this.#db)).rows;
  }

  async getTables(): Promise<TableMetadata[]> {
    const found = await sql<{ name: string }>`
      select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${this.#schema} and c.relkind in ('r', 'p') order by c.relname`.execute(this.#db);
    return found.rows.map(({ name }) => ({ name, schema: this.#schema, isView: false, isForeign: false, columns: [] }));
  }
}
