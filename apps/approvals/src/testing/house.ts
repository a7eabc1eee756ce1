import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ShownParameters } from '@sallyport/domain-model';
import { approvalChanged, subjects, type approvalsOpen, type Bus, type Caller } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres, tempDir } from '@sallyport/testing-stack';
import { approvalsConfig } from '../config.ts';
import { startApprovals } from '../service.ts';
import { scriptedPolicy, type ScriptedPolicy } from './policy.ts';

export interface House extends AsyncDisposable {
  readonly gateway: Bus;
  readonly console: Bus;
  readonly identity: Bus;
  /** What policy says of statements. */
  readonly policy: ScriptedPolicy;
  /** Changes that were told on the bus, as `state`, by approval. */
  readonly told: Map<string, string[]>;
  /** Moves the service's clock. */
  advance(seconds: number): void;
  /** Stops the service and starts it again, as after an upgrade. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** A second process of the service beside the first, as a rolling upgrade has. Returns how to stop it. */
  another(): Promise<() => Promise<void>>;
  start(): Promise<void>;
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Types of the evidence events of an approval, in order. */
  evidence(approval: string): Promise<string[]>;
}

/** The service on a real bus and database, with three approvers in the inventory. `webhook` is where it reports to. */
export async function house(webhook?: { readonly url: string; readonly key: Uint8Array }): Promise<House> {
  const [nats, postgres, directory] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-approvals')]);
  const database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'approvals', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
  const keyFile = async (name: string, key: Uint8Array) => {
    const path = join(directory.path, name);
    await writeFile(path, Buffer.from(key).toString('base64url'));
    return path;
  };
  const env = {
    SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: 'approvals', SALLYPORT_NATS_PASSWORD: nats.passwords.approvals, SALLYPORT_DSN: database.dsn('approvals'), SALLYPORT_HTTP: '127.0.0.1:0',
    SALLYPORT_TEXT_KEY: await keyFile('text', randomBytes(32)), SALLYPORT_PUBLIC_URL: 'https://sallyport.example/',
    ...(webhook === undefined ? {} : { SALLYPORT_WEBHOOK_URL: webhook.url, SALLYPORT_WEBHOOK_KEY: await keyFile('webhook', webhook.key) }),
  };
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, monoUs: () => Math.round(performance.now() * 1000) };
  const identity = await nats.connect('identity');
  const policy = scriptedPolicy(await nats.connect('policy'));
  await fillInventory(identity);
  let running: Running | null = null;
  const begin = () =>
    boot({ name: 'approvals', config: approvalsConfig, start: ({ config, env, bus, log, readiness }) => startApprovals({ config, tenant: env.tenant, bus, log, readiness, clock, everyMs: 20 }) }, env, silentLog);
  const start = async () => void (running = await begin());
  const stop = async () => {
    await running?.stop();
    running = null;
  };
  await start();
  const gateway = await nats.connect('gateway');
  const told = new Map<string, string[]>();
  gateway.subscribe(subjects.approvalChanged, approvalChanged, ({ approval, state }) => void told.set(approval, [...(told.get(approval) ?? []), state]));
  await gateway.nc.flush();
  const sql = (text: string) => postgres.sql(text, database.name);
  return {
    gateway, identity, policy, told, sql, start, stop,
    another: async () => {
      const second = await begin();
      return () => second.stop();
    },
    console: await nats.connect('console'),
    advance: (seconds) => void (ahead += seconds * 1000),
    restart: async () => {
      await stop();
      await start();
    },
    evidence: async (approval) => {
      const rows = await sql('select event from approvals.outbox order by pseq');
      return rows.flatMap(({ event }) => (Buffer.isBuffer(event) && event.includes(approval) ? [typeOf(event)] : []));
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
    },
  };
}

const typeOf = (event: Buffer): string => /"type":"([a-z.]+)"/.exec(event.toString('utf8'))?.[1] ?? '?';

async function fillInventory(identity: Bus): Promise<void> {
  const bucket = await identity.kv('inventory');
  for (const name of ['alice', 'bob', 'olga', 'gone', 'pete']) await bucket.put(`person.${name}`, { kind: 'Person', metadata: { name }, spec: { active: name !== 'gone' } });
  await putMachine(identity, 'ci-deploy');
  await bucket.put('approvers.dba', { kind: 'ApproverGroup', metadata: { name: 'dba' }, spec: { members: ['alice', 'bob', 'olga', 'gone'] } });
  await bucket.put('target.ledger-db', { kind: 'Target', metadata: { name: 'ledger-db' }, spec: { kind: 'postgres', environment: 'production' } });
}

/** Shows a machine to the services, as identity does. */
export async function putMachine(identity: Bus, name: string, spec: { readonly state?: string; readonly owner?: string } = {}): Promise<void> {
  const bucket = await identity.kv('inventory');
  await bucket.put(`machine.${name}`, { kind: 'Machine', metadata: { name }, spec: { state: 'active', owner: 'olga', ...spec } });
}

export const person = (name: string, ...roles: string[]): Caller => ({ person: name, roles: roles.length === 0 ? ['approver'] : roles, groups: ['dba'], source: '127.0.0.1' });

/** The text whose words must never leave by any way but `show`. */
export const text = "update ledger.accounts set owner = 'Zebulon Quux' where id = 7";

export const parameters: ShownParameters = { list: [{ name: '$1', kind: 'text', value: 'Zebulon Quux', leftOut: 0, note: null }, { name: '$2', kind: 'null', value: '', leftOut: 0, note: 'int4' }], missing: '1 more, 7 bytes, are not shown' };

export const request = (change: Partial<z.input<(typeof approvalsOpen)['request']>> = {}): z.input<(typeof approvalsOpen)['request']> => ({
  session: randomUUID(), command: randomUUID(), machine: 'ci-deploy', owner: 'olga', target: 'ledger-db', environment: 'production', source: '10.0.0.7', text, parameters,
  shape: 'update ledger.accounts set owner = ? where id = ?', effects: ['write ledger.accounts'], rules: ['writes-need-approval'], say: 'writes need a second person', binding: 'b'.repeat(64), slice: 'c'.repeat(64),
  quorum: [{ group: 'dba', count: 1 }], expiresIn: 900, ...change,
});
