import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@sallyport/platform-telemetry';
import { startPostgres, type PostgresServer } from '@sallyport/testing-servers';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUniqueViolation } from './errors.ts';
import { migrate } from './migrate.ts';
import { openStore, type Store } from './store.ts';
import { newDatabase, type Database } from './testing/world.ts';

interface Schema {
  machine: { name: string; ssn: string | null };
}

let postgres: PostgresServer;
let database: Database;
let directory: string;
let databases = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());
beforeEach(async () => {
  database = await newDatabase(postgres, `migrate_${++databases}`);
  directory = await mkdtemp(join(tmpdir(), 'sallyport-migrations-'));
  await put('0001_machines.sql', `-- include outbox\ncreate table machine (name text constraint machine_pk primary key, ssn text);\ngrant select, insert on machine to sallyport_identity;\n`);
});
afterEach(() => rm(directory, { recursive: true }));

const put = (name: string, text: string) => writeFile(join(directory, name), text);
const run = () => migrate({ dsn: database.ownerDsn, schema: 'identity', directory, log: silentLog });

async function withStore(work: (store: Store<Schema>) => Promise<void>): Promise<void> {
  const store = openStore<Schema>({ dsn: database.identityDsn, schema: 'identity', log: silentLog });
  try {
    await work(store);
  } finally {
    await store.close();
    await store.close();
  }
}

describe('migrate', () => {
  it('applies what is new, once, in order, in the service’s schema', async () => {
    expect(await run()).toEqual(['0001_machines']);
    await put('0002_more.sql', `alter table machine add constraint machine_name_is_short check (length(name) < 10);`);
    expect(await run()).toEqual(['0002_more']);
    expect(await run()).toEqual([]);
    const tables = await postgres.sql(`select schemaname, tablename, tableowner from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by tablename`, database.name);
    expect(tables.map((row) => `${String(row['schemaname'])}.${String(row['tablename'])} ${String(row['tableowner'])}`)).toEqual(
      ['kysely_migration', 'kysely_migration_lock', 'machine', 'outbox', 'outbox_head'].map((name) => `identity.${name} sallyport_owner`),
    );
  });

  it('leaves nothing of a file that fails, keeps the ones before it, and says which and why', async () => {
    await put('0002_good.sql', 'create table good (a int);');
    await put('0003_bad.sql', 'create table half (a int); create tabel other (a int);');
    await expect(run()).rejects.toMatchObject({ code: 'ERR_MIGRATION', message: expect.stringMatching(/^schema identity: 0003_bad failed: syntax error at or near "tabel"/) });
    const tables = await postgres.sql(`select tablename from pg_tables where schemaname = 'identity' and tablename in ('good', 'half')`, database.name);
    expect(tables).toEqual([{ tablename: 'good' }]);
    await put('0003_bad.sql', 'create table half (a int);');
    expect(await run()).toEqual(['0003_bad']);
  });

  it('can be run by many at once', async () => {
    const all = await Promise.all([run(), run(), run()]);
    expect(all.flat()).toEqual(['0001_machines']);
  });

  it('is not disturbed by another service that changes its own tables at the same time', async () => {
    await run();
    await postgres.sql('create schema busy authorization sallyport_owner', database.name);
    const other = new pg.Client({ connectionString: database.ownerDsn });
    await other.connect();
    let done = false;
    const columns = Array.from({ length: 40 }, (_, n) => `c${n} int`);
    const busy = (async () => {
      while (!done) {
        await other.query(`create table busy.rows (${columns.join(', ')})`);
        await other.query('alter table busy.rows drop column c39');
        await other.query('drop table busy.rows');
      }
    })();
    try {
      for (let n = 2; n < 42; n++) {
        await put(`${String(n).padStart(4, '0')}_t.sql`, `create table t${n} (a int);`);
        expect(await run()).toHaveLength(1);
      }
    } finally {
      done = true;
      await busy;
      await other.end();
    }
  });

  it('refuses a file that is not named like a migration, and one that was taken away', async () => {
    await run();
    await put('2_more.sql', 'select 1');
    await expect(run()).rejects.toMatchObject({ code: 'ERR_MIGRATION', message: expect.stringContaining('2_more.sql') });
    await rm(join(directory, '2_more.sql'));
    await rm(join(directory, '0001_machines.sql'));
    await put('0002_other.sql', 'select 1');
    await expect(run()).rejects.toMatchObject({ code: 'ERR_MIGRATION' });
  });

  it('gives a service no right to change its own tables, its migrations or its outbox’s past', async () => {
    await run();
    await withStore(async ({ db }) => {
      for (const text of [
        'alter table machine add column a int', 'drop table machine', 'truncate machine', 'delete from machine', `update machine set name = 'x'`, 'create table mine (a int)',
        'select * from kysely_migration', 'update outbox set pseq = 1', 'delete from outbox_head', 'insert into outbox_head default values', 'update outbox_head set epoch = gen_random_uuid()',
      ]) {
        await expect(sql.raw(text).execute(db), text).rejects.toMatchObject({ code: '42501' });
      }
    });
  });
});

describe('a store', () => {
  it('throws errors with code and place, and without values', async () => {
    await run();
    await withStore(async ({ db }) => {
      await db.insertInto('machine').values({ name: 'hunter2', ssn: null }).execute();
      const twice: unknown = await db.insertInto('machine').values({ name: 'hunter2', ssn: null }).execute().catch((error: unknown) => error);
      expect(twice).toMatchObject({ name: 'StoreError', code: '23505', constraint: 'machine_pk', table: 'machine' });
      expect([isUniqueViolation(twice), isUniqueViolation(twice, 'machine_pk'), isUniqueViolation(twice, 'other')]).toEqual([true, true, false]);
      const cast: unknown = await sql`select ${'hunter2'}::text::int`.execute(db).catch((error: unknown) => error);
      expect(cast).toMatchObject({ code: '22P02' });
      for (const error of [twice, cast]) expect(error instanceof Error && `${error.message}${error.stack ?? ''}${JSON.stringify(error)}`).not.toContain('hunter2');
    });
  });

  it('sees its own schema only, and gives up on a statement that takes too long', async () => {
    await run();
    const store = openStore<Schema>({ dsn: database.identityDsn, schema: 'identity', log: silentLog, statementTimeoutMs: 100 });
    expect((await sql<{ search_path: string }>`show search_path`.execute(store.db)).rows).toEqual([{ search_path: 'identity' }]);
    await expect(sql`select pg_sleep(5)`.execute(store.db)).rejects.toMatchObject({ code: '57014' });
    await store.close();
  });

  it('comes back when the database does, and says meanwhile that it is away', async () => {
    await run();
    await withStore(async (store) => {
      await store.ping();
      await postgres.kill9();
      await expect(store.ping()).rejects.toMatchObject({ name: 'StoreError' });
      await postgres.restart();
      await store.ping();
    });
  });

  it('rolls a transaction back when the connection is cut in the middle', async () => {
    await run();
    await withStore(async (store) => {
      const cut = store.db.transaction().execute(async (trx) => {
        await trx.insertInto('machine').values({ name: 'cut', ssn: null }).execute();
        await postgres.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport identity'`);
        await trx.insertInto('machine').values({ name: 'after', ssn: null }).execute();
      });
      await expect(cut).rejects.toMatchObject({ name: 'StoreError' });
      expect(await store.db.selectFrom('machine').selectAll().execute()).toEqual([]);
    });
  });
});
