import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buckets, leaseChanged, maskingApply, maskingList, maskingPlan, shownPlan, subjects, type Bucket, type Bus, type Caller } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, settingsOf, startNats, startPostgres, tempDir, type Database, type NatsServer, type PostgresServer, type TempDir } from '@sallyport/testing-stack';
import { maskingConfig } from './config.ts';
import { startMasking } from './service.ts';
import { column, raw } from './testing/documents.ts';

let nats: NatsServer;
let postgres: PostgresServer;
let database: Database;
let directory: TempDir;
let service: Running;
let desk: Bus;
let gateway: Bus;
let plans: Bucket;
const key = randomBytes(32).toString('base64url');
const stale: (string | null)[] = [];

const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
const ssn = column('ledger.customers.ssn', 'us.ssn', 'last4');
const card = column('ledger.customers.card', 'pci.pan', 'token');

const start = () =>
  boot(
    { name: 'masking', config: maskingConfig, start: ({ config, env, log, bus, readiness }) => startMasking({ config, tenant: env.tenant, log, bus, readiness, everyMs: 50 }) },
    { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: nats.passwords.masking, SALLYPORT_DSN: database.dsn('masking'), SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_TOKEN_KEY: join(directory.path, 'token-key') },
    silentLog,
  );

beforeAll(async () => {
  [nats, postgres, directory] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-masking')]);
  database = await bootstrapDatabase(postgres);
  await writeFile(join(directory.path, 'token-key'), `${key}\n`);
  await migrate({ dsn: database.ownerDsn, schema: 'masking', directory: join(import.meta.dirname, '../migrations'), log: silentLog });
  await settingsOf(nats);
  service = await start();
  [desk, gateway] = await Promise.all([nats.connect('console'), nats.connect('gateway')]);
  plans = await gateway.kv(buckets.plans);
  gateway.subscribe(subjects.leaseChanged, leaseChanged, ({ target }) => void stale.push(target));
  await gateway.nc.flush();
});

afterAll(async () => {
  await service.stop();
  await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
});

beforeEach(() => void stale.splice(0));

const apply = (documents: readonly unknown[], options: { dryRun?: boolean; prune?: boolean; by?: Caller } = {}) =>
  desk.call(maskingApply, { by: options.by ?? admin, documents: [...documents], dryRun: options.dryRun ?? false, prune: options.prune ?? false });

async function must(documents: readonly unknown[], options: { dryRun?: boolean; prune?: boolean } = {}): Promise<string[]> {
  const reply = await apply(documents, options);
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value.changes.map(({ kind, name, change, version }) => `${kind} ${name} ${change} ${version}`);
}

async function planOf(target: string) {
  const reply = await gateway.call(maskingPlan, { target });
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value;
}

async function published(target: string) {
  return shownPlan.nullable().parse(await plans.get(target))?.plan ?? null;
}

async function names(): Promise<string[]> {
  const reply = await desk.call(maskingList, { name: null });
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value.documents.map((document) => JSON.stringify(document)).map((text) => /"name":"([^"]+)"/.exec(text)?.[1] ?? '?');
}

async function evidence(): Promise<{ type: string; d: Record<string, unknown>; who: string }[]> {
  const rows = await postgres.sql('select event from masking.outbox order by pseq', database.name);
  return rows.flatMap(({ event }) => {
    if (!Buffer.isBuffer(event)) return [];
    const { type, d, who } = JSON.parse(event.toString('utf8'));
    return [{ type, d, who: who?.id }];
  });
}

