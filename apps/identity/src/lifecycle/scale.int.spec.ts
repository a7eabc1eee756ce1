import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityApply, identityMachine, identityMachines, identitySignal, type Caller } from '@sallyport/platform-bus';
import { issuer, machine, person, type Raw } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

/** `scripts/bench governance` tries it with ten thousand. */
const count = Number(process.env['SALLYPORT_SCALE'] ?? 500);
const atOnce = 2500;
const root: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
let house: IdentityHouse;
beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([issuer(house.pinned), person('bob')]);
});
afterAll(() => house[Symbol.asyncDispose]());

async function applyAll(make: (i: number) => Raw): Promise<void> {
  for (let at = 0; at < count; at += atOnce) {
    const documents = Array.from({ length: Math.min(atOnce, count - at) }, (_, i) => make(at + i));
    const reply = await house.console.call(identityApply, { by: root, documents, dryRun: false, prune: false }, 120_000);
    if (!reply.ok) throw new Error(reply.error.say);
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  process.stdout.write(`${what}: ${Math.round(performance.now() - began)} ms\n`);
  return done;
}

describe(`${count} machines of ${count} owners`, () => {
  it('stop by their owner’s leaving alone, and are listed with exact totals', async () => {
    await timed('applying the people', () => applyAll((i) => person(`p-${i}`, { roles: [] })));
    await timed('applying the machines', () => applyAll((i) => machine(`m-${i}`, { owner: `p-${i}`, backupOwner: 'bob', criticality: 'critical' })));
    const governance = await house.nats.connect('governance');
    const leaves = (i: number) => governance.call(identitySignal, { source: 'scim', kind: 'left', person: `p-${i}`, at: new Date().toISOString(), ref: null, reason: '' }, 60_000);
    for (const i of [4, 2]) expect(await timed('somebody leaves, until the machine is suspended', () => leaves(i))).toMatchObject({ ok: true, value: { suspended: [`m-${i}`] } });
    const list = (state: 'active' | 'suspended') => house.console.call(identityMachines, { by: root, state, owner: null, criticality: null, after: null, limit: 100 });
    expect(await timed('a page of active machines, with the total', () => list('active'))).toMatchObject({ value: { total: count - 2 } });
    expect(await timed('a page of suspended ones', () => list('suspended'))).toMatchObject({ value: { total: 2, machines: [{ name: 'm-2' }, { name: 'm-4' }] } });
    expect(await timed('one of them, with its history', () => house.console.call(identityMachine, { by: root, machine: 'm-4' }))).toMatchObject({ ok: true, value: { machine: { state: 'suspended' } } });
  }, 600_000);
});
