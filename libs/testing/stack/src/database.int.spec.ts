import pg from 'pg';
import { startPostgres } from '@sallyport/testing-servers';
import { describe, expect, it } from 'vitest';
import { bootstrapDatabase } from './database.ts';

describe('bootstrapDatabase', () => {
  it('makes roles that may use their own schema and nothing else', async () => {
    await using server = await startPostgres();
    const database = await bootstrapDatabase(server);
    const as = async (dsn: string, text: string) => {
      const client = new pg.Client({ connectionString: dsn });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    };
    expect(await as(database.dsn('policy'), 'select current_schema()')).toEqual([{ current_schema: 'policy' }]);
    await as(database.ownerDsn, 'create table identity.machine (name text); create table policy.policy_set (version int); grant select on policy.policy_set to sallyport_policy');
    expect(await as(database.dsn('policy'), 'select * from policy_set')).toEqual([]);
    for (const text of ['select * from identity.machine', 'create table policy.mine (a int)', 'create table public.mine (a int)', 'create temp table mine (a int)', 'insert into policy_set values (1)', 'create schema other', 'set role sallyport_owner']) {
      await expect(as(database.dsn('policy'), text), text).rejects.toMatchObject({ code: '42501' });
    }
  });
});
