import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeMessage, type EventType } from '@sallyport/domain-events';
import { buckets, identityApply, identityExplain, identityList, identityMachineAccept, identityMachineAgree, identityMachineTransfer, identityResolve, leaseChanged, subjects, type Bus, type Caller } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres, type Database, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { identityConfig } from './config.ts';
import { startIdentity } from './service.ts';
import { approvers, base, binding, machine, person, raw, target, type Raw } from './testing/documents.ts';

let nats: NatsServer;
let postgres: PostgresServer;
let database: Database;
let service: Running;
let console_: Bus;
let gateway: Bus;
let key: CryptoKey;
let pinned: Record<string, unknown>;

const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
const start = () =>
  boot(
    { name: 'identity', config: identityConfig, start: ({ config, env, log, bus, readiness }) => startIdentity({ config, tenant: env.tenant, log, bus, readiness }) },
    { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: nats.passwords.identity, SALLYPORT_DSN: database.dsn('identity'), SALLYPORT_HTTP: '127.0.0.1:0' },
    silentLog,
  );

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'identity', directory: fileURLToPath(new URL('../migrations', import.meta.url)), log: silentLog });
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  pinned = { keys: { jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] } } };
  service = await start();
  [console_, gateway] = await Promise.all([nats.connect('console'), nats.connect('gateway')]);
});

