import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { uuidv7 } from '@sallyport/domain-model';
import { identityEntitlement, identityRevoke } from '@sallyport/platform-bus';
import { machine, person } from '../testing/documents.ts';
import { by, caller, code, day, olga, root, value, word, World } from '../testing/entitlements/world.ts';

let w: World;
beforeAll(async () => {
  w = await World.open();
});
afterAll(() => w[Symbol.asyncDispose]());
beforeEach(() => void (w.told.length = 0));

describe('standing entitlements', () => {
  it('let nobody in before there is one', async () => {
    expect(await w.enter()).toEqual({ refused: 'not-entitled', say: 'machine nightly has no entitlement for db', request: null });
  });

  it('are granted with their document, with evidence, and let sessions in until they end', async () => {
    await w.house.apply([w.entitlement('books')]);
    const [granted] = await w.live();
    expect(granted).toMatchObject({ kind: 'standing', machine: 'nightly', target: 'db', role: null, document: 'books', documentVersion: 1, until: `${w.dateIn(31)}T00:00:00.000000Z`, limitedBy: null, used: 0 });
    expect(await w.lastOf('entitlement.granted')).toMatchObject({ entitlement: granted?.id, kind: 'standing', approval: null, limited_by: null });
    const id = uuidv7();
    expect(await w.enter({ session: id })).toEqual({ entitlement: granted?.id, kind: 'standing', until: granted?.until, record: false });
    expect(await w.renew({ session: id })).toMatchObject({ entitlement: granted?.id });
    expect(word(await w.enter({ role: 'writer' }))).toBe('not-entitled');
    expect(await w.lastOf('entitlement.used')).toEqual({ entitlement: granted?.id, session: id, machine: 'nightly', left: null });
    expect(value(await w.house.console.call(identityEntitlement, { by: root, entitlement: granted?.id ?? '' }))).toMatchObject({ entitlement: { used: 1 }, sessions: [{ session: id }] });
  });

  it('count a session once, however often it is asked about', async () => {
    const id = uuidv7();
    const before = (await w.live())[0]?.used ?? 0;
    await Promise.all(Array.from({ length: 10 }, () => w.go(true, { session: id }, { session: id })));
    expect((await w.live())[0]?.used).toBe(before + 1);
    expect((await w.events('entitlement.used')).filter(({ d }) => d['session'] === id)).toHaveLength(1);
  });

  it('of a group are of each machine in it, and come and go with it', async () => {
    await w.house.apply([w.entitlement('jobs', { machines: [], groups: ['jobs'], roles: ['a', 'b'] })]);
    expect((await w.live({ document: 'jobs' })).map(({ machine: name, role }) => `${name} ${role ?? ''}`).sort()).toEqual(['second a', 'second b', 'third a', 'third b']);
    const id = uuidv7();
    expect(word(await w.enter({ session: id, machine: 'third', role: 'a' }))).toBe('standing');
    await w.house.apply([machine('third')]);
    await vi.waitFor(() => expect(w.told).toContain('third db the entitlement was changed'));
    expect(await w.renew({ session: id, machine: 'third', role: 'a' })).toMatchObject({ refused: 'ended', say: expect.stringContaining('machine third has no entitlement for db as a any more') });
    await w.house.apply([machine('third', { groups: ['jobs'] })]);
    expect(word(await w.renew({ session: id, machine: 'third', role: 'a' }))).toBe('standing');
  });

  it('are superseded when their document changes: a session that is there goes on by the new one', async () => {
    const id = uuidv7();
    const first = by(await w.enter({ session: id }));
    await w.house.apply([w.entitlement('books', { until: w.dateIn(40) })]);
    const second = by(await w.renew({ session: id }));
    expect(second).not.toBe(first);
    expect(value(await w.house.console.call(identityEntitlement, { by: root, entitlement: first })).entitlement).toMatchObject({ state: 'superseded', why: 'version 2 of its document is in force' });
    expect((await w.events('entitlement.revoked')).find(({ d }) => d['entitlement'] === first)?.d['why']).toContain('superseded');
    expect((await w.live({ document: 'books' })).map(({ id: one }) => one)).toEqual([second]);
  });

  it('end with the contract of the machine’s owner when that is learnt, and are not beyond the longest', async () => {
    await w.house.apply([person('alice', { contractEnd: w.dateIn(5) })]);
    expect((await w.live({ document: 'books' }))[0]).toMatchObject({ until: `${w.dateIn(6)}T00:00:00.000000Z`, limitedBy: `the contract of the machine's owner (${w.dateIn(5)})` });
    await w.house.apply([person('alice')]);
    await w.house.apply([w.entitlement('books', { until: w.dateIn(400) })]);
    const [longest] = await w.live({ document: 'books' });
    expect(Date.parse(longest?.until ?? '') - Date.parse(longest?.from ?? '')).toBe(90 * day);
    await w.house.apply([machine('nightly', { team: 'ledger' }), w.entitlement('books', { until: w.dateIn(40) })]);
  });

  it('that are revoked end the sessions, and are not given again before their document is changed', async () => {
    const id = uuidv7();
    const granted = by(await w.enter({ session: id }));
    expect(code(await w.house.console.call(identityRevoke, { by: caller('dave', 'approver'), entitlement: granted, why: 'not needed' }))).toBe('denied');
    expect(value(await w.house.console.call(identityRevoke, { by: olga, entitlement: granted, why: 'not needed' }))).toMatchObject({ state: 'revoked', why: 'not needed' });
    expect(code(await w.house.console.call(identityRevoke, { by: root, entitlement: granted, why: 'not needed' }))).toBe('ended');
    expect(await w.lastOf('entitlement.revoked')).toMatchObject({ entitlement: granted, review: null });
    await vi.waitFor(() => expect(w.told).toContain('nightly db the entitlement ended'));
    expect(await w.renew({ session: id })).toMatchObject({ refused: 'ended', say: expect.stringMatching(/no entitlement for db any more: the last one ended at .*Z \(revoked\)$/) });
    await w.house.apply([machine('nightly', { team: 'books' }), w.entitlement('books', { until: w.dateIn(40) })]);
    expect(word(await w.enter())).toBe('ended');
    await w.house.apply([w.entitlement('books', { until: w.dateIn(41) })]);
    expect(word(await w.enter())).toBe('standing');
  });

  it('are ended by a review only under its name', async () => {
    const governance = await w.house.nats.connect('governance');
    const granted = (await w.live({ document: 'books' }))[0]?.id ?? '';
    expect(code(await governance.call(identityRevoke, { by: null, entitlement: granted, why: 'nobody decided in time' }))).toBe('invalid');
    expect(value(await governance.call(identityRevoke, { by: null, entitlement: granted, why: 'nobody decided in time', review: 'c-1' }))).toMatchObject({ state: 'revoked' });
    expect(await w.lastOf('entitlement.revoked')).toMatchObject({ review: 'c-1' });
    await w.house.apply([w.entitlement('books', { until: w.dateIn(42) })]);
  });

  it('let no machine in that does not work', async () => {
    const id = uuidv7();
    await w.enter({ session: id });
    await w.house.apply([machine('nightly', { state: 'suspended' })]);
    expect(await w.renew({ session: id })).toMatchObject({ refused: 'not-entitled', say: expect.stringContaining('suspended') });
    expect(word(await w.enter())).toBe('not-entitled');
    expect(await w.live({ document: 'books' })).toHaveLength(1);
  });

  it('end with their document', async () => {
    await w.house.apply([w.entitlement('more', { machines: ['second'] })]);
    expect(word(await w.enter({ machine: 'second' }))).toBe('standing');
    await w.remove('Entitlement', 'more');
    expect(word(await w.enter({ machine: 'second' }))).toBe('ended');
  });

  it('expire: written down, told and refused; and by the clock alone before that', async () => {
    await w.house.apply([w.entitlement('short', { machines: ['second'], target: 'box', until: w.dateIn(1) })]);
    const id = uuidv7();
    expect(word(await w.enter({ session: id, machine: 'second', target: 'box' }))).toBe('standing');
    w.house.ahead += 2 * day;
    expect(await w.renew({ session: id, machine: 'second', target: 'box' })).toMatchObject({ refused: 'ended', say: expect.stringContaining('(expired)') });
    await vi.waitFor(() => expect(w.told).toContain('second box the entitlement ended'), { timeout: 5000 });
    expect(await w.lastOf('entitlement.expired')).toMatchObject({ machine: 'second', target: 'box', why: 'time' });
    expect((await w.list({ state: 'expired', machine: 'second', target: 'box' })).total).toBe(1);
  });
});
