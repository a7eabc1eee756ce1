import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { EntryAnswer } from '@sallyport/platform-bus';
import { readSlice, verifyLease, type Slice } from '@sallyport/engine-policy';
import { silentLog } from '@sallyport/platform-telemetry';
import { LeaseSigner } from '../store/lease-signer.ts';
import { asked, inventoryOf, machine, person, policyOf, rules, target } from '../testing/documents.ts';
import type { ActivePolicy } from './active-policy.ts';
import { Leases, type LeasesParts } from './leases.ts';

const now = Date.UTC(2026, 10, 22, 10);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signer = new LeaseSigner(privateKey);

function house(change: Partial<LeasesParts> = {}) {
  const inventory = inventoryOf();
  const published: Slice[] = [];
  const state: { policy: ActivePolicy | null } = { policy: policyOf() };
  let ids = 0;
  const leases = new Leases({
    policy: () => state.policy, follow: () => Promise.resolve(), inventory, publish: async (slice) => void published.push(slice), enter: () => Promise.reject(new Error('nobody asks')), sign: (lease) => signer.sign(lease), newId: () => `lease-${++ids}`, now: () => now, log: silentLog, ...change,
  });
  return { inventory, published, state, leases };
}

const say = (reply: Awaited<ReturnType<Leases['open']>>) => (reply.ok ? 'granted' : `${reply.error.code}: ${reply.error.say}`);

describe('opening a lease', () => {
  it('gives one that the gateway can verify, and has published its slice before', async () => {
    const { leases, published } = house();
    const reply = await leases.open(asked({ role: 'writer' }), 0);
    if (!reply.ok) throw new Error(reply.error.say);
    expect(verifyLease(reply.value.lease, publicKey, now)).toEqual({
      id: 'lease-1', session: '0193-session', machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', slice: reply.value.slice, policyVersion: 1, maskPlan: 'plan-1', entitlement: null, record: false, expires: '2026-11-22T10:00:30.000000Z',
    });
    expect(readSlice(JSON.parse(JSON.stringify(published[0])), reply.value.slice).rules.map((rule) => rule.id)).toEqual(['connect', 'ddl', 'read']);
  });

  it.each([
    ['a machine that is not known', asked({ machine: 'stranger' }), 'denied: machine stranger is not in the inventory'],
    ['a target that is not known', asked({ target: 'elsewhere' }), 'denied: target elsewhere is not in the inventory'],
    ['another protocol', asked({ protocol: 'mysql' }), 'denied: target ledger-db does not speak mysql'],
  ])('refuses %s', async (_, request, expected) => {
    expect(say(await house().leases.open(request, 0))).toBe(expected);
  });

  it.each(['draft', 'suspended', 'retired'])('refuses a machine that is %s', async (state) => {
    const { leases, inventory } = house();
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { state }));
    expect(say(await leases.open(asked(), 0))).toBe(`denied: machine nightly-ledger is ${state}, not active`);
  });

  it('refuses what no rule permits, and names the rule that forbids', async () => {
    const { leases, inventory, state } = house();
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { groups: [] }));
    expect(say(await leases.open(asked(), 0))).toBe('denied: no rule permits nightly-ledger to connect to ledger-db');
    inventory.tell('machine.nightly-ledger', machine());
    state.policy = policyOf(`${rules} @id("closed") @reason("closed for the audit") forbid(principal, action == Action::"connect", resource);`, 2);
    expect(say(await leases.open(asked(), 0))).toBe('denied: closed for the audit (closed)');
  });

  it('refuses a machine whose document cannot be read any more', async () => {
    const { leases, inventory } = house();
    expect(inventory.tell('machine.nightly-ledger', { ...machine(), surprise: 1 })).toBe(false);
    expect(say(await leases.open(asked(), 0))).toBe('denied: machine nightly-ledger is not in the inventory');
  });

  it('follows each change of machine, target and policy', async () => {
    const { leases, inventory, state } = house();
    const slice = async () => {
      const reply = await leases.open(asked(), 0);
      return reply.ok ? reply.value.slice : null;
    };
    const first = await slice();
    expect(await slice()).toBe(first);
    inventory.tell('target.ledger-db', target('ledger-db', { environment: 'staging' }));
    const second = await slice();
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { criticality: 'low' }));
    const third = await slice();
    state.policy = policyOf(`${rules} @id("more") permit(principal, action == Action::"read", resource in Schema::"ledger-db/public");`, 2);
    expect(new Set([first, second, third, await slice()]).size).toBe(4);
  });

  it('is unavailable without a policy, and without the bus', async () => {
    const { leases, state } = house();
    state.policy = null;
    expect(say(await leases.open(asked(), 0))).toMatch(/^unavailable/);
    expect(say(await house({ publish: () => Promise.reject(new Error('down')) }).leases.open(asked(), 0))).toMatch(/^unavailable/);
  });

  it('never hands out a policy that was replaced while its slice was being published', async () => {
    const { leases, state } = house({
      publish: async () => {
        state.policy = replaced;
      },
    });
    const replaced = policyOf(`${rules} @id("closed") forbid(principal, action == Action::"connect", resource);`, 2);
    expect(say(await leases.open(asked(), 0))).toMatch(/^denied/);
  });
});

