import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@sallyport/platform-telemetry';
import { Kysely, sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import pg from 'pg';
import { MigrationError } from './errors.ts';
import { OwnSchemaDialect } from './own-schema-dialect.ts';
import { survive } from './store.ts';

export interface MigrateOptions {
  /** The owner's address: services' roles cannot change their own schema. */
  readonly dsn: string;
  readonly schema: string;
  /** Holds `0001_name.sql`, `0002_name.sql`, …: plain SQL, applied once each in the order of their names, never changed afterwards. */
  readonly directory: string;
  readonly log: Log;
}

/** The texts that lines `-- include name` stand for. */
const includes = ['outbox', 'applied-change'];
const included = (name: string) => new URL(`../sql/${name}.sql`, import.meta.url);

/**
 * Applies what is new, each file in a transaction of its own, and returns the names applied. Several at once wait for each other.
 * Throws MigrationError at the first file that fails; the ones before it stay applied.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: options.dsn, max: 2, options: `-c search_path=${options.schema}`, connectionTimeoutMillis: 5_000 });
  survive(pool, () => undefined);
  // The driver's own errors are wanted here: migrations hold no data, and "refused: 42601" helps nobody.
  const db = new Kysely<unknown>({ dialect: new OwnSchemaDialect({ pool }, options.schema) });
  try {
    const migrations = await readMigrations(options.directory);
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) }, migrationTableSchema: options.schema });
    return await oneByOne(migrator, options);
  } finally {
    await db.destroy();
  }
}

async function oneByOne(migrator: Migrator, options: MigrateOptions): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const { error, results = [] } = await migrator.migrateUp();
    const failed = results.find((result) => result.status === 'Error');
    if (error !== undefined) throw new MigrationError(`schema ${options.schema}: ${failed?.migrationName ?? 'migrations'} failed: ${error instanceof Error ? error.message : 'unknown'}`, { cause: error });
    if (results.length === 0) return applied;
    for (const { migrationName } of results) {
      applied.push(migrationName);
      options.log.info('migration applied', { schema: options.schema, migration: migrationName });
    }
  }
}

async function readMigrations(directory: string): Promise<Record<string, Migration>> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const wrong = names.find((name) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(name));
  if (wrong !== undefined) throw new MigrationError(`${wrong} is not named like 0001_name.sql`);
  const texts = await Promise.all(names.map(async (name) => [name.slice(0, -'.sql'.length), await expand(await readFile(join(directory, name), 'utf8'))] as const));
  return Object.fromEntries(texts.map(([name, text]) => [name, migration(text)]));
}

async function expand(text: string): Promise<string> {
  let expanded = text;
  for (const name of includes) {
    const line = new RegExp(`^-- include ${name}\\s*$`, 'm');
    if (!line.test(expanded)) continue;
    const sql = await readFile(included(name), 'utf8');
    expanded = expanded.replace(line, () => sql);
  }
  return expanded;
}

function migration(text: string): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await sql.raw(text).execute(db);
    },
  };
}