afterAll(async () => {
  await service.stop();
  await nats[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

async function apply(documents: unknown[], options: { dryRun?: boolean; prune?: boolean; by?: Caller } = {}) {
  return console_.call(identityApply, { by: options.by ?? admin, documents, dryRun: options.dryRun ?? false, prune: options.prune ?? false });
}

async function must(documents: Raw[], options: { prune?: boolean } = {}) {
  const reply = await apply(documents, options);
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value;
}

let serial = 0;
async function mint(claims: Record<string, unknown> = {}): Promise<string> {
  const at = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: 'https://idp.example', aud: 'sallyport', iat: at, exp: at + 600, jti: `j-${++serial}`, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' }).sign(key);
}

async function resolve(token: string, address = '10.0.0.1', expect_: 'machine' | 'person' = 'machine') {
  const reply = await gateway.call(identityResolve, { token, door: 'postgres', source: { address, port: 4711, client: 'psql' }, session: '0190aaaa-0000-7000-8000-000000000001', expect: expect_ });
  return reply.ok ? (reply.value.kind === 'machine' ? reply.value.actor.machine : reply.value.person) : `${reply.error.code}: ${reply.error.say}`;
}

/** Events that this service wrote to its outbox, oldest first, without those that come by the clock; nothing confirms them here. */
async function events(): Promise<{ type: EventType; who: { id: string } | null; d: Record<string, unknown> }[]> {
  const rows = await postgres.sql('select event from identity.outbox order by pseq', database.name);
  const all: { type: EventType; who: { id: string } | null; d: Record<string, unknown> }[] = rows.map(({ event }) => JSON.parse(Buffer.from(event instanceof Uint8Array ? event : '').toString()));
  return all.filter(({ type }) => type !== 'producer.heartbeat' && type !== 'clock.status');
}
const last = async () => (await events()).at(-1);

describe('the identity service', () => {
  it('takes the inventory as code, once, and says what it did', async () => {
    const documents = [...base(pinned), machine('nightly'), target('db'), approvers('dba', ['alice', 'bob']), raw('Group', 'batch', { purpose: 'jobs of the night' })];
    expect((await must(documents)).changes.map(({ change }) => change)).toEqual(Array(documents.length).fill('created'));
    expect((await must(documents)).changes.every(({ change }) => change === 'unchanged')).toBe(true);
    const written = await events();
    expect(written.filter(({ type }) => type === 'config.changed')).toHaveLength(documents.length);
    expect(written[0]).toMatchObject({ type: 'service.started', who: null, d: { service: 'identity', version: expect.stringMatching(/^\d+\.\d+/), node: process.version } });
    expect(written[1]).toMatchObject({ who: { id: 'person:root' }, d: { change: 'created', version: 1, previous: null } });
  });

  it('shows it to the other services as whole documents, without issuers', async () => {
    const bucket = await gateway.kv(buckets.inventory);
    expect((await bucket.keys()).sort()).toEqual(['approvers.dba', 'group.batch', 'machine.nightly', 'person.alice', 'person.bob', 'target.db']);
    expect(await bucket.get('target.db')).toMatchObject({ apiVersion: 'sallyport/v1', kind: 'Target', metadata: { name: 'db' }, spec: { credential: 'file:db' } });
  });

  it('lists what stands', async () => {
    const machines = await console_.call(identityList, { kind: 'Machine', name: null });
    expect(machines).toMatchObject({ ok: true, value: { documents: [{ metadata: { name: 'nightly' } }] } });
    expect(await console_.call(identityList, { kind: 'Classification', name: null })).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });

  it('refuses an apply wholly for one bad document, records why, and changes nothing on a dry run', async () => {
    const before = (await events()).length;
    const refused = await apply([machine('new'), machine('bad', { bindings: [binding({ sub: '*' })] })]);
    expect(refused).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(refused.ok ? '' : refused.error.say).toContain('Machine/bad: spec.bindings[0].claims: must match workload_id');
    expect(await last()).toMatchObject({ type: 'config.refused', d: { kind: 'Machine', name: 'bad' } });
    const after = (await events()).length;
    expect(after).toBeGreaterThan(before);
    expect((await apply([machine('new')], { dryRun: true })).ok).toBe(true);
    expect((await apply([machine('bad', { owner: 'zoe' })], { dryRun: true })).ok).toBe(false);
    expect(await events()).toHaveLength(after);
    expect(await console_.call(identityList, { kind: 'Machine', name: 'new' })).toMatchObject({ value: { documents: [] } });
  });

  it('lets administrators change the inventory and nobody else', async () => {
    expect(await apply([machine('x')], { by: { ...admin, roles: ['operator', 'approver', 'auditor'] } })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await last()).toMatchObject({ type: 'config.refused', d: { code: 'denied' } });
  });

  it('admits a machine by its token, with evidence of the claims and never of the token', async () => {
    const token = await mint({ workload_id: 'nightly', email: 'someone@bank.example' });
    expect(await resolve(token)).toBe('nightly');
    const event = await last();
    expect(event).toMatchObject({ type: 'auth.ok', who: { id: 'machine:nightly', owner: 'alice' }, d: { binding: 'nightly/b', claims: { workload_id: 'nightly' }, source: '10.0.0.1', door: 'postgres', session: '0190aaaa-0000-7000-8000-000000000001' } });
    expect(JSON.stringify(event)).not.toContain('bank.example');
    const text = JSON.stringify(await events());
    for (const part of token.split('.')) expect(text).not.toContain(part);
  });

  it('admits the same token again from the same address, as pools do, and refuses it from another', async () => {
    const token = await mint({ workload_id: 'nightly' });
    expect(await Promise.all(Array.from({ length: 10 }, () => resolve(token)))).toEqual(Array(10).fill('nightly'));
    expect(await resolve(token, '10.9.9.9')).toMatch(/^unauthenticated: .*\(replay\)$/);
    expect(await last()).toMatchObject({ type: 'auth.replay', d: { source: '10.9.9.9', first_source: '10.0.0.1' } });
    expect(await resolve(token)).toBe('nightly');
  });

  it('sees through a token that differs and has the same jti', async () => {
    const jti = 'shared';
    expect(await resolve(await mint({ workload_id: 'nightly', jti }))).toBe('nightly');
    expect(await resolve(await mint({ workload_id: 'nightly', jti, extra: 1 }), '10.9.9.9')).toContain('(replay)');
  });

  it('lets exactly one of many in where a token is good for one use', async () => {
    await must([machine('once', { bindings: [binding({ workload_id: 'once' }, { replay: 'single_use' })] })]);
    const token = await mint({ workload_id: 'once' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => resolve(token)));
    expect(answers.filter((one) => one === 'once')).toHaveLength(1);
    expect(answers.filter((one) => one.includes('(replay)'))).toHaveLength(19);
    const noJti = await mint({ workload_id: 'once', jti: undefined });
    expect([await resolve(noJti), await resolve(noJti)]).toEqual(['once', expect.stringContaining('(replay)')]);
  });

  it('records every refusal with its code', async () => {
    const good = await mint({ workload_id: 'nightly' });
    const cases: [string, string][] = [
      ['', 'token-missing'], ['x'.repeat(60_000), 'token-too-large'], ['hunter2-is-my-password', 'token-malformed'], [await mint({ iss: 'https://evil.example' }), 'issuer-unknown'], [await mint({ aud: 'other' }), 'audience-wrong'],
      [await mint({ exp: Math.floor(Date.now() / 1000) - 600 }), 'token-expired'], [`${good.slice(0, -10)}AAAAAAAAAA`, 'signature-wrong'], [await mint({ workload_id: 'nobody' }), 'claims-unmatched'],
    ];
    for (const [token, code] of cases) {
      expect(await resolve(token)).toMatch(new RegExp(`^unauthenticated: .*\\(${code}\\)$`));
      // Whoever is bound to nobody is told as a candidate, too.
      expect((await events()).findLast(({ type }) => type !== 'nhi.candidate')).toMatchObject({ type: 'auth.failed', d: { code } });
    }
    const text = JSON.stringify(await events());
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('evil.example');
  });

  it('explains a token without letting anybody in or using it up, and records who asked', async () => {
    await must([machine('once', { bindings: [binding({ workload_id: 'once' }, { replay: 'single_use' })] })]);
    const token = await mint({ workload_id: 'once' });
    const ask = (what: string, roles = ['operator']) => console_.call(identityExplain, { by: { ...admin, person: 'dora', roles }, token: what });
    const before = (await events()).length;
    expect(await ask(token)).toMatchObject({ ok: true, value: { verdict: 'machine', machine: 'once', used: null, code: null } });
    expect((await events()).slice(before)).toMatchObject([{ type: 'operator.acted', who: { id: 'person:dora' }, d: { action: 'token.explain', object: 'once', ok: true, code: null } }]);
    expect(await resolve(token)).toBe('once');
    expect(await ask(token)).toMatchObject({ ok: true, value: { verdict: 'machine', used: { source: '10.0.0.1', mode: 'single_use' } } });

    const near = await ask(await mint({ workload_id: 'onec' }));
    expect(near).toMatchObject({ ok: true, value: { verdict: 'refused', code: 'claims-unmatched', bindings: [{ fits: false, claims: [{ found: '"onec"', same: false }] }, { fits: false }] } });
    expect(await ask(await mint({ workload_id: 'once', exp: Math.floor(Date.now() / 1000) - 600 }))).toMatchObject({ ok: true, value: { verdict: 'refused', code: 'token-expired', machine: 'once' } });
    for (const [what, code] of [[`${token.slice(0, -10)}AAAAAAAAAA`, 'signature-wrong'], [await mint({ iss: 'https://evil.example' }), 'issuer-unknown'], ['hunter2-is-my-password', 'token-malformed']] as const) {
      expect(await ask(what)).toMatchObject({ ok: true, value: { verdict: 'refused', code, bindings: [], issuer: null } });
      expect(await last()).toMatchObject({ d: { action: 'token.explain', object: 'unknown', code } });
    }
    expect(await ask(token, ['approver', 'auditor'])).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await last()).toMatchObject({ type: 'operator.acted', d: { ok: false, code: 'denied' } });
    expect(JSON.stringify(await events())).not.toContain('hunter2');
  });

  it('knows people with their roles and groups, and no machine as one', async () => {
    const reply = await console_.call(identityResolve, { token: await mint({ sub: 'alice' }), door: 'api', source: { address: '127.0.0.1', port: 1, client: null }, session: null, expect: 'person' });
    expect(reply).toMatchObject({ ok: true, value: { kind: 'person', person: 'alice', roles: ['approver'], groups: ['dba'] } });
    expect(await resolve(await mint({ sub: 'alice' }))).toContain('(claims-unmatched)');
  });

  it('stops a machine at once when it is suspended, tells its leases and its evidence', async () => {
    const heard: unknown[] = [];
    const stop = gateway.subscribe(subjects.leaseChanged, leaseChanged, (scope) => heard.push(scope));
    await gateway.nc.flush();
    const token = await mint({ workload_id: 'nightly' });
    expect(await resolve(token)).toBe('nightly');
    await must([machine('nightly', { state: 'suspended' })]);
    expect(await resolve(token)).toBe('unauthorized: machine nightly is suspended (machine-suspended)');
    await expect.poll(() => heard).toEqual([{ machine: 'nightly', target: null, behalf: null, why: 'its state was set to suspended', policy: null }]);
    expect((await events()).find(({ type }) => type === 'nhi.suspended')).toMatchObject({ d: { machine: 'nightly' }, who: { id: 'person:root' } });
    await must([machine('nightly')]);
    expect(await resolve(token)).toBe('nightly');
    stop();
  });

  it('stops the machines of an owner who left, everywhere', async () => {
    await must([person('alice', { active: false })]);
    expect(await resolve(await mint({ workload_id: 'nightly' }))).toMatch(/\((owner-inactive|machine-suspended)\)$/);
    expect(await (await gateway.kv(buckets.inventory)).get('machine.nightly')).toMatchObject({ spec: { state: 'suspended' } });
  });

  it('lets them work again when the owner is back, has accepted, and somebody else agreed', async () => {
    const as = (name: string): Caller => ({ ...admin, person: name, roles: ['approver'] });
    await must([person('alice')]);
    expect(await resolve(await mint({ workload_id: 'nightly' }))).toContain('(machine-suspended)');
    expect(await console_.call(identityMachineTransfer, { by: admin, machine: 'nightly', to: 'alice', backup: null, reason: 'she is back' })).toMatchObject({ ok: true });
    expect(await console_.call(identityMachineAccept, { by: as('alice'), machine: 'nightly', backup: null })).toMatchObject({ ok: true });
    expect(await console_.call(identityMachineAgree, { by: as('alice'), machine: 'nightly' })).toMatchObject({ ok: false, error: { code: 'self-approval' } });
    expect(await console_.call(identityMachineAgree, { by: as('bob'), machine: 'nightly' })).toMatchObject({ ok: true, value: { state: 'active' } });
    expect(await resolve(await mint({ workload_id: 'nightly' }))).toBe('nightly');
  });

  it('works by what another process of it changed, without having been told', async () => {
    const second = await start();
    const token = await mint({ workload_id: 'nightly' });
    await postgres.sql(`insert into identity.document (kind, name, version, change, body, digest, previous, author, revision)
      select kind, name, version + 1, 'updated', replace(body, '"state":"active"', '"state":"suspended"'), repeat('b', 64), digest, 'test', (select revision + 1 from identity.inventory_state) from identity.document where kind = 'Machine' and name = 'nightly' order by version desc limit 1;
      update identity.inventory_state set revision = revision + 1`, database.name);
    const answers = await Promise.all(Array.from({ length: 12 }, () => resolve(token)));
    expect(answers).toEqual(Array(12).fill('unauthorized: machine nightly is suspended (machine-suspended)'));
    await second.stop();
    await must([machine('nightly')]);
  });

  it('keeps every version, and lets nobody change or remove one', async () => {
    const rows = await postgres.sql("select version, change, previous is null as first from identity.document where kind = 'Machine' and name = 'nightly' order by version", database.name);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows[0]).toMatchObject({ version: 1, change: 'created', first: true });
    for (const text of ["update identity.document set author = 'x'", 'delete from identity.document', 'truncate identity.document']) await expect(postgres.sql(text, database.name)).rejects.toThrow(/only ever added/);
  });

  it('removes by prune with a last version, and takes it from the bucket', async () => {
    const { changes } = await must([...base(pinned), machine('nightly'), approvers('dba', ['alice', 'bob'])], { prune: true });
    expect(changes.filter(({ change }) => change === 'removed').map(({ kind, name }) => `${kind}/${name}`).sort()).toEqual(['Group/batch', 'Machine/once', 'Target/db']);
    expect((await (await gateway.kv(buckets.inventory)).keys()).sort()).toEqual(['approvers.dba', 'machine.nightly', 'person.alice', 'person.bob']);
    expect(await resolve(await mint({ workload_id: 'once' }))).toContain('(claims-unmatched)');
  });

  it('refuses everybody while it cannot record, and comes back by itself', async () => {
    const token = await mint({ workload_id: 'nightly' });
    await postgres.kill9();
    expect(await resolve(token)).toMatch(/^unavailable: /);
    await postgres.restart();
    await expect.poll(() => resolve(token), { timeout: 20_000 }).toBe('nightly');
  });

  it('has the same inventory and the same memory of tokens after a restart', async () => {
    const token = await mint({ workload_id: 'nightly' });
    expect(await resolve(token)).toBe('nightly');
    await (await nats.connect('identity')).kv(buckets.inventory).then(async (bucket) => {
      await bucket.put('machine.forged', { kind: 'Machine' });
      await bucket.remove('person.bob');
    });
    await service.stop();
    service = await start();
    expect(await resolve(token, '10.9.9.9')).toContain('(replay)');
    expect((await (await gateway.kv(buckets.inventory)).keys()).sort()).toEqual(['approvers.dba', 'machine.nightly', 'person.alice', 'person.bob']);
  });

  it('sends its events to the ledger\'s stream', async () => {
    const sent: string[] = [];
    const admin_ = await nats.connect('evidence');
    const consumer = await admin_.js.consumers.get('INGEST', 'ledger');
    for await (const message of await consumer.fetch({ max_messages: 500, expires: 2000 })) {
      if (message.subject === subjects.ingest('identity')) sent.push(JSON.parse(Buffer.from(decodeMessage(message.data).event).toString()).type);
      message.ack();
    }
    expect(sent).toEqual(expect.arrayContaining(['config.changed', 'auth.ok', 'auth.failed', 'auth.replay', 'nhi.suspended']));
  });

  it('takes many connections a second', async () => {
    const tokens = await Promise.all(Array.from({ length: 400 }, () => mint({ workload_id: 'nightly' })));
    const began = performance.now();
    expect(new Set(await Promise.all(tokens.map((token) => resolve(token))))).toEqual(new Set(['nightly']));
    const rate = 400 / ((performance.now() - began) / 1000);
    const alone: number[] = [];
    for (const token of tokens.slice(0, 100)) {
      const at = performance.now();
      await resolve(token);
      alone.push(performance.now() - at);
    }
    alone.sort((a, b) => a - b);
    process.stdout.write(`identity.resolve: ${Math.round(rate)} distinct tokens a second at once; one after the other p50 ${alone[50]?.toFixed(1)} ms, p99 ${alone[98]?.toFixed(1)} ms\n`);
  });
});
