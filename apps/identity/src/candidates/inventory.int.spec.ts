import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityCandidate, identityCandidateAdopt, identityCandidateDecide, identityCandidates, identityExplain, type Caller } from '@sallyport/platform-bus';
import { base, binding, machine, person, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

let house: IdentityHouse;
const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
const day = 86_400_000;

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([...base(house.pinned), target('box'), machine('nightly')]);
});
afterAll(() => house[Symbol.asyncDispose]());

const sql = (text: string) => house.postgres.sql(text, house.database.name);
const list = async (state: 'open' | 'adopted' | 'blocked' | 'dismissed' | null = 'open', limit = 100, before: string | null = null) => {
  const reply = await house.console.call(identityCandidates, { by: admin, state, issuer: null, before, limit });
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value;
};
const only = async (workload: string) => (await list(null, 1000)).candidates.find(({ claims }) => claims['workload_id'] === workload);
const told = async (type: string) => (await house.events()).filter((event) => event.type === type);

const facts = {
  kind: 'batch' as const, owner: 'alice', backupOwner: 'bob', team: null, purpose: 'reads the mail of the night', businessService: null, environment: 'production', criticality: 'low', groups: [], reviewBy: '2099-01-01', vendor: null, vendorContractEnd: null,
};
const adopt = (candidate: string, name: string, over: Partial<Parameters<typeof identityCandidateAdopt.request.parse>[0] & object> = {}) =>
  house.console.call(identityCandidateAdopt, { by: admin, candidate, name, facts, claims: null, justification: null, dryRun: false, ...over });
const decide = (candidate: string, decision: 'block' | 'dismiss' | 'reopen', by = admin) => house.console.call(identityCandidateDecide, { by, candidate, decision, reason: 'nobody knows it' });

describe('when and from where a machine comes', () => {
  const use = async () => (await sql("select * from identity.machine_use where machine = 'nightly'"))[0];

  it('is written with the admission: first and last, addresses, doors, clients', async () => {
    expect(await use()).toBeUndefined();
    expect(await house.resolve(await house.mint(), { source: { address: '10.0.0.1', port: 1, client: 'psql' } })).toBe('nightly');
    expect(await use()).toMatchObject({ binding: 'b', sources: ['10.0.0.1'], doors: ['ssh'], clients: ['psql'] });
    await house.resolve(await house.mint(), { source: { address: '10.0.0.2', port: 1, client: null }, door: 'postgres' });
    expect(await use()).toMatchObject({ sources: ['10.0.0.2', '10.0.0.1'], doors: ['postgres', 'ssh'], clients: ['psql'] });
  });

  it('is not written for who was refused or came by a replay', async () => {
    const token = await house.mint();
    await house.resolve(token, { source: { address: '10.0.0.1', port: 1, client: null } });
    expect(await house.resolve(token, { source: { address: '10.6.6.6', port: 1, client: null } })).toContain('(replay)');
    expect(JSON.stringify(await use())).not.toContain('10.6.6.6');
  });

  it('is written once a minute at most, unless something is new', async () => {
    const count = async () => (await sql("select xmin::text as version from identity.machine_use where machine = 'nightly'"))[0]?.['version'];
    const come = async () => house.resolve(await house.mint(), { source: { address: '10.0.0.1', port: 1, client: null } });
    await come();
    const before = await count();
    await Promise.all(Array.from({ length: 20 }, come));
    expect(await count()).toBe(before);
    house.ahead += 61_000;
    await come();
    expect(await count()).not.toBe(before);
  });

  it('keeps sixteen addresses, the newest', async () => {
    for (let i = 0; i < 20; i++) await house.resolve(await house.mint(), { source: { address: `10.1.0.${i}`, port: 1, client: null } });
    const { sources } = (await use()) as { sources: string[] };
    expect(sources).toHaveLength(16);
    expect(sources[0]).toBe('10.1.0.19');
  });
});

