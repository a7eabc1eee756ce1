import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityImport, type Caller, type FoundIdentity } from '@sallyport/platform-bus';
import { base, machine, raw, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

let house: IdentityHouse;
const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
const none = { owner: 'alice', backupOwner: 'bob', environment: 'test', criticality: 'low', reviewBy: null, team: null };

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([...base(house.pinned), target('box'), machine('nightly')]);
});
afterAll(() => house[Symbol.asyncDispose]());

const found = (n: number | string, over: Partial<FoundIdentity> = {}): FoundIdentity => ({ ref: `job ${n}`, stable: `id-${n}`, name: `job-${n}`, kind: 'batch', owners: [], backupOwners: [], facts: {}, binding: { issuer: 'idp', audience: null, claims: { workload_id: `job-${n}` } }, ...over });
const run = (list: readonly FoundIdentity[], over: { dryRun?: boolean; by?: Caller; source?: 'csv' | 'github' } = {}) => house.console.call(identityImport, { by: admin, source: 'github', found: [...list], defaults: none, dryRun: false, ...over }, 30_000);

describe('an import', () => {
  it('drafts, knows and refuses, in one transaction with its event; nobody comes in by it', async () => {
    const list = [found(1), found(2), found('nightly', { binding: { issuer: 'idp', audience: null, claims: { workload_id: 'nightly' } } }), found(3, { owners: ['zoe'], binding: { issuer: 'nobody', audience: null, claims: { workload_id: 'x' } } })];
    expect(await run(list, { dryRun: true })).toMatchObject({ ok: true, value: { drafted: [{ machine: 'job-1' }, { machine: 'job-2' }] } });
    expect((await house.events()).some(({ type }) => type === 'nhi.imported')).toBe(false);
    expect(await run(list)).toMatchObject({ ok: true, value: { drafted: [{ ref: 'job 1', machine: 'job-1' }, { machine: 'job-2' }], known: [{ machine: 'nightly' }], refused: [{ ref: 'job 3', code: 'binding-issuer-unknown' }], documents: [{ spec: { state: 'draft' } }, {}] } });
    expect(await house.last()).toMatchObject({ type: 'nhi.imported', who: { id: 'person:root' }, d: { source: 'github', found: 4, drafted: 2, known: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(await house.resolve(await house.mint({ workload_id: 'job-1' }))).toContain('(machine-draft)');
  });

  it('a second time finds all of them again, also renamed, and records that', async () => {
    expect(await run([found(1, { name: 'renamed', binding: null }), found(2)])).toMatchObject({ ok: true, value: { drafted: [], known: [{ machine: 'job-1' }, { machine: 'job-2' }] } });
    expect(await house.last()).toMatchObject({ type: 'nhi.imported', d: { found: 2, drafted: 0, known: 2 } });
  });

  it('by somebody who may not, is refused and recorded', async () => {
    expect(await run([found(9)], { by: { ...admin, roles: ['operator', 'auditor'] } })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await house.last()).toMatchObject({ type: 'config.refused', d: { code: 'denied' } });
  });

  it('by two at once drafts each machine once', async () => {
    const list = Array.from({ length: 50 }, (_, i) => found(`twin-${i}`));
    const both = await Promise.all([run(list), run(list)]);
    const told = both.map((reply) => (reply.ok ? [reply.value.drafted.length, reply.value.known.length] : [reply.error.say]));
    expect(told.sort()).toEqual([[0, 50], [50, 0]]);
    const [rows] = await house.postgres.sql("select count(*)::int as n from identity.document where kind = 'Machine' and name like 'job-twin-%' and change = 'created'", house.database.name);
    expect(rows).toEqual({ n: 50 });
  });

  it('under change control is refused whole, and changes nothing', async () => {
    await house.apply([raw('ApproverGroup', 'sec', { members: ['alice', 'bob'] }), raw('Governance', 'default', { changeControl: [{ kinds: ['Machine'], approvers: [{ group: 'sec', count: 1 }] }] })]);
    expect(await run([found(77)])).toMatchObject({ ok: false, error: { code: 'change-required' } });
    expect(await run([found(77)], { dryRun: true })).toMatchObject({ ok: true, value: { documents: [{ metadata: { name: 'job-77' } }] } });
  });
});
