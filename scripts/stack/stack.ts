import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bootstrapSql, ownerRole, serviceRole, type DatabaseService } from '@sallyport/platform-store';
import { missingCrypto } from '@sallyport/protocol-ssh';
import { freePort, startNats, startPostgres, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { openHome, type Home } from './home.ts';
import { Service } from './service.ts';
import { tlsFiles, type TlsFiles } from './tls.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const gatewayId = 'gateway-1';
const services = ['evidence', 'identity', 'masking', 'policy', 'approvals', 'governance', 'sinks', 'gateway', 'console'] as const;
export type ServiceName = (typeof services)[number];

/** The whole product on this machine: NATS, PostgreSQL, and each service as a process of its own. */
export interface Stack extends AsyncDisposable {
  readonly home: Home;
  readonly tls: TlsFiles;
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly services: Readonly<Record<ServiceName, Service>>;
  /** What `.sallyport/env` exports. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly home: string;
  /** Told of each step as it begins. */
  readonly say: (step: string) => void;
  /** More variables for a service. */
  readonly env?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

export async function startStack({ home: path, say, env: more = {} }: StackOptions): Promise<Stack> {
  const home = openHome(path);
  const tls = await tlsFiles(home.at('tls'));
  say('NATS and PostgreSQL');
  const [nats, postgres] = await Promise.all([
    startNats({ directory: home.at('nats'), passwords: home.secrets.bus, gateways: [gatewayId] }),
    startPostgres({ directory: home.at('postgres') }),
  ]);
  say('roles and migrations');
  await prepareDatabase(postgres, home);
  const ports = Object.fromEntries(await Promise.all([...services, 'pg' as const, 'ssh' as const, 'token' as const, 'signals' as const].map(async (name) => [name, await freePort()])));
  const pgListen = `127.0.0.1:${ports['pg']}`;
  const sshListen = `127.0.0.1:${ports['ssh']}`;
  const tokenListen = `127.0.0.1:${ports['token']}`;
  const signalsListen = `127.0.0.1:${ports['signals']}`;
  const sshNames = '127.0.0.1,localhost';
  const api = `https://127.0.0.1:${ports['console']}`;
  const admin = home.at('keys', 'admin.token');
  writeFileSync(admin, home.secrets.admin, { mode: 0o600 });
  // Personal data in evidence are sealed to its reader.
  const sealed = { SALLYPORT_READER_PUBLIC_KEY: home.keys.readerPublic };
  const own: Record<ServiceName, Record<string, string>> = {
    evidence: { SALLYPORT_READER_KEY: home.keys.reader, SALLYPORT_LOG_KEY: home.keys.log },
    identity: { ...sealed, SALLYPORT_TOKEN_LISTEN: tokenListen, SALLYPORT_TOKEN_URL: `https://${tokenListen}`, SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key, SALLYPORT_SSH_CA_DIR: home.at('ssh-ca'), SALLYPORT_SSH_HOSTS: sshNames },
    masking: { ...sealed, SALLYPORT_TOKEN_KEY: home.keys.token },
    policy: { ...sealed, SALLYPORT_LEASE_KEY: home.keys.lease },
    approvals: { ...sealed, SALLYPORT_TEXT_KEY: home.keys.text, SALLYPORT_PUBLIC_URL: api },
    governance: { ...sealed, SALLYPORT_SIGNALS_LISTEN: signalsListen, SALLYPORT_SIGNALS_URL: `https://${signalsListen}`, SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key },
    sinks: { ...sealed, SALLYPORT_SECRETS_DIR: home.at('sink-secrets') },
    gateway: {
      SALLYPORT_GATEWAY_ID: gatewayId, SALLYPORT_PG_LISTEN: pgListen, ...(missingCrypto === null ? { SALLYPORT_SSH_LISTEN: sshListen, SALLYPORT_SSH_NAMES: sshNames } : {}), SALLYPORT_TLS_CERT: tls.cert, SALLYPORT_TLS_KEY: tls.key, SALLYPORT_SECRETS_DIR: home.at('credentials'),
      SALLYPORT_LEASE_PUBLIC_KEY: home.keys.leasePublic, SALLYPORT_READER_PUBLIC_KEY: home.keys.readerPublic,
    },
    console: { SALLYPORT_ADMIN_TOKEN_FILE: admin, SALLYPORT_API_CERT: tls.cert, SALLYPORT_API_KEY: tls.key },
  };
  const made = Object.fromEntries(
    services.map((name) => {
      const http = `127.0.0.1:${ports[name]}`;
      const env = {
        SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: name, SALLYPORT_NATS_PASSWORD: home.secrets.bus[name], SALLYPORT_HTTP: http, SALLYPORT_STATE: home.at('state', name),
        ...(name === 'gateway' ? {} : { SALLYPORT_DSN: postgres.dsnOf(serviceRole(name), home.secrets.database[name], 'sallyport') }),
        ...own[name], ...more[name],
      };
      return [name, new Service({ name, script: join(root, 'apps', name, 'dist', 'main.js'), env, http, log: home.at('logs', `${name}.log`), tls: name === 'console' })];
    }),
  ) as Record<ServiceName, Service>;
  const stop = async () => {
    // The data plane first, so that nothing is decided without those that record it; the ledger last.
    for (const name of ['gateway', 'console', 'approvals', 'policy', 'masking', 'identity', 'governance', 'sinks', 'evidence'] as const) await made[name].stop();
    await nats.stop();
    await postgres.stop();
  };
  if (missingCrypto !== null) say(`SSH is left out: ${missingCrypto}`);
  say('services');
  try {
    for (const service of Object.values(made)) service.start();
    await Promise.all(Object.values(made).map((service) => service.ready()));
  } catch (error) {
    await stop();
    throw error;
  }
  const env = {
    SALLYPORT_API: api, SALLYPORT_CA: tls.ca, SALLYPORT_PG: pgListen, ...(missingCrypto === null ? { SALLYPORT_SSH: sshListen } : {}), SALLYPORT_TOKEN_URL: `https://${tokenListen}`, SALLYPORT_SIGNALS_URL: `https://${signalsListen}`, SALLYPORT_ADMIN_TOKEN: home.secrets.admin, SALLYPORT_NATS: nats.url,
    SALLYPORT_EVIDENCE_DSN: postgres.dsnOf(serviceRole('evidence'), home.secrets.database.evidence, 'sallyport'),
  };
  writeFileSync(home.at('env'), Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`).join(''), { mode: 0o600 });
  return { home, tls, nats, postgres, services: made, env, stop, [Symbol.asyncDispose]: stop };
}

async function prepareDatabase(postgres: PostgresServer, home: Home): Promise<void> {
  const [exists] = await postgres.sql(`select 1 from pg_database where datname = 'sallyport'`);
  if (exists === undefined) await postgres.sql('create database sallyport');
  await postgres.sql(bootstrapSql({ passwords: home.secrets.database, ownerPassword: home.secrets.owner, database: 'sallyport' }), 'sallyport');
  const dsn = postgres.dsnOf(ownerRole, home.secrets.owner, 'sallyport');
  const withMigrations = (['evidence', 'identity', 'masking', 'policy', 'approvals', 'governance', 'sinks'] satisfies DatabaseService[]).map((name) => join(root, 'apps', name, 'dist', 'migrate.js')).filter((script) => existsSync(script));
  await Promise.all(withMigrations.map((script) => run(process.execPath, [script], { env: { PATH: process.env['PATH'] ?? '', SALLYPORT_OWNER_DSN: dsn } })));
}