describe('a target that needs an entitlement', () => {
  const entitledUntil = (ms: number, record = false): EntryAnswer => ({ entitlement: 'ent-1', kind: record ? 'break-glass' : 'standing', until: new Date(now + ms).toISOString(), record });
  const guarded = (enter: LeasesParts['enter'], change: Partial<LeasesParts> = {}) => {
    const made = house({ enter, ...change });
    made.inventory.tell('target.ledger-db', target('ledger-db', { access: 'entitlement' }));
    return made;
  };
  const leaseOf = async (leases: Leases) => {
    const reply = await leases.open(asked({ role: 'writer' }), 0);
    if (!reply.ok) throw new Error(reply.error.say);
    return verifyLease(reply.value.lease, publicKey, now);
  };

  it('gives leases that name it, that force recording where it does, and that never outlive it', async () => {
    const enter = vi.fn<LeasesParts['enter']>(() => Promise.resolve(entitledUntil(3_600_000)));
    expect(await leaseOf(guarded(enter).leases)).toMatchObject({ entitlement: 'ent-1', record: false, expires: '2026-11-22T10:00:30.000000Z' });
    expect(enter).toHaveBeenCalledWith('opening', { session: '0193-session', machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', source: '10.0.0.1' });
    expect(await leaseOf(guarded(() => Promise.resolve(entitledUntil(4_000, true))).leases)).toMatchObject({ record: true, expires: '2026-11-22T10:00:04.000000Z' });
  });

  it('gives none when there is none, when it has ended by our clock, and when nobody can be asked', async () => {
    const none = { refused: 'not-entitled' as const, say: 'machine nightly-ledger has no entitlement for ledger-db', request: null };
    expect(say(await guarded(() => Promise.resolve(none)).leases.open(asked(), 0))).toBe('denied: machine nightly-ledger has no entitlement for ledger-db');
    expect(say(await guarded(() => Promise.resolve(entitledUntil(0))).leases.open(asked(), 0))).toMatch(/^denied: the access of machine nightly-ledger to ledger-db ended at/);
    expect(say(await guarded(() => Promise.resolve({ ...entitledUntil(1000), until: 'never' })).leases.open(asked(), 0))).toMatch(/^denied/);
    expect(say(await guarded(() => Promise.resolve({ unknown: 'away' })).leases.open(asked(), 0))).toBe('unavailable: away');
  });

  it('tells a session that begins that people are asked', async () => {
    const { leases } = guarded(() => Promise.resolve({ refused: 'access-requested', say: 'request r-1', request: 'r-1' }));
    expect(say(await leases.open(asked(), 0))).toBe('access-requested: request r-1');
    expect(await leases.renew([asked()], 0)).toEqual({ ok: true, value: { answers: [{ refused: 'request r-1' }] } });
  });

  it('asks for none where policy says no anyway, so that no use is spent', async () => {
    const enter = vi.fn<LeasesParts['enter']>(() => Promise.resolve(entitledUntil(1000)));
    const { leases, inventory } = guarded(enter);
    inventory.tell('machine.nightly-ledger', machine('nightly-ledger', { groups: [] }));
    expect(say(await leases.open(asked(), 0))).toMatch(/^denied: no rule permits/);
    expect(enter).not.toHaveBeenCalled();
  });

  it('answers each renewal by itself: one that cannot be told leaves the others theirs', async () => {
    const { leases, inventory } = guarded((of, { session }) => Promise.resolve(of === 'renewing' && session === 's-2' ? { unknown: 'away' } : entitledUntil(10_000)));
    inventory.tell('target.free', target('free'));
    const reply = await leases.renew([asked(), asked({ session: 's-2' })], 0);
    if (!reply.ok) throw new Error(reply.error.say);
    expect(reply.value.answers.map((answer) => ('unavailable' in answer ? answer.unavailable : 'granted'))).toEqual(['granted', 'away']);
  });
});

describe('a policy version that a gateway has seen', () => {
  it('is looked for when it is not loaded here yet, and answered from', async () => {
    let looked = 0;
    const made = house({ follow: () => {
      looked++;
      made.state.policy = policyOf(`${rules} @id("closed") forbid(principal, action == Action::"connect", resource);`, 2);
      return Promise.resolve();
    } });
    expect(say(await made.leases.open(asked(), 1))).toBe('granted');
    expect(looked).toBe(0);
    expect(say(await made.leases.open(asked(), 2))).toMatch(/^denied.*closed/);
    expect(looked).toBe(1);
  });

  it('that cannot be had is no reason to answer from an older one', async () => {
    expect(say(await house().leases.open(asked(), 2))).toBe('behind: the decision point has policy version 1, and 2 was in force already');
    const away = house({ follow: () => Promise.reject(new Error('database')) });
    expect(say(await away.leases.open(asked(), 7))).toMatch(/^behind/);
    expect(await away.leases.renew([asked()], 7)).toMatchObject({ ok: false, error: { code: 'behind' } });
    expect(await away.leases.renew([asked()], 1)).toMatchObject({ ok: true });
  });
});

describe('renewing leases', () => {
  it('answers each in its place', async () => {
    const reply = await house().leases.renew([asked(), asked({ machine: 'stranger' }), asked({ session: 's-3' })], 0);
    if (!reply.ok) throw new Error(reply.error.say);
    expect(reply.value.answers.map((answer) => ('refused' in answer ? answer.refused : 'granted'))).toEqual(['granted', 'machine stranger is not in the inventory', 'granted']);
  });

  it('answers none when one cannot be answered, so that trouble is not taken for a refusal', async () => {
    let calls = 0;
    const reply = await house({ publish: () => (++calls === 2 ? Promise.reject(new Error('down')) : Promise.resolve()) }).leases.renew([asked(), asked()], 0);
    expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });
});

const people = `${rules}
@id("person") permit(principal is Person in Group::"finance", action == Action::"connect", resource == Target::"ledger-db");`;

describe('a lease for a machine on a person’s behalf', () => {
  const carol = { kind: 'person', name: 'carol' } as const;
  const open = (of: ReturnType<typeof house>, behalf: NonNullable<ReturnType<typeof asked>['behalf']> = carol) => of.leases.open(asked({ behalf }), 0);
  const delegating = (spec: Record<string, unknown> = { actsFor: { groups: ['finance'], machines: ['other'] } }) => {
    const made = house();
    made.state.policy = policyOf(people);
    made.inventory.tell('person.carol', person('carol', { groups: ['finance'] }));
    made.inventory.tell('machine.other', machine('other', { groups: ['batch'] }));
    made.inventory.tell('machine.nightly-ledger', machine('nightly-ledger', spec));
    return made;
  };

  it('names the person, and its slice is another one than the machine’s own', async () => {
    const made = delegating();
    const [own, theirs] = [await made.leases.open(asked(), 0), await open(made)];
    if (!own.ok || !theirs.ok) throw new Error(say(theirs));
    expect(verifyLease(theirs.value.lease, publicKey, now)).toMatchObject({ machine: 'nightly-ledger', behalf: carol });
    expect(verifyLease(own.value.lease, publicKey, now)).not.toHaveProperty('behalf');
    expect(theirs.value.slice).not.toBe(own.value.slice);
    expect(made.published.map(({ behalf }) => behalf?.facts)).toEqual([undefined, { name: 'carol', groups: ['finance'] }]);
  });

  it('is not given to a machine whose document does not say that it acts for them', async () => {
    expect(say(await open(delegating({})))).toBe('denied: machine nightly-ledger may not act for this person (behalf-not-allowed)');
    expect(say(await open(delegating({ actsFor: { people: ['dora'], groups: ['sales'] } })))).toBe('denied: machine nightly-ledger may not act for this person (behalf-not-allowed)');
    expect(say(await open(delegating({ actsFor: { people: ['carol'] } })))).toBe('granted');
    expect(say(await open(delegating({ actsFor: { people: ['carol'] } }), { kind: 'machine', name: 'other' }))).toBe('denied: machine nightly-ledger may not act for machine other (behalf-not-allowed)');
  });

  it('ends when the person leaves, or leaves the group; who is not known is nobody', async () => {
    const made = delegating();
    expect(say(await open(made))).toBe('granted');
    made.inventory.tell('person.carol', person('carol', { groups: [] }));
    expect(say(await open(made))).toBe('denied: machine nightly-ledger may not act for this person (behalf-not-allowed)');
    made.inventory.tell('person.carol', person('carol', { groups: ['finance'], active: false }));
    expect(say(await open(made))).toBe('denied: the person for whom machine nightly-ledger acts is not active (behalf-inactive)');
    expect(await made.leases.renew([asked({ behalf: carol }), asked()], 0)).toMatchObject({ ok: true, value: { answers: [{ refused: expect.stringContaining('(behalf-inactive)') }, { lease: expect.any(String) }] } });
    made.inventory.tell('person.carol', null);
    expect(say(await open(made))).toContain('(behalf-inactive)');
  });

  it('ends when the person’s login was revoked, and is given by a later one; where the login is not known, it is of before', async () => {
    const made = delegating();
    const [before, after] = ['2026-11-23T08:59:59.999999Z', '2026-11-23T09:00:01.000000Z'];
    const since = async (behalfSince: string | null) => say(await made.leases.open(asked({ behalf: carol, behalfSince }), 0));
    expect([await since(before), await since(null)]).toEqual(['granted', 'granted']);
    expect(made.inventory.tell('login.carol', { before: after })).toBe(true);
    for (const moment of [before, null, 'yesterday']) expect(await since(moment)).toBe('denied: the person for whom machine nightly-ledger acts has to log in again, and it needs a ticket of that login (session-revoked)');
    expect(await since(after)).toBe('granted');
    expect(await made.leases.renew([asked({ behalf: carol, behalfSince: before }), asked({ behalf: carol, behalfSince: after }), asked()], 0)).toMatchObject({ ok: true, value: { answers: [{ refused: expect.stringContaining('(session-revoked)') }, { lease: expect.any(String) }, { lease: expect.any(String) }] } });
    // A bus that lost its last writes shows an older moment, or none.
    made.inventory.tell('login.carol', { before: '2026-11-01T00:00:00.000000Z' });
    made.inventory.tell('login.carol', null);
    expect(await since(before)).toContain('(session-revoked)');
    expect(made.inventory.tell('login.carol', { before: 'soon' })).toBe(false);
    expect(await since(after)).toContain('(session-revoked)');
    made.inventory.tell('login.carol', { before: after });
    expect(await since(after)).toBe('granted');
    expect(say(await open(made, { kind: 'machine', name: 'other' }))).toBe('granted');
  });

  it('is given where both may connect: policies that do not speak of people permit nothing', async () => {
    const made = delegating();
    made.state.policy = policyOf(`${rules} @id("everybody") permit(principal, action, resource);`, 2);
    expect(say(await open(made))).toBe('denied: the person for whom it acts may not: no rule permits them to connect to ledger-db (behalf-denied)');
    made.state.policy = policyOf('@id("person") permit(principal is Person, action, resource);', 3);
    expect(say(await open(made))).toBe('denied: the machine itself may not: no rule permits nightly-ledger to connect to ledger-db (machine-denied)');
    made.state.policy = policyOf(people, 4);
    made.inventory.tell('machine.other', machine('other', { groups: ['batch'], state: 'suspended' }));
    expect(say(await open(made, { kind: 'machine', name: 'other' }))).toBe('denied: machine other, for which machine nightly-ledger acts, is not active (behalf-inactive)');
  });
});