describe('a classification', () => {
  it('is applied, listed, made a plan of, shown to the gateways, told and recorded', async () => {
    expect(await must([raw('ledger-pii', 'ledger-db', [ssn, card], { large: ['ledger.entries'] })])).toEqual(['Classification ledger-pii created 1']);
    const { plan, tokenKey } = await planOf('ledger-db');
    expect(plan).toMatchObject({ target: 'ledger-db', columns: [card, ssn], detectors: ['card', 'ssn', 'iban', 'email', 'phone'], large: ['ledger.entries'] });
    expect(plan.id).toMatch(/^[0-9a-f]{64}$/);
    expect(tokenKey).toBe(key);
    expect(await published('ledger-db')).toEqual(plan);
    await vi.waitFor(() => expect(stale).toEqual(['ledger-db']));
    expect(await names()).toEqual(['ledger-pii']);
    expect((await evidence()).at(-1)).toMatchObject({ type: 'config.changed', who: 'person:root', d: { kind: 'Classification', name: 'ledger-pii', change: 'created', version: 1, previous: null } });
    expect(await postgres.sql(`select target from masking.plan where id = '${plan.id}'`, database.name)).toEqual([{ target: 'ledger-db' }]);
  });

  it('applied again changes nothing and tells nobody', async () => {
    const events = (await evidence()).length;
    expect(await must([raw('ledger-pii', 'ledger-db', [ssn, card], { large: ['ledger.entries'] })])).toEqual(['Classification ledger-pii unchanged 1']);
    expect((await evidence()).length).toBe(events);
    expect(stale).toEqual([]);
  });

  it('is only planned by a dry run', async () => {
    const before = await planOf('ledger-db');
    expect(await must([raw('more', 'ledger-db', [column('ledger.customers.name', 'person.name')])], { dryRun: true, prune: true })).toEqual(['Classification more created 1', 'Classification ledger-pii removed 2']);
    expect(await planOf('ledger-db')).toEqual(before);
    expect(await names()).toEqual(['ledger-pii']);
  });

  it('is refused whole when one document is wrong, and that is recorded', async () => {
    const reply = await apply([raw('fine', 'other-db', [ssn]), raw('wrong', 'other-db', [{ ...card, colour: 1 }])]);
    expect(reply).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('Classification/wrong: spec.columns[0].colour: unknown field "colour"') } });
    expect(await names()).toEqual(['ledger-pii']);
    expect((await evidence()).at(-1)).toMatchObject({ type: 'config.refused', d: { kind: 'Classification', name: 'wrong', code: 'document' } });
  });

  it('is refused when it contradicts another document', async () => {
    expect(await apply([raw('second', 'ledger-db', [{ ...ssn, tag: 'us.itin' }])])).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('a column has one tag and one action') } });
    expect(await names()).toEqual(['ledger-pii']);
  });

  it('is changed by administrators only', async () => {
    expect(await apply([], { by: { ...admin, roles: ['operator', 'approver', 'auditor'] } })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect((await evidence()).at(-1)).toMatchObject({ type: 'config.refused', d: { code: 'denied' } });
  });

  it('pruned away leaves an empty plan where gateways look, so that none keeps the old one', async () => {
    await must([raw('other', 'other-db', [ssn])], { prune: true });
    expect(await published('ledger-db')).toMatchObject({ columns: [], detectors: [] });
    expect(await planOf('ledger-db')).toMatchObject({ plan: { columns: [], detectors: [] } });
    expect(await published('other-db')).toMatchObject({ columns: [ssn] });
    await vi.waitFor(() => expect([...stale].sort()).toEqual(['ledger-db', 'other-db']));
    expect((await evidence()).slice(-2).map(({ d }) => d['change'])).toEqual(['created', 'removed']);
  });

  it('of a target that nobody knows is an empty plan', async () => {
    expect(await planOf('never-heard-of')).toMatchObject({ plan: { target: 'never-heard-of', columns: [], detectors: [], large: [] } });
  });
});

describe('the bucket of plans', () => {
  it('is repaired when it differs, after a restart too', async () => {
    await service.stop();
    const masking = await nats.connect('masking');
    const bucket = await masking.kv(buckets.plans);
    const plan = await published('other-db');
    await bucket.put('other-db', { revision: 1, plan: { ...plan, columns: [] } });
    service = await start();
    await vi.waitFor(async () => expect(await published('other-db')).toEqual(plan));
    await vi.waitFor(() => expect(stale).toContain('other-db'));
    await bucket.remove('other-db');
    await vi.waitFor(async () => expect(await published('other-db')).toEqual(plan));
  });

  it('follows what another process of the service applies', async () => {
    const second = await start();
    try {
      await Promise.all(Array.from({ length: 6 }, (_, i) => must([raw(`many-${i}`, 'many-db', [column(`a.b.c${i}`, 'person.name')])])));
      expect((await planOf('many-db')).plan.columns).toHaveLength(6);
      await vi.waitFor(async () => expect(await published('many-db')).toEqual((await planOf('many-db')).plan));
    } finally {
      await second.stop();
    }
  });
});

describe('what is written', () => {
  it('can only be added to, and the service has no right to more', async () => {
    for (const table of ['classification', 'plan']) {
      await expect(postgres.sql(`update masking.${table} set target = 'x'`, database.name)).rejects.toThrow(/only ever added/);
      await expect(postgres.sql(`delete from masking.${table}`, database.name)).rejects.toThrow(/only ever added/);
      await expect(postgres.sql(`truncate masking.${table}`, database.name)).rejects.toThrow(/only ever added/);
      const rights = await postgres.sql(`select p from unnest(array['select','insert','update','delete','truncate']) p where has_table_privilege('sallyport_masking', 'masking.${table}', p)`, database.name);
      expect(rights.map(({ p }) => p)).toEqual(['select', 'insert']);
    }
  });
});

describe('a database that is away', () => {
  it('is answered as unavailable, never with an empty plan, and comes back', async () => {
    await postgres.kill9();
    expect(await gateway.call(maskingPlan, { target: 'other-db' }, 15_000)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    await vi.waitFor(() => expect(service.readiness.waiting()).toHaveProperty('database'));
    await postgres.restart();
    await vi.waitFor(async () => expect((await planOf('other-db')).plan.columns).toEqual([ssn]), { timeout: 15_000 });
    await vi.waitFor(() => expect(service.readiness.waiting()).toEqual({}), { timeout: 15_000 });
  });
});

it('a wrong token key stops the service before it serves', async () => {
  await writeFile(join(directory.path, 'token-key'), 'short');
  await expect(start()).rejects.toThrow(/must hold 32 bytes as base64url/);
});
