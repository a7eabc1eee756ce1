import type { Log } from '@sallyport/platform-telemetry';
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import pg from 'pg';
import { SafeDriver } from './safe-driver.ts';

export interface Store<DB> {
  readonly db: Kysely<DB>;
  /** Throws StoreError while the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly dsn: string;
  /** The service's schema: the only one on the search path. */
  readonly schema: string;
  readonly log: Log;
  /** Connections at most; default 8. */
  readonly connections?: number;
  /** Milliseconds after which the database gives up on a statement; default 15 000. */
  readonly statementTimeoutMs?: number;
}

/**
 * A pool of connections to the service's schema. Opens nothing yet: the first query does, and a lost connection is replaced by the
 * next query. `bigint` and `numeric` columns come as strings, as the driver gives them. Errors are StoreError, without values.
 */
export function openStore<DB>(options: StoreOptions): Store<DB> {
  const pool = new pg.Pool(poolSettings(options));
  survive(pool, () => options.log.warn('lost a database connection', { schema: options.schema }));
  const db = openKysely<DB>(pool);
  return {
    db,
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    close: () => db.destroy(),
  };
}

function openKysely<DB>(pool: pg.Pool): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new SafeDriver({ pool }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

function poolSettings(options: StoreOptions): pg.PoolConfig {
  if (!/^[a-z_][a-z0-9_]*$/.test(options.schema)) throw new RangeError(`schema ${options.schema} is no plain name`);
  return {
    connectionString: options.dsn,
    max: options.connections ?? 8,
    options: `-c search_path=${options.schema}`,
    statement_timeout: options.statementTimeoutMs ?? 15_000,
    idle_in_transaction_session_timeout: 30_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: `sallyport ${options.schema}`,
  };
}

/** A connection that breaks is replaced by the next query, idle or at work; but an `error` event that nobody hears ends the process. */
export function survive(pool: pg.Pool, lost: () => void): void {
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', lost));
}
