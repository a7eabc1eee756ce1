import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSlice, verifyLease, type Slice } from '@sallyport/engine-policy';
import { silentLog } from '@sallyport/platform-telemetry';
import { LeaseSigner } from '../store/lease-signer.ts';
import { asked, inventoryOf, machine, policyOf, rules, target } from '../testing/documents.ts';
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
    policy: () => state.policy, follow: () => Promise.resolve(), inventory, publish: async (slice) => void published.push(slice), sign: (lease) => signer.sign(lease), newId: () => `lease-${++ids}`, now: () => now, log: silentLog, ...change,
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
      id: 'lease-1', session: '0193-session', machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', slice: reply.value.slice, policyVersion: 1, maskPlan: 'plan-1', expires: '2026-11-22T10:00:30.000000Z',
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
