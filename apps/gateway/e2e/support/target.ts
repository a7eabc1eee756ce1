import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '@sallyport/testing-stack';
import type { TlsFiles } from '../../../../scripts/stack/tls.ts';

/** The login that owns the target's tables: the gateway's credential, and what a direct client uses. */
export const targetRole = 'ledger_app';
export const debian15 = existsSync('/usr/lib/postgresql/15/bin/postgres') ? null : 'postgresql-15 is not installed';

export interface TargetServer {
  readonly server: PostgresServer;
  readonly password: string;
}

export interface TargetOptions {
  readonly version: 'embedded' | 'debian15';
  readonly tls: TlsFiles;
  /** SQL of the database `seeded`, by the superuser. */
  readonly seed: string;
  /** Copies of `seeded`, equal down to their object ids. */
  readonly databases: readonly string[];
  /** More lines of postgresql.conf. */
  readonly settings?: readonly string[];
}

/**
 * A PostgreSQL that takes connections over TLS only, with SCRAM; on `*_direct` with the password itself inside of TLS, so that a client of
 * a few lines can log in.
 */
export async function startTarget({ version, tls, seed, databases, settings = [] }: TargetOptions): Promise<TargetServer> {
  const direct = databases.filter((name) => name.endsWith('_direct'));
  const hba = ['local all all scram-sha-256', ...direct.map((name) => `hostssl ${name} ${targetRole} 127.0.0.1/32 password`), 'hostssl all all 127.0.0.1/32 scram-sha-256'];
  const server = await startPostgres({ version, tls, hba, settings: ['max_connections = 100', 'fsync = off', `timezone = 'UTC'`, ...settings] });
  const password = randomBytes(18).toString('base64url');
  await server.sql(`create role ${targetRole} login password '${password}'`);
  await server.sql('create database seeded');
  await server.sql(`${seed}; grant create on database seeded to ${targetRole}; grant all on schema public to ${targetRole}`, 'seeded');
  for (const name of databases) await server.sql(`create database ${name} template seeded owner ${targetRole}`);
  return { server, password };
}

/** Where the gateway's `file:` credentials live. */
export function writeCredential(directory: string, name: string, username: string, password: string): void {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify({ username, password }));
  chmodSync(file, 0o600);
}