describe('a genuine token that no binding fits', () => {
  it('makes a candidate, told once, with the claims that never change hands', async () => {
    expect(await house.resolve(await house.mint({ workload_id: 'mailer', email: 'x@bank.example' }))).toMatch(/^unauthenticated: .*\(claims-unmatched\)$/);
    await Promise.all(Array.from({ length: 10 }, async () => house.resolve(await house.mint({ workload_id: 'mailer' }))));
    expect(await only('mailer')).toMatchObject({ issuer: 'idp', iss: 'https://idp.example', audience: 'sallyport', state: 'open', attempts: 11, claims: { workload_id: 'mailer' }, sources: ['127.0.0.1'], doors: ['ssh'], machine: null, decided: null });
    const events = await told('nhi.candidate');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ d: { issuer: 'https://idp.example', claims: { workload_id: 'mailer' }, source: '127.0.0.1' } });
    expect(JSON.stringify(await only('mailer'))).not.toContain('bank.example');
  });

  it('and nobody else does: no forged token, no token of people, none that is not ours', async () => {
    const before = (await list()).total;
    for (const claims of [{ aud: 'other' }, { iss: 'https://evil.example' }, { workload_id: undefined, sub: 'eve' }, { workload_id: ['list'] }, { exp: 1 }]) await house.resolve(await house.mint(claims));
    await house.resolve(`${(await house.mint({ workload_id: 'forged' })).slice(0, -10)}AAAAAAAAAA`);
    await house.resolve(await house.mint({ workload_id: 'console', sub: 'eve' }), { expect: 'person' });
    expect((await list()).total).toBe(before);
  });

  it('is blocked by name: refused as that, no candidate any more, until it is taken back', async () => {
    await house.resolve(await house.mint({ workload_id: 'crawler' }));
    const id = (await only('crawler'))?.id ?? '';
    expect(await decide(id, 'block', { ...admin, roles: ['operator'] })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await house.last()).toMatchObject({ type: 'operator.acted', d: { action: 'candidate.block', ok: false } });
    expect(await decide(id, 'block')).toMatchObject({ ok: true, value: { state: 'blocked', decided: { by: 'root', reason: 'nobody knows it' } } });
    expect(await house.last()).toMatchObject({ type: 'nhi.candidate_decided', who: { id: 'person:root' }, d: { candidate: id, decision: 'blocked' } });
    expect(await house.resolve(await house.mint({ workload_id: 'crawler' }))).toBe('unauthenticated: this workload was blocked here by an administrator (blocked)');
    expect(await house.last()).toMatchObject({ type: 'auth.failed', d: { code: 'blocked' } });
    expect((await list()).candidates.map((one) => one.id)).not.toContain(id);
    expect(await house.console.call(identityExplain, { by: admin, token: await house.mint({ workload_id: 'crawler' }) })).toMatchObject({ ok: true, value: { verdict: 'refused', code: 'blocked', candidate: { id, state: 'blocked', attempts: 2 } } });
    expect(await decide(id, 'reopen')).toMatchObject({ ok: true, value: { state: 'open', decided: null } });
    expect(await house.resolve(await house.mint({ workload_id: 'crawler' }))).toContain('(claims-unmatched)');
    expect(await decide(id, 'reopen')).toMatchObject({ ok: false, error: { code: 'conflict' } });
  });

  it('is dismissed: listed no more, and told no more', async () => {
    await house.resolve(await house.mint({ workload_id: 'scanner' }));
    const id = (await only('scanner'))?.id ?? '';
    expect(await decide(id, 'dismiss')).toMatchObject({ ok: true, value: { state: 'dismissed' } });
    const before = (await told('nhi.candidate')).length;
    expect(await house.resolve(await house.mint({ workload_id: 'scanner' }))).toContain('(claims-unmatched)');
    expect((await told('nhi.candidate')).length).toBe(before);
    expect((await only('scanner'))?.state).toBe('dismissed');
  });

  it('is explained: what it would become, or what it is', async () => {
    const ask = async (workload: string) => house.console.call(identityExplain, { by: admin, token: await house.mint({ workload_id: workload }) });
    expect(await ask('never-seen')).toMatchObject({ ok: true, value: { code: 'claims-unmatched', candidate: { id: null, state: 'new' } } });
    expect(await only('never-seen')).toBeUndefined();
    expect(await ask('mailer')).toMatchObject({ ok: true, value: { candidate: { state: 'open', attempts: 11 } } });
    expect(await ask('nightly')).toMatchObject({ ok: true, value: { verdict: 'machine', candidate: null } });
  });
});

