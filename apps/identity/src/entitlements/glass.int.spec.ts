import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { uuidv7 } from '@sallyport/domain-model';
import { identityBreakGlasses, identityReviewGlass, identityRevoke } from '@sallyport/platform-bus';
import { person, raw } from '../testing/documents.ts';
import { by, caller, code, day, olga, root, value, word, World } from '../testing/entitlements/world.ts';

let w: World;
const path = (name: string, glass: Record<string, unknown>, spec: Record<string, unknown> = {}) => raw('AccessPath', name, { machines: ['nightly'], target: 'db', roles: [name], approvers: [{ group: 'dba' }], breakGlass: { group: 'dba', ...glass }, ...spec });
const open = (role: string, who = olga, seconds: number | null = null) => w.ask({ role, breakGlass: true, seconds, reason: 'the ledger is stuck' }, who);
const glasses = async (only: 'open' | 'all' = 'open') => value(await w.house.console.call(identityBreakGlasses, { by: root, open: only === 'open' }));
const review = (entitlement: string, who: ReturnType<typeof caller>, say = 'the incident is known') => w.house.console.call(identityReviewGlass, { by: who, entitlement, finding: 'justified', say });
const erin = caller('erin', 'auditor');

beforeAll(async () => {
  w = await World.open();
  await w.house.apply([person('erin', { roles: ['auditor'] }), path('two', {}), path('nobody', { count: 0 }), path('self', { count: 0, byMachine: true, longest: '5m', reviewWithin: '1d' })]);
});
afterAll(() => w[Symbol.asyncDispose]());
beforeEach(() => void (w.told.length = 0));

