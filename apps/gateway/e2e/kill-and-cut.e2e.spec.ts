import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, failure } from './support/endpoint.ts';
import { rowsOf, said, settleAccounts, verify } from './support/kill-account.ts';
import { marksOf, readLedger, type Ledger } from './support/kill-ledger.ts';
import { largeBytes, Load } from './support/kill-load.ts';
import { allReady, database, journalMax, kill9, restart, startKillWorld, statementLog, until, type Mode } from './support/kill-world.ts';
import type { World } from './support/world.ts';

/**
 * Real processes, killed with SIGKILL in turn while clients work on two targets. After each: what reached the target is in the ledger, and the
 * ledger verifies.
 */
let world: World;
let load: Load;
const gatewayKills: number[] = [];
const clients = { strict: 4, spool: 2 };
const everyone = clients.strict + clients.spool;
/** Statements of the gateway's own that a session causes: what the log shows without a mark before there is any load. */
let own: ReadonlySet<string>;

beforeAll(async () => {
  world = await startKillWorld();
  load = new Load(world);
  await using session = await open('strict');
  for (const kind of ['read', 'insert', 'prepared'] as const) expect(await load.send(session.client, 'strict', kind)).toMatchObject({ outcome: 'ok' });
  own = new Set(unmarked());
  load.start(clients);
  await load.goesOn(4);
});

afterAll(async () => {
  await load?.stop();
  await world?.[Symbol.asyncDispose]();
});

const open = async (mode: Mode) => connect(await world.gateway(mode, 'worker', database));
const unmarked = () => statementLog(world).filter((entry) => marksOf(entry).length === 0 && /LOG: {2}(statement|execute)/.test(entry));

/** The gateway's newest start. */
const epochOf = ({ events }: Ledger) => events.findLast(({ prod }) => prod.id === 'gateway-1')?.prod.epoch;
/** Sessions of one start of the gateway that were opened and not closed. */
const openOf = ({ events, closed }: Ledger, epoch: string | undefined) => events.filter(({ type, sid, prod }) => type === 'session.opened' && prod.epoch === epoch && !closed.has(sid)).map(({ sid }) => sid);

