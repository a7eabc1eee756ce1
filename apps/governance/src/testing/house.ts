import { join } from 'node:path';
import { evidenceFollow, fail, identityMachineSuspend, identityRevoke, ok, policyGet, type Bus, type Caller, type Contract } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres, type Database, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { z } from 'zod';
import { governanceConfig } from '../config.ts';
import { startGovernance, type StartedGovernance } from '../service.ts';
import { SmallLedger } from './small-ledger.ts';

export type Raw = Readonly<Record<string, unknown>>;
const head = (kind: string, name: string) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name } });

export const machine = (name: string, spec: Raw = {}): Raw => ({
  ...head('Machine', name),
  spec: { kind: 'batch', owner: 'olga', backupOwner: 'boris', purpose: 'books the entries of the day', environment: 'production', criticality: 'high', groups: ['batch'], state: 'active', reviewBy: '2030-01-01', bindings: [], ...spec },
});
export const target = (name: string, spec: Raw = {}): Raw => ({
  ...head('Target', name),
  spec: { kind: 'postgres', address: { host: '127.0.0.1', port: 5432 }, tls: { mode: 'off' }, credential: 'env:X', environment: 'production', tags: [], evidence: 'strict', settings: {}, ...spec },
});
export const person = (name: string, spec: Raw = {}): Raw => ({ ...head('Person', name), spec: { displayName: name, issuer: 'idp', subject: name, roles: [], active: true, ...spec } });
export const approvers = (name: string, members: readonly string[]): Raw => ({ ...head('ApproverGroup', name), spec: { members } });

export const caller = (who: string, ...roles: string[]): Caller => ({ person: who, roles, groups: [], source: '127.0.0.1' });

export interface Event {
  readonly type: string;
  readonly who: { readonly id: string } | null;
  readonly d: Record<string, unknown>;
}

