import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSlice, verifyLease } from '@sallyport/engine-policy';
import { policyApply, policyDecide, policyGet, policyOpen, policyRenew, type Reply } from '@sallyport/platform-bus';
import { asked, caller, machine, person, rules } from './testing/documents.ts';
import { house, type House } from './testing/house.ts';

let h: House;
beforeAll(async () => {
  h = await house();
  await h.start();
});
afterAll(() => h[Symbol.asyncDispose]());

const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const failure = (reply: Reply<unknown>) => (reply.ok ? 'ok' : `${reply.error.code}: ${reply.error.say}`);
const apply = (text: string, change: { dryRun?: boolean; roles?: string[] } = {}) =>
  h.console.call(policyApply, { by: caller(...(change.roles ?? ['admin'])), files: [{ name: 'ledger.cedar', text }], dryRun: change.dryRun ?? false });
const verifyLeaseVersion = (lease: string): number | null => {
  const verified = verifyLease(lease, h.leaseKey, Date.now());
  return 'kind' in verified ? null : verified.policyVersion;
};
const open = () => h.gateway.call(policyOpen, asked());

describe('the policy service', () => {
  it('permits nothing before the first policy', async () => {
    expect(value(await h.console.call(policyGet, { version: null }))).toMatchObject({ version: 0, files: [] });
    expect(failure(await open())).toBe('denied: no rule permits nightly-ledger to connect to ledger-db');
  });

  it('refuses a policy that is wrong, from somebody who may not, or only tried, and records the first two', async () => {
    expect(failure(await apply('permit(principal, action, resource);'))).toMatch(/^invalid: ledger\.cedar:1:1: error: this rule has no @id/);
    expect(failure(await apply(rules, { roles: ['operator'] }))).toMatch(/^denied/);
    expect(value(await apply(rules, { dryRun: true }))).toMatchObject({ version: 1, changes: [{ kind: 'Policy', name: 'ledger.cedar', change: 'created', version: 1 }] });
    expect(value(await h.console.call(policyGet, { version: null })).version).toBe(0);
    expect(await h.evidence()).toEqual(['config.refused', 'config.refused']);
  });

  it('puts a policy in force with its evidence, tells the gateways, and grants by it', async () => {
    expect(value(await apply(rules))).toMatchObject({ version: 1 });
    await vi.waitFor(() => expect(h.told).toContain('policy version 1'));
    expect(await h.evidence()).toEqual(['config.refused', 'config.refused', 'config.changed', 'policy.activated']);
    expect(value(await h.console.call(policyGet, { version: 1 })).files).toEqual([{ name: 'ledger.cedar', text: rules }]);

    const granted = value(await open());
    expect(verifyLease(granted.lease, h.leaseKey, Date.now())).toMatchObject({ machine: 'nightly-ledger', target: 'ledger-db', policyVersion: 1, maskPlan: 'plan-1', slice: granted.slice });
    const slices = await h.gateway.kv('slices');
    expect(readSlice(await slices.get(granted.slice), granted.slice).rules).toHaveLength(3);
  });

  it('leaves the version alone when nothing changed', async () => {
    expect(value(await apply(rules))).toMatchObject({ version: 1, changes: [{ change: 'unchanged' }] });
  });

  it('explains why', async () => {
    const reply = await h.console.call(policyDecide, { machine: 'nightly-ledger', target: 'ledger-db', role: null, text: 'drop table ledger.customers', searchPath: null, at: null, source: null });
    expect(value(reply)).toMatchObject({ decision: 'hold', say: 'ask a DBA', rules: ['ddl'], statements: [{ effects: [{ effect: 'define ledger.customers', decision: 'hold' }] }] });
    expect(failure(await h.console.call(policyDecide, { machine: 'nightly-ledger', target: 'ledger-db', role: null, text: 'selec', searchPath: null, at: null, source: null }))).toMatch(/^unreadable: .*syntax error/);
  });

  it('refuses the next lease of a machine that was suspended, and says so to gateways after it knows', async () => {
    const inventory = await h.identity.kv('inventory');
    await inventory.put('machine.nightly-ledger', machine('nightly-ledger', { state: 'suspended' }));
    await vi.waitFor(() => expect(h.told).toContain('the machine was changed'));
    const reply = value(await h.gateway.call(policyRenew, { leases: [asked()] }));
    expect(reply.answers).toEqual([{ refused: 'machine nightly-ledger is suspended, not active' }]);
    await inventory.put('machine.nightly-ledger', machine());
    await vi.waitFor(async () => value(await open()));
  });

  it('renews no lease on behalf of a person whose login was revoked, and says so to gateways after it knows', async () => {
    const inventory = await h.identity.kv('inventory');
    await inventory.put('person.carol', person('carol'));
    await inventory.put('machine.nightly-ledger', machine('nightly-ledger', { actsFor: { people: ['carol'] } }));
    const renew = async (behalfSince: string) => value(await h.gateway.call(policyRenew, { leases: [asked({ behalf: { kind: 'person', name: 'carol' }, behalfSince })] })).answers[0];
    await vi.waitFor(async () => expect(await renew('2026-11-23T08:00:00.000000Z')).toMatchObject({ refused: expect.stringContaining('(behalf-denied)') }));
    await inventory.put('login.carol', { before: '2026-11-23T09:00:00.000000Z' });
    await vi.waitFor(() => expect(h.told).toContain('logins of the person for whom machines act were revoked'));
    expect(await renew('2026-11-23T08:00:00.000000Z')).toMatchObject({ refused: expect.stringContaining('(session-revoked)') });
    expect(await renew('2026-11-23T09:00:00.000000Z')).toMatchObject({ refused: expect.stringContaining('(behalf-denied)') });
    await inventory.put('machine.nightly-ledger', machine());
    await vi.waitFor(async () => value(await open()));
  });

  it('keeps several processes on one policy, and takes it up again after a restart', async () => {
    const second = await h.start();
    await vi.waitFor(() => expect(second.readiness.waiting()).toEqual({}));
    value(await apply(`${rules}\n@id("closed") @reason("closed") forbid(principal, action == Action::"connect", resource);`));
    await vi.waitFor(async () => {
      // Both processes answer in turn; none may grant any more.
      const answers = await Promise.all(Array.from({ length: 20 }, open));
      expect(answers.map(failure)).toEqual(Array.from({ length: 20 }, () => 'denied: closed (closed)'));
    });
    // A process that has not heard of a version yet looks for it when a gateway wants it, and does not answer from the older one.
    await h.sql("insert into policy.policy_version (version, digest, files, rules, author) select 3, digest, files, rules, 'test' from policy.policy_version where version = 1");
    await h.sql('update policy.policy_state set version = 3');
    const wanting = await Promise.all(Array.from({ length: 10 }, () => h.gateway.call(policyOpen, { ...asked(), atLeast: 3 })));
    expect(new Set(wanting.map((reply) => verifyLeaseVersion(value(reply).lease)))).toEqual(new Set([3]));
    expect(failure(await h.gateway.call(policyOpen, { ...asked(), atLeast: 4 }))).toBe('behind: the decision point has policy version 3, and 4 was in force already');
    const third = await h.start();
    await vi.waitFor(() => expect(third.readiness.waiting()).toEqual({}));
    expect(value(await h.console.call(policyGet, { version: null })).version).toBe(3);
  });

  it('cannot change a version that is stored', async () => {
    await expect(h.sql("update policy.policy_version set files = '[]'")).rejects.toThrow(/only ever added/);
    await expect(h.sql('delete from policy.policy_version')).rejects.toThrow(/only ever added/);
  });

  it('refuses everything when the stored policy cannot be used, comes up all the same, and takes a better one', async () => {
    await h.sql(`insert into policy.policy_version (version, digest, files, rules, author) values (4, '${'a'.repeat(64)}', '[{"name":"x.cedar","text":"permit("}]', 1, 'somebody')`);
    await h.sql('update policy.policy_state set version = 4');
    await vi.waitFor(async () => expect((await Promise.all(Array.from({ length: 20 }, open))).map(failure)).toEqual(Array.from({ length: 20 }, () => 'unavailable: no policy is in force that can be used')), { timeout: 10_000 });
    const fourth = await h.start();
    expect(fourth.readiness.waiting()).toMatchObject({ policy: 'a policy version that can be used' });
    expect(value(await apply(rules))).toMatchObject({ version: 5, changes: [{ name: 'ledger.cedar', change: 'created' }, { name: 'x.cedar', change: 'removed' }] });
    await vi.waitFor(async () => (await Promise.all(Array.from({ length: 20 }, open))).forEach(value));
    expect(fourth.readiness.waiting()).toEqual({});
  });
});
