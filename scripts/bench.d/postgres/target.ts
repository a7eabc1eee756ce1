import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startPostgres, type PostgresServer } from '@sallyport/testing-servers';
import type { TlsFiles } from '../../stack/tls.ts';

const run = promisify(execFile);

export const database = 'bench';
export const role = 'bench_app';

export interface Target extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly password: string;
}

/** PostgreSQL 15 with TLS and SCRAM, pgbench's tables of this scale (100 000 accounts each), and a table with a classified column beside them. */
export async function startTarget(tls: TlsFiles, scale: number): Promise<Target> {
  const server = await startPostgres({
    version: 'debian15', tls,
    hba: ['local all all scram-sha-256', 'hostssl all all 127.0.0.1/32 scram-sha-256'],
    settings: [`shared_buffers = '512MB'`, 'max_connections = 200', 'autovacuum = off', 'synchronous_commit = off', `max_wal_size = '4GB'`],
  });
  const password = 'only-for-this-benchmark';
  await server.sql(`create role ${role} login password '${password}'`);
  await server.sql(`create database ${database} owner ${role}`);
  const env = { ...process.env, PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: role, PGPASSWORD: password, PGDATABASE: database, PGSSLMODE: 'require' };
  await run('pgbench', ['-i', '-q', '-s', String(scale)], { env });
  await server.sql(`set role ${role}; create table customers (id int primary key, name text not null, ssn text not null); insert into customers select i, 'n' || i, '078-05-1120' from generate_series(1, 1000) i`, database);
  await server.sql('vacuum analyze', database);
  await server.sql('checkpoint');
  return { server, password, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
