import { readFileSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres } from './postgres.ts';
import { tlsMaterial } from './tls-material.ts';

describe('startPostgres', () => {
  it('starts PostgreSQL 18 with scram passwords, and keeps what was committed over a kill -9', async () => {
    await using server = await startPostgres();
    expect(String((await server.sql('show server_version'))[0]?.['server_version'])).toMatch(/^18\./);
    await server.sql('create table t (a int); insert into t values (1)');
    await server.kill9();
    await server.restart();
    expect(await server.sql('select a from t')).toEqual([{ a: 1 }]);
    const wrong = new pg.Client({ connectionString: server.dsnOf('postgres', 'wrong') });
    wrong.on('error', () => undefined);
    await expect(wrong.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  it('starts the Debian PostgreSQL 15 with TLS that verifies', async () => {
    await using tls = await tlsMaterial();
    await using server = await startPostgres({ version: 'debian15', tls, hba: ['hostssl all all 127.0.0.1/32 scram-sha-256'] });
    const client = new pg.Client({ connectionString: server.dsn(), ssl: { ca: readFileSync(tls.ca, 'utf8'), servername: 'localhost' } });
    await client.connect();
    const { rows } = await client.query('select ssl, (select setting from pg_settings where name = $1) as version from pg_stat_ssl where pid = pg_backend_pid()', ['server_version']);
    await client.end();
    expect(rows).toEqual([{ ssl: true, version: expect.stringMatching(/^15\./) }]);
  });
});
