import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '@sallyport/domain-model';
import { machine } from '../testing/documents.ts';
import { word, World, type Going } from '../testing/entitlements/world.ts';

/** `scripts/bench governance` tries it with ten thousand. */
const machines = Number(process.env['SALLYPORT_SCALE'] ?? 500);
const each = 10;
let w: World;
beforeAll(async () => {
  w = await World.open();
});
afterAll(() => w[Symbol.asyncDispose]());

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  process.stdout.write(`${what}: ${Math.round(performance.now() - began)} ms\n`);
  return done;
}

/** One after the other. */
async function times(what: string, count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await work(i);
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  process.stdout.write(`${what}: p50 ${(took[Math.floor(count / 2)] ?? 0).toFixed(1)} ms, p99 ${(took[Math.floor(count * 0.99)] ?? 0).toFixed(1)} ms\n`);
}

const somewhere = (i: number): Going => ({ session: uuidv7(), machine: `m-${1 + ((i * 7919) % machines)}`, role: `r-${i % each}` });

describe(`${machines * each} entitlements of ${machines} machines`, () => {
  it('are granted by what documents say, let in whom they name, and are listed with exact totals', async () => {
    await w.house.apply([w.entitlement('few')]);
    await times('opening a session by one of few entitlements, warming up', 100, () => w.enter());
    await times('  baseline: opening a session by one of few entitlements', 200, () => w.enter());
    const text = (document: unknown) => JSON.stringify(document).replaceAll("'", "''");
    const many = text(machine('NAME', { reviewBy: w.dateIn(200), bindings: [{ name: 'b', issuer: 'idp', audience: 'sallyport', claims: { workload_id: 'NAME' }, replay: 'bind_first' }] }));
    const entitlement = text(w.entitlement('NAME', { machines: ['MACHINE'], roles: ['ROLE'] }));
    await timed('writing the documents, of it nothing is ours', () => w.sql(`
      insert into identity.document (kind, name, version, change, body, digest, previous, author, revision)
        select 'Machine', 'm-' || i, 1, 'created', replace('${many}', 'NAME', 'm-' || i), repeat('a', 64), null, 'test', (select revision + 1 from identity.inventory_state) from generate_series(1, ${machines}) i;
      insert into identity.document (kind, name, version, change, body, digest, previous, author, revision)
        select 'Entitlement', 'e-' || i || '-' || j, 1, 'created', replace(replace(replace('${entitlement}', 'NAME', 'e-' || i || '-' || j), 'MACHINE', 'm-' || i), 'ROLE', 'r-' || j), repeat('b', 64), null, 'test', (select revision + 1 from identity.inventory_state)
        from generate_series(1, ${machines}) i, generate_series(0, ${each - 1}) j;
      update identity.inventory_state set revision = revision + 1`));
    await timed('until all of them are granted, with their evidence', () => expect.poll(async () => (await w.list({ limit: 1 })).total, { timeout: 300_000, interval: 1000 }).toBe(machines * each + 1));
    await expect.poll(async () => (await w.house.console.kv('inventory')).keys().then((keys) => keys.length), { timeout: 200_000, interval: 1000 }).toBeGreaterThan(machines);
    await times('opening, warming up', 50, (i) => w.enter(somewhere(i)));

    const opened: Going[] = [];
    await times(`opening a session by one of ${machines * each} entitlements`, 500, async (i) => {
      const going = somewhere(i);
      expect(word(await w.enter(going))).toBe('standing');
      opened.push(going);
    });
    await times('renewing 500 sessions in one request', 20, async () => expect((await w.go(false, ...opened)).filter((answer) => 'entitlement' in answer)).toHaveLength(500));
    await timed('opening 1,000 sessions at once', async () => expect((await Promise.all(Array.from({ length: 1000 }, (_, i) => w.enter(somewhere(i))))).every((answer) => 'entitlement' in answer)).toBe(true));
    await times('refusing a session', 100, async (i) => expect(word(await w.enter({ ...somewhere(i), role: 'none' }))).toBe('not-entitled'));
    await times('a page of 50 of all, with the total', 20, async () => expect((await w.list()).total).toBe(machines * each + 1));
    await times('a page of the live ones', 20, () => w.list({ state: 'live' }));
    await times('a page of one target', 20, () => w.list({ state: 'live', target: 'db' }));
    await times('a page of one machine', 20, async (i) => expect((await w.list({ machine: `m-${i + 1}` })).total).toBe(each));
    await times('a page of those that nobody used', 20, () => w.list({ unusedDays: 60 }));
    await times('a change of one machine, with all that follows', 5, (i) => w.house.apply([machine('nightly', { team: `t-${i}` })]));
    await timed('a restart', async () => {
      await w.house.stop();
      await w.house.start();
      expect(word(await w.enter(somewhere(3)))).toBe('standing');
    });
  }, 900_000);
});