/** The service with its real database and bus; ledger, policy and identity are scripted. */
export class House implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly database: Database;
  readonly console: Bus;
  readonly ledger = new SmallLedger();
  policies: { name: string; text: string }[] = [];
  policyVersion = 1;
  /** Entitlements that identity was told to end, and machines that it was told to suspend, as often as it was told. */
  readonly revoked: z.output<typeof identityRevoke.request>[] = [];
  readonly suspended: z.output<typeof identityMachineSuspend.request>[] = [];
  /** Set: identity answers with this code. */
  identityFails: string | null = null;
  /** Added to the service's clock, in milliseconds. */
  ahead = 0;
  readonly #processes: { running: Running; started: StartedGovernance }[] = [];
  readonly #identity: Bus;

  private constructor(parts: Pick<House, 'nats' | 'postgres' | 'database' | 'console'>, identity: Bus) {
    this.nats = parts.nats;
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.console = parts.console;
    this.#identity = identity;
  }

  static async open(): Promise<House> {
    const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
    const database = await bootstrapDatabase(postgres);
    await migrate({ dsn: database.ownerDsn, schema: 'governance', directory: join(import.meta.dirname, '../../migrations'), log: silentLog });
    const [console_, identity, evidence, policy] = await Promise.all([nats.connect('console'), nats.connect('identity'), nats.connect('evidence'), nats.connect('policy')]);
    const house = new House({ nats, postgres, database, console: console_ }, identity);
    answer(evidence, evidenceFollow, ({ from, limit }) => ok(house.ledger.page(from, limit)));
    answer(policy, policyGet, () => ok({ version: house.policyVersion, digest: 'd', files: house.policies }));
    answer(identity, identityRevoke, (request) => {
      if (house.identityFails !== null) return fail(house.identityFails, 'not now');
      house.revoked.push(request);
      return ok({
        id: request.entitlement, kind: 'standing', state: 'revoked', machine: 'm', target: 't', role: null, document: null, documentVersion: null, request: null, approval: null, approvedBy: [], reason: '', from: '', until: '',
        limitedBy: null, uses: null, used: 0, lastUsed: null, ended: '', why: null,
      });
    });
    answer(identity, identityMachineSuspend, (request) => {
      if (house.identityFails !== null) return fail(house.identityFails, 'not now');
      house.suspended.push(request);
      return ok({ machine: request.machine, state: 'suspended', changed: true });
    });
    await Promise.all([evidence, policy, identity].map((bus) => bus.nc.flush()));
    return house;
  }

  /** Shows documents on the bus, as identity does. */
  async show(...documents: readonly Raw[]): Promise<void> {
    const bucket = await this.#identity.kv('inventory');
    const prefix: Readonly<Record<string, string>> = { Machine: 'machine', Target: 'target', Person: 'person', ApproverGroup: 'approvers', Governance: 'governance' };
    for (const document of documents) {
      const { kind, metadata } = z.object({ kind: z.string(), metadata: z.object({ name: z.string() }) }).parse(document);
      await bucket.put(`${prefix[kind] ?? ''}.${metadata.name}`, document);
    }
  }

  /** Starts one more process of the service. */
  async start(everyMs = 50): Promise<StartedGovernance> {
    let started: StartedGovernance | null = null;
    const running = await boot(
      {
        name: 'governance', config: governanceConfig,
        start: async ({ config, env, log, bus, readiness }) => (started = await startGovernance({ config, tenant: env.tenant, log, bus, readiness, now: () => Date.now() + this.ahead, everyMs })),
      },
      { SALLYPORT_NATS: this.nats.url, SALLYPORT_NATS_PASSWORD: this.nats.passwords.governance, SALLYPORT_DSN: this.database.dsn('governance'), SALLYPORT_HTTP: '127.0.0.1:0' },
      silentLog,
    );
    if (started === null) throw new Error('not started');
    this.#processes.push({ running, started });
    return started;
  }

  async stop(): Promise<void> {
    for (const { running } of this.#processes.splice(0)) await running.stop();
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.postgres.sql(text, this.database.name);
  }

  /** An empty ledger, and nothing known of any before. The service goes on running, so the database may have to be asked again. */
  async reset(): Promise<void> {
    this.ledger.setBack(0);
    this.ahead = 0;
    this.identityFails = null;
    this.revoked.length = 0;
    this.suspended.length = 0;
    const tables = ['usage_session', 'usage_day', 'decided_day', 'decided_input', 'usage_width', 'entitlement_seen', 'entitlement_asked', 'follow_mark', 'follow_skipped', 'review_campaign', 'review_pending', 'review_item', 'review_machine', 'detect_session', 'detect_profile', 'detect_known', 'detection'].map((table) => `governance.${table}`).join(', ');
    for (let tries = 0; ; tries++) {
      try {
        return void (await this.sql(`begin; update governance.follow_cursor set next_leaf = 0, ledger_size = 0; truncate ${tables}; commit`));
      } catch (error) {
        if (tries === 20) throw error;
      }
    }
  }

  /** Waits until everything that the ledger has was read. */
  async read(): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      const [row] = await this.sql('select next_leaf from governance.follow_cursor');
      if (Number(row?.['next_leaf']) === this.ledger.leaves.length) return;
      await new Promise((done) => setTimeout(done, 25));
    }
    throw new Error('the ledger was not read in time');
  }

  /** Events of the service's outbox, oldest first, without those that come by the clock and the process. */
  async events(...types: readonly string[]): Promise<Event[]> {
    const rows = await this.sql('select event from governance.outbox order by pseq');
    const all: Event[] = rows.map(({ event }) => JSON.parse(Buffer.from(event instanceof Uint8Array ? event : '').toString()));
    return all.filter(({ type }) => (types.length === 0 ? !/^(producer|clock|service)\./.test(type) : types.includes(type)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.all([this.nats[Symbol.asyncDispose](), this.postgres[Symbol.asyncDispose]()]);
  }
}

/** Answers a subject as its service does. */
export function answer<Req extends z.ZodType, Res extends z.ZodType>(bus: Bus, contract: Contract<Req, Res>, on: (request: z.output<Req>) => unknown): void {
  bus.nc.subscribe(contract.subject, { callback: (_error, message) => void Promise.resolve(on(contract.request.parse(message.json()))).then((value) => message.respond(JSON.stringify(value))) });
}