describe('after kill -9 under load, what reached the target is in the ledger and the ledger verifies:', () => {
  it.for(['policy', 'masking', 'console', 'evidence', 'postgres'] as const)('%s, and nobody who is connected notices', async (part) => {
    load.work();
    await load.goesOn();
    const killed = Date.now();
    await kill9(world, part);
    await load.goesOn();
    await restart(world, part);
    await allReady(world);
    await load.goesOn();
    await settleAccounts(world, load, gatewayKills);
    expect(load.tries.filter(({ began, kind, outcome }) => began >= killed && outcome !== (kind === 'forbidden' ? '42501' : 'ok')).map(said)).toEqual([]);
  });

  it('gateway: its clients are cut, connect again, and their old sessions are called abandoned', async () => {
    load.work();
    await load.goesOn();
    const epoch = epochOf(await readLedger(world));
    gatewayKills.push(Date.now());
    await kill9(world, 'gateway');
    await until('every client is cut', () => load.turnedAway.length >= everyone);
    await restart(world, 'gateway');
    await load.goesOn();
    const ledger = await settleAccounts(world, load, gatewayKills);
    const cut = openOf(ledger, epoch);
    expect(cut.length).toBeGreaterThanOrEqual(everyone);
    await until('the sessions that were cut are called abandoned', async () => {
      const { abandoned } = await readLedger(world);
      return cut.every((session) => abandoned.has(session));
    });
  });

  it('all of them, one after the other, as fast as they come back', async () => {
    load.work();
    for (const part of ['nats', 'evidence', 'gateway', 'postgres'] as const) {
      await load.goesOn(2);
      if (part === 'gateway') gatewayKills.push(Date.now());
      await kill9(world, part);
      await restart(world, part);
    }
    await allReady(world);
    await load.goesOn();
    await settleAccounts(world, load, gatewayKills);
  });

  it('gateway, with evidence that only its own disk has: its next start sends it, as what it was', async () => {
    await load.rest();
    const session = await open('spool');
    const epoch = epochOf(await readLedger(world));
    await kill9(world, 'nats');
    const sent = [await load.send(session.client, 'spool', 'insert'), await load.send(session.client, 'spool', 'prepared'), await load.send(session.client, 'spool', 'read')];
    expect(sent.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    gatewayKills.push(Date.now());
    await kill9(world, 'gateway');
    expect(await session.ended).toBeInstanceOf(Error);
    await restart(world, 'nats');
    await restart(world, 'gateway');
    load.work();
    await load.goesOn();
    const ledger = await settleAccounts(world, load, gatewayKills);
    expect(sent.map(({ mark }) => ledger.decided.get(mark)?.[0]?.epoch)).toEqual([epoch, epoch, epoch]);
    expect(epochOf(ledger)).not.toBe(epoch);
  });
});

describe('while it is away,', () => {
  beforeEach(async () => {
    load.work();
    await load.goesOn(2);
  });

  it('policy: sessions go on until their leases end, are refused then, and go on when it is back', { timeout: 180_000 }, async () => {
    await kill9(world, 'policy');
    const since = Date.now();
    expect(await failure(open('strict'))).toMatchObject({ code: '57P03' });
    await until('every client is refused', () => load.of('57P03', { since }).length >= everyone, 60_000);
    const back = Date.now();
    await restart(world, 'policy');
    await load.goesOn();
    await settleAccounts(world, load, gatewayKills);
    // A lease lasts 30 s and is renewed every 10 s; a statement that comes too late waits 5 s for a renewal.
    expect(Math.min(...load.of('57P03', { since }).map(({ began }) => began - since))).toBeGreaterThan(18_000);
    expect(load.of('ok', { since }).filter(({ began }) => began > since + 31_000 && began < back - 6_000).map(said)).toEqual([]);
    expect(load.of('cut', { since })).toEqual([]);
  });

  it('approvals: what needs one is refused and says why; the rest goes on', async () => {
    await using session = await open('strict');
    await kill9(world, 'approvals');
    expect(await load.send(session.client, 'strict', 'guarded')).toMatchObject({ outcome: '42501' });
    expect(await failure(session.client.query(`insert into guarded values ('unmarked')`))).toMatchObject({ code: '42501', message: expect.stringContaining('could not be asked for'), severity: 'ERROR' });
    expect(await load.send(session.client, 'strict', 'read')).toMatchObject({ outcome: 'ok' });
    await restart(world, 'approvals');
    const held = load.send(session.client, 'strict', 'guarded');
    await until('the statement is held', () => session.notices.length > 0);
    await session.client.end();
    expect(await held).toMatchObject({ outcome: 'cut' });
    await settleAccounts(world, load, gatewayKills);
    expect(await rowsOf(world, 'guarded')).toEqual([]);
  });

  it('identity: nobody new is let in, and told so; who is in goes on', async () => {
    await kill9(world, 'identity');
    expect(await failure(open('strict'))).toMatchObject({ code: '57P03', message: 'identities cannot be verified now', severity: 'FATAL' });
    await load.goesOn();
    await restart(world, 'identity');
    await using session = await open('strict');
    expect(await load.send(session.client, 'strict', 'insert')).toMatchObject({ outcome: 'ok' });
    await settleAccounts(world, load, gatewayKills);
  });

  it('masking: a gateway that starts anew serves nobody before it is back', async () => {
    const epoch = epochOf(await readLedger(world));
    await kill9(world, 'masking');
    await world.stack.services.gateway.stop();
    await restart(world, 'gateway');
    expect(await failure(open('strict'))).toMatchObject({ code: '57P03', message: 'the classification of the target is not available' });
    await restart(world, 'masking');
    await load.goesOn();
    // This gateway had time to say goodbye to everybody.
    expect(openOf(await settleAccounts(world, load, gatewayKills), epoch)).toEqual([]);
  });

  it('the bus: strict refuses after a bounded wait, spool goes on until its journal is full, and all of it arrives afterwards', async () => {
    await using strict = await open('strict');
    await using reader = await open('strict');
    await using spool = await open('spool');
    await kill9(world, 'nats');
    const [newcomer, change, read] = await Promise.all([failure(open('spool')), load.send(strict.client, 'strict', 'insert'), load.send(reader.client, 'strict', 'unshown')]);
    expect(newcomer).toMatchObject({ code: '57P03', message: 'identities cannot be verified now' });
    for (const { outcome, began, ended } of [change, read]) {
      expect(outcome).toBe('58030');
      expect(ended - began).toBeGreaterThan(4_500);
      expect(ended - began).toBeLessThan(15_000);
    }
    // A result that may not be shown ends its session: it cannot be taken back. Where nothing was done, the session goes on.
    expect(await reader.ended).toBeInstanceOf(Error);
    for (const kind of ['insert', 'prepared', 'read'] as const) expect(await load.send(spool.client, 'spool', kind)).toMatchObject({ outcome: 'ok' });
    const filled = await fill(spool.client);
    expect(filled * largeBytes).toBeGreaterThan(journalMax / 4);
    expect(filled * largeBytes).toBeLessThan(journalMax);
    // Nobody waits for what cannot come.
    const full = await load.send(strict.client, 'strict', 'insert');
    expect(full).toMatchObject({ outcome: '58030' });
    expect(full.ended - full.began).toBeLessThan(3_000);
    await restart(world, 'nats');
    await load.goesOn();
    expect(await load.send(strict.client, 'strict', 'insert')).toMatchObject({ outcome: 'ok' });
    expect(await load.send(spool.client, 'spool', 'insert')).toMatchObject({ outcome: 'ok' });
    await settleAccounts(world, load, gatewayKills);
  });
});

it('the gateway sent nothing else to the target than at its first session', () => {
  expect(unmarked().filter((entry) => !own.has(entry))).toEqual([]);
});

it('every session was closed or called abandoned', async () => {
  await load.stop();
  await until('the last session to be closed', async () => {
    const { events, closed, abandoned } = await readLedger(world);
    return events.every(({ type, sid }) => type !== 'session.opened' || closed.has(sid) || abandoned.has(sid));
  });
  await verify(world);
});

/** Statements of 128 KiB each, until one is refused. @returns how many were not */
async function fill(client: pg.Client): Promise<number> {
  for (let sent = 0; sent < 200; sent++) {
    const { outcome } = await load.send(client, 'spool', 'large');
    if (outcome === '58030') return sent;
    expect(outcome).toBe('ok');
  }
  throw new Error('the journal has no bound');
}
