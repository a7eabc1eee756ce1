import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityApply, identityCandidates, type Caller } from '@sallyport/platform-bus';
import { base, machine, raw, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';

let house: IdentityHouse;
const admin: Caller = { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' };
/** `scripts/bench governance` tries it with ten thousand. */
const count = Number(process.env['SALLYPORT_SCALE'] ?? 500);

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([...base(house.pinned), target('box'), machine('nightly')]);
});
afterAll(() => house[Symbol.asyncDispose]());

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  process.stdout.write(`${what}: ${Math.round(performance.now() - began)} ms\n`);
  return done;
}

/** Connections one after the other. */
async function connections(what: string): Promise<void> {
  const tokens = await Promise.all(Array.from({ length: 200 }, () => house.mint()));
  const took: number[] = [];
  for (const token of tokens) {
    const at = performance.now();
    expect(await house.resolve(token)).toBe('nightly');
    took.push(performance.now() - at);
  }
  took.sort((a, b) => a - b);
  process.stdout.write(`identity.resolve, ${what}: p50 ${(took[100] ?? 0).toFixed(1)} ms, p99 ${(took[197] ?? 0).toFixed(1)} ms\n`);
}

describe(`${count} machines and as many people`, () => {
  it('are who they are, are changed one by one, and are flagged once when they are idle', async () => {
    await connections('few machines, warming up');
    await connections('few machines (baseline)');
    const text = (document: unknown) => JSON.stringify(document).replaceAll("'", "''");
    const person = text(raw('Person', 'NAME', { displayName: 'p', issuer: 'idp', subject: 'NAME', roles: [], active: true }));
    const crowd = text(raw('Machine', 'NAME', { ...machine('x').spec, groups: [], owner: 'OWNER', backupOwner: 'alice', criticality: 'low', bindings: [{ name: 'b', issuer: 'idp', audience: 'sallyport', claims: { workload_id: 'NAME' }, replay: 'bind_first' }] }));
    await house.postgres.sql(`
      insert into identity.document (kind, name, version, change, body, digest, previous, author, revision)
        select 'Person', 'p-' || i, 1, 'created', replace('${person}', 'NAME', 'p-' || i), repeat('a', 64), null, 'test', (select revision + 1 from identity.inventory_state) from generate_series(1, ${count}) i;
      insert into identity.document (kind, name, version, change, body, digest, previous, author, revision)
        select 'Machine', 'm-' || i, 1, 'created', replace(replace('${crowd}', 'NAME', 'm-' || i), 'OWNER', 'p-' || i), repeat('a', 64), null, 'test', (select revision + 1 from identity.inventory_state) from generate_series(1, ${count}) i;
      update identity.inventory_state set revision = revision + 1`, house.database.name);
    await timed(`the first connection after ${2 * count} documents came`, async () => expect(await house.resolve(await house.mint())).toBe('nightly'));
    // The bucket is filled meanwhile, one message a document.
    await expect.poll(async () => (await house.console.kv('inventory')).keys().then((keys) => keys.length), { timeout: 120_000, interval: 1000 }).toBeGreaterThan(2 * count);
    await connections(`${count} machines`);
    expect(await house.resolve(await house.mint({ workload_id: `m-${count}` }))).toBe(`m-${count}`);

    const change = () => house.console.call(identityApply, identityApply.request.parse({ by: admin, documents: [machine('nightly', { purpose: `closes the books ${Math.random()}` })], dryRun: false, prune: false }), 30_000);
    await timed('a change of one machine', async () => expect(await change()).toMatchObject({ ok: true }));
    house.ahead += 46 * 86_400_000;
    const { flagged } = await timed(`flagging ${count} idle machines`, () => house.started.sweeps.stale());
    expect(flagged.length).toBeGreaterThanOrEqual(count);
    await timed('looking again', async () => expect((await house.started.sweeps.stale()).flagged).toEqual([]));
    house.ahead = 0;
    await timed('a page of candidates', () => house.console.call(identityCandidates, { by: admin, state: 'open', issuer: null, before: null, limit: 100 }));
  }, 600_000);
});