describe('access in an emergency', () => {
  it('needs the people whom the path names for it, lasts an hour at most, forces recording, and owes a review', async () => {
    const asked = value(await open('two'));
    expect(asked).toMatchObject({ kind: 'break-glass', state: 'pending', seconds: 3600 });
    expect(w.people.last.asked).toMatchObject({ quorum: [{ group: 'dba', count: 2 }], text: expect.stringContaining('ACCESS IN AN EMERGENCY') });
    expect(word(await w.enter({ role: 'two' }))).toBe('not-entitled');
    const at = w.now;
    w.people.say('approved', at, 'person:bob', 'person:carol');
    await vi.waitFor(async () => expect(word(await w.enter({ role: 'two' }))).toBe('break-glass'));
    expect(await w.enter({ role: 'two' })).toMatchObject({ kind: 'break-glass', record: true, until: new Date(at + 3_600_000).toISOString().replace('Z', '000Z') });
    const [granted] = await w.live();
    expect(await w.lastOf('breakglass.opened')).toMatchObject({ entitlement: granted?.id, machine: 'nightly', target: 'db', by: 'olga', reason: 'the ledger is stuck', until: granted?.until });
    expect(await glasses()).toMatchObject({ total: 1, overdue: 0, glasses: [{ entitlement: { id: granted?.id }, by: 'person:olga', approvedBy: ['bob', 'carol'], overdue: false, review: null }] });
  });

  it('is reviewed by nobody who had part in it, once, and by nothing else', async () => {
    const id = (await w.live())[0]?.id ?? '';
    for (const who of [caller('olga', 'operator', 'auditor'), caller('bob', 'approver'), caller('carol', 'auditor', 'admin')]) expect(code(await review(id, who))).toBe('own-request');
    expect(code(await review(id, caller('dave', 'operator')))).toBe('denied');
    expect(code(await review(uuidv7(), erin))).toBe('not-found');
    // Neither its end nor time closes it, nor the database's own role.
    value(await w.house.console.call(identityRevoke, { by: root, entitlement: id, why: 'the emergency is over' }));
    w.house.ahead += 4 * day;
    expect(await glasses()).toMatchObject({ total: 1, overdue: 1, glasses: [{ overdue: true, entitlement: { state: 'revoked' } }] });
    await expect(w.sql(`set role sallyport_identity; delete from identity.glass_review`)).rejects.toThrow(/permission denied/);
    await expect(w.sql(`update identity.glass_review set reviewer = 'bob', reviewed = now(), finding = 'justified', say = 'x' where entitlement = '${id}'`)).rejects.toThrow(/glass_review_by_another/);
    const [first, second] = await Promise.all([review(id, erin), review(id, caller('frank', 'auditor'))]);
    expect([code(first), code(second)].sort()).toEqual(['ok', 'reviewed']);
    expect(await w.lastOf('breakglass.reviewed')).toMatchObject({ entitlement: id, machine: 'nightly', finding: 'justified', say: 'the incident is known' });
    expect(await glasses()).toMatchObject({ total: 0, overdue: 0 });
    expect((await glasses('all')).glasses[0]?.review).toMatchObject({ finding: 'justified' });
    await expect(w.sql(`update identity.glass_review set finding = 'not-justified' where entitlement = '${id}'`)).rejects.toThrow(/written once/);
  });

  it('is immediate where the path asks for nobody, and refused for longer than it lets', async () => {
    const before = w.people.approvals.size;
    expect(code(await open('nobody', olga, 3601))).toBe('too-long');
    const asked = value(await open('nobody', olga, 600));
    expect(asked).toMatchObject({ state: 'granted', approval: null, entitlement: expect.any(String) });
    expect(w.people.approvals.size).toBe(before);
    const entered = await w.enter({ role: 'nobody' });
    expect(entered).toMatchObject({ record: true, entitlement: asked.entitlement });
    expect((await w.events('entitlement.requested', 'entitlement.granted', 'breakglass.opened')).slice(-3).map(({ type }) => type)).toEqual(['entitlement.requested', 'entitlement.granted', 'breakglass.opened']);
    expect(code(await review(by(entered), olga))).toBe('denied');
  });

  it('is called by the machine itself where the path lets it: then its owner may not review it', async () => {
    const asked = await w.house.curl(['/v1/access', '-H', `Authorization: Bearer ${await w.house.mint()}`, '--data-urlencode', 'target=self@db', '--data-urlencode', 'reason=the ledger is stuck', '-d', 'break_glass=true']);
    expect(asked).toMatchObject({ status: 200, json: { kind: 'break-glass', state: 'granted', seconds: 300 } });
    const id = String(asked.json['entitlement']);
    expect(await w.lastOf('breakglass.opened')).toMatchObject({ entitlement: id, by: 'machine:nightly' });
    expect(code(await review(id, caller('alice', 'approver')))).toBe('own-request');
    expect(code(await review(id, erin))).toBe('ok');
  });

  it('is not taken by a session that is there already', async () => {
    await w.house.apply([w.entitlement('e', { roles: ['nobody'] })]);
    const id = uuidv7();
    expect(word(await w.enter({ session: id, role: 'nobody' }))).toBe('standing');
    await w.remove('Entitlement', 'e');
    expect(word(await w.renew({ session: id, role: 'nobody' }))).toMatch(/ended|not-entitled/);
    expect(word(await w.enter({ role: 'nobody' }))).toBe('break-glass');
  });
});

describe('what has ended', () => {
  it('does not begin again, and nothing of it is deleted, not even by the service', async () => {
    const id = (await w.list({ state: 'revoked' })).entitlements[0]?.id ?? '';
    await expect(w.sql(`update identity.entitlement set ended = null, why = null where id = '${id}'`)).rejects.toThrow(/does not begin again/);
    for (const text of ['delete from identity.entitlement', `update identity.entitlement set until = now() + interval '1 year'`, 'delete from identity.access_request', 'update identity.glass_review set barred = array[]::text[]']) {
      await expect(w.sql(`set role sallyport_identity; ${text}`), text).rejects.toThrow(/permission denied/);
    }
  });
});
