import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, failure } from './support/endpoint.ts';
import { settleAccounts } from './support/kill-account.ts';
import { readLedger } from './support/kill-ledger.ts';
import { Load } from './support/kill-load.ts';
import { allReady, database, kill9, restart, startKillWorld, until } from './support/kill-world.ts';
import type { World } from './support/world.ts';

/**
 * The bus and the ledger's database are gone for SALLYPORT_OUTAGE seconds while clients work: what was decided, refused and recorded meanwhile, and
 * whether the ledger says so afterwards. Ten minutes of each are `scripts/trial outages`. A full disk is in `bad-input.e2e.spec.ts`.
 */
const outageMs = Number(process.env['SALLYPORT_OUTAGE'] ?? 15) * 1000;

let world: World;
let load: Load;
const told: string[] = [];

beforeAll(async () => {
  world = await startKillWorld();
  load = new Load(world);
  load.start({ strict: 4, spool: 2 });
  await load.goesOn(4);
});

afterAll(async () => {
  process.stdout.write(`\n${told.join('\n')}\n`);
  await load?.stop();
  await world?.[Symbol.asyncDispose]();
});

interface Interrupted {
  readonly since: string;
  readonly until: string;
  readonly why: string;
  readonly refused: number;
}

/** What the gateway itself says of times without durable evidence, since then. */
async function interruptions(since: number): Promise<Interrupted[]> {
  const { events } = await readLedger(world);
  return events.filter(({ type, t }) => type === 'evidence.interrupted' && Date.parse(t.wall) >= since).map(({ d }) => d as unknown as Interrupted);
}

async function after(what: string, since: number): Promise<Interrupted[]> {
  await allReady(world);
  await load.goesOn(8, 120_000);
  // Ten seconds after the last refusal at the latest.
  if (load.of('58030', { since }).length > 0) await until('the gateway tells of it', async () => (await interruptions(since)).length > 0);
  const ledger = await settleAccounts(world, load, [], 120_000);
  const said = await interruptions(since);
  const outcomes = new Map<string, number>();
  for (const { outcome, began } of load.tries) if (began >= since) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const own = ledger.events.filter(({ type, t }) => Date.parse(t.wall) >= since && ['producer.silent', 'producer.heard', 'log.gap'].includes(type)).map(({ type }) => type);
  told.push(`${what}: answers ${[...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}; the ledger says: ${[...said.map(({ refused, why, since: from, until: to }) => `interrupted ${from} to ${to}, ${refused} refused (${why})`), ...own].join('; ') || 'nothing, since nothing was refused or missed'}`);
  return said;
}

describe(`for ${outageMs / 1000} s`, () => {
  it('the bus is away: nothing passes without its event, and the gateway tells how much it refused', { timeout: outageMs + 400_000 }, async () => {
    const since = Date.now();
    await kill9(world, 'nats');
    await sleep(outageMs);
    await restart(world, 'nats');
    const refused = load.of('58030', { since }).length;
    const said = await after('NATS away', since);
    expect(refused).toBeGreaterThan(0);
    expect(said.reduce((sum, { refused }) => sum + refused, 0)).toBeGreaterThan(0);
  });

  it('the database is away: sessions go on, nobody new is let in, everything is in the ledger afterwards', { timeout: outageMs + 400_000 }, async () => {
    load.work();
    await load.goesOn();
    const since = Date.now();
    await kill9(world, 'postgres');
    await sleep(1000);
    expect(await failure(world.gateway('strict', 'worker', database).then(connect))).toMatchObject({ code: '57P03' });
    await sleep(outageMs);
    const meanwhile = load.of('ok', { since }).length;
    await restart(world, 'postgres');
    await after('PostgreSQL away', since);
    expect(meanwhile).toBeGreaterThan(0);
  });
});