describe('adopting a candidate', () => {
  it('drafts a machine with the exact binding, in one transaction with the decision; nobody comes in by it', async () => {
    const id = (await only('mailer'))?.id ?? '';
    expect(await house.console.call(identityCandidate, { by: admin, candidate: id })).toMatchObject({ ok: true, value: { binding: { issuer: 'idp', audience: 'sallyport', claims: { workload_id: 'mailer' } } } });
    expect(await adopt(id, 'mailer', { dryRun: true })).toMatchObject({ ok: true });
    expect((await only('mailer'))?.state).toBe('open');
    expect(await adopt(id, 'mailer')).toMatchObject({ ok: true, value: { changes: [{ name: 'mailer', change: 'created' }], document: { spec: { state: 'draft', owner: 'alice', bindings: [{ claims: { workload_id: 'mailer' } }] } } } });
    expect(await only('mailer')).toMatchObject({ state: 'adopted', machine: 'mailer', decided: { by: 'root' } });
    const events = await house.events();
    expect(events.at(-1)).toMatchObject({ type: 'nhi.candidate_decided', d: { candidate: id, decision: 'adopted', machine: 'mailer' } });
    expect(events.slice(-4).map(({ type }) => type)).toContain('config.changed');
    expect(await house.resolve(await house.mint({ workload_id: 'mailer' }))).toContain('(machine-draft)');
    expect(await adopt(id, 'mailer-2')).toMatchObject({ ok: false, error: { code: 'conflict' } });
  });

  it('is refused for a name that is taken, an owner whom nobody knows, a role that may not, and leaves the candidate as it was', async () => {
    const id = (await only('crawler'))?.id ?? '';
    expect(await adopt(id, 'nightly')).toMatchObject({ ok: false, error: { code: 'conflict', say: expect.stringContaining('taken') } });
    expect(await adopt(id, 'crawler', { facts: { ...facts, owner: 'zoe' } })).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('owner-unknown') } });
    expect(await adopt(id, 'crawler', { facts: { ...facts, backupOwner: 'alice' } })).toMatchObject({ ok: false, error: { say: expect.stringContaining('machine-owner-alone') } });
    expect(await adopt(id, 'crawler', { by: { ...admin, roles: ['operator'] } })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await adopt(id, 'Crawler!')).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(await adopt(id, 'crawler', { claims: { workload_id: 'nightly' } })).toMatchObject({ ok: true, value: { document: { spec: { bindings: [{ claims: { workload_id: 'crawler' } }] } } } });
  });

  it('by two at once makes one machine', async () => {
    await house.resolve(await house.mint({ workload_id: 'twin' }));
    const id = (await only('twin'))?.id ?? '';
    const both = await Promise.all([adopt(id, 'twin-a'), adopt(id, 'twin-b'), decide(id, 'block')]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await told('nhi.candidate_decided')).filter(({ d }) => d['candidate'] === id)).toHaveLength(1);
  });

  it('is undone by the removal of the machine: it is a candidate again when it comes', async () => {
    await house.apply([machine('mailer', { bindings: [binding({ workload_id: 'somebody-else' })], state: 'draft' })]);
    expect(await house.resolve(await house.mint({ workload_id: 'mailer' }))).toContain('(claims-unmatched)');
    expect((await only('mailer'))?.state).toBe('open');
  });
});

describe('a flood of genuine strangers', () => {
  it('fills a thousand places of its issuer and no more; what was decided stays', async () => {
    await Promise.all(Array.from({ length: 1100 }, async (_, i) => house.resolve(await house.mint({ workload_id: `flood-${i}` }))));
    const { total, candidates } = await list('open', 10);
    expect(total).toBe(1000);
    expect(candidates).toHaveLength(10);
    const second = await list('open', 10, candidates.at(-1)?.id ?? null);
    expect(second.total).toBe(1000);
    expect(new Set([...candidates, ...second.candidates].map(({ id }) => id)).size).toBe(20);
    expect((await list('dismissed')).candidates.map(({ claims }) => claims['workload_id'])).toContain('scanner');
  });
});

describe('machines that nobody uses', () => {
  it('are flagged once, suspended once, and told again only after they came again', async () => {
    await house.apply([machine('idle', { criticality: 'low', reviewBy: '2099-01-01' }), machine('busy', { criticality: 'low', reviewBy: '2099-01-01' })]);
    const sweeps = house.started.sweeps;
    house.ahead += 46 * day;
    await house.resolve(await house.mint({ workload_id: 'busy' }));
    expect((await sweeps.stale()).flagged).toContain('idle');
    expect((await told('detect.stale')).find(({ d }) => d['machine'] === 'idle')?.d).toMatchObject({ last_used: null, days: 46, level: 'flag' });
    expect((await sweeps.stale()).flagged).toEqual([]);
    house.ahead += 45 * day;
    const both = await Promise.all([sweeps.stale(), sweeps.stale()]);
    expect(both.flatMap(({ suspended }) => suspended).filter((one) => one === 'idle')).toHaveLength(1);
    expect(await house.resolve(await house.mint({ workload_id: 'idle' }))).toMatch(/^unauthorized: machine idle is suspended since .* because it did not come for 91 days/);
    expect((await told('detect.stale')).filter(({ d }) => d['machine'] === 'idle').map(({ d }) => d['level'])).toEqual(['flag', 'suspend']);
    expect((await told('nhi.state_changed')).find(({ d }) => d['machine'] === 'idle')).toMatchObject({ d: { to: 'suspended' } });
    expect((await told('detect.stale')).filter(({ d }) => d['machine'] === 'busy').map(({ d }) => d['level'])).toEqual(['flag']);
    house.ahead = 0;
  });

  it('that nobody answers for are told once as orphans', async () => {
    const sweeps = house.started.sweeps;
    expect(await sweeps.orphans()).toEqual([]);
    await house.apply([person('alice', { active: false })]);
    expect(await sweeps.orphans()).toContain('nightly');
    expect(await sweeps.orphans()).toEqual([]);
    expect((await told('detect.orphan')).find(({ d }) => d['machine'] === 'nightly')).toMatchObject({ d: { owner: 'alice' } });
  });
});
