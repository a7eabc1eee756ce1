import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { opened, type Envelope } from '@sallyport/domain-events';
import { parseEnvelope, verify, type StoredEvent, type Verification } from '@sallyport/engine-evidence';
import type { z } from 'zod';
import { evidenceEvents, type Bus, type Caller, type Reply } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres, tempDir, type Database, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { evidenceConfig } from '../config.ts';
import { startEvidence, type ServiceParts } from '../service.ts';

export const auditor: Caller = { person: 'ada', roles: ['auditor'], groups: [], source: '127.0.0.1' };

export interface ReadEvent extends StoredEvent {
  readonly openings: readonly string[];
}

export interface House extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly gateway: Bus;
  readonly console: Bus;
  readonly reader: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** What the service needs from its environment, for one in a process of its own. */
  readonly env: Readonly<Record<string, string>>;
  start(): Promise<void>;
  stop(): Promise<void>;
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Everything in the ledger, by the service's own answer. */
  ledger(): Promise<ReadEvent[]>;
  /** The same as an auditor reads it: what is concealed is opened. */
  events(): Promise<Envelope[]>;
  verify(): Promise<Verification>;
}

/** The service on a real bus and database. */
export async function house(parts: Partial<ServiceParts> = {}, variables: Readonly<Record<string, string>> = {}): Promise<House> {
  const [nats, postgres, directory] = await Promise.all([startNats({ gateways: ['gw-1', 'gw-2'] }), startPostgres(), tempDir('sallyport-evidence')]);
  const database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'evidence', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
  const reader = generateKeyPairSync('x25519');
  const keyFile = join(directory.path, 'reader.pem');
  await writeFile(keyFile, reader.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const log = generateKeyPairSync('ed25519');
  const logKeyFile = join(directory.path, 'log.pem');
  await writeFile(logKeyFile, log.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const env = {
    SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: 'evidence', SALLYPORT_NATS_PASSWORD: nats.passwords.evidence, SALLYPORT_DSN: database.dsn('evidence'), SALLYPORT_HTTP: '127.0.0.1:0',
    SALLYPORT_READER_KEY: keyFile, SALLYPORT_LOG_KEY: logKeyFile, SALLYPORT_STATE: directory.path, ...variables,
  };
  let running: Running | null = null;
  const start = async () => {
    running = await boot({ name: 'evidence', config: evidenceConfig, start: ({ config, env, bus, log, readiness }) => startEvidence({ config, tenant: env.tenant, state: env.state, bus, log, readiness, everyMs: 100, ...parts }) }, env, parts.log ?? silentLog);
  };
  const stop = async () => {
    await running?.stop();
    running = null;
  };
  await start();
  const [gateway, console] = [await nats.connect('gateway'), await nats.connect('console')];
  const ledger = () => readLedger(console);
  return {
    nats, postgres, database, gateway, console, reader, env, start, stop, ledger,
    sql: (text) => postgres.sql(text, database.name),
    events: async () => (await ledger()).map(({ bytes, openings }) => opened(parseEnvelope(bytes), openings).event),
    verify: async () => verify(await ledger(), 'ledger'),
    [Symbol.asyncDispose]: async () => {
      await stop();
      await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
    },
  };
}

async function readLedger(console: Bus): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer: Reply<z.output<(typeof evidenceEvents)['value']>> = await console.call(evidenceEvents, { by: auditor, session: null, after, limit: 1000 }, 20_000);
    if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.say}`);
    for (const event of answer.value.events) events.push({ bytes: Buffer.from(event.bytes, 'base64'), sha256: event.sha256, openings: event.openings });
    after = answer.value.next;
  }
  return events;
}

/** Looks again and again until it holds; fails after half a minute. */
export async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const limit = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > limit) throw new Error(`it never came about: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

