import { openStore, type Store } from '@sallyport/platform-store';
import { keepsHiddenSay } from '@sallyport/engine-session';
import { silentLog } from '@sallyport/platform-telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toldBy } from '../follow/told.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { House } from '../testing/house.ts';
import { EntitlementReader } from './entitlement-reader.ts';
import { UsageReader } from './usage-reader.ts';

let house: House;
let store: Store<GovernanceDatabase>;
const monday = Date.UTC(2026, 10, 23, 10);
const day = 86_400_000;

/** Gives the ledger to a reader, in pages of so many leaves. */
async function read(reader: UsageReader | EntitlementReader = new UsageReader(), pages = 1000): Promise<void> {
  const { leaves } = house.ledger;
  for (let at = 0; at < leaves.length; at += pages) {
    const page = leaves.slice(at, at + pages).flatMap((leaf) => toldBy({ ...leaf, openings: leaf.openings ?? [] }) ?? []);
    await store.db.transaction().execute((trx) => reader.take(trx, page));
  }
}
const usage = () => house.sql("select machine, target, role, verb, object, day::text, commands::int, allowed::int, denied::int, held::int from governance.usage_day where verb <> 'connect' order by machine, target, role, verb, object, day");
const total = async (table: string, of = 'count(*)') => Number((await house.sql(`select ${of} as n from governance.${table}`))[0]?.['n']);

beforeAll(async () => {
  house = await House.open();
  store = openStore<GovernanceDatabase>({ dsn: house.database.dsn('governance'), schema: 'governance', log: silentLog });
});
beforeEach(async () => {
  house.ledger.setBack(0);
  await house.sql('truncate governance.usage_session, governance.usage_day, governance.decided_input, governance.decided_day, governance.usage_width, governance.entitlement_seen, governance.entitlement_asked');
});
afterAll(async () => {
  await store.close();
  await house[Symbol.asyncDispose]();
});

describe('use', () => {
  it('is told by machine, target, role, verb, object and day, in whatever pages it comes', async () => {
    const nightly = house.ledger.session('nightly', 'ledger-db', { at: monday });
    nightly.run(['read ledger.customers']);
    nightly.run(['read ledger.customers', 'write ledger.entries'], { kind: 'INSERT' });
    nightly.run(['write ledger.accounts'], { decision: 'deny', kind: 'UPDATE', rules: [] });
    nightly.run(['read ledger.customers'], { when: monday + day });
    nightly.close();
    const admin = house.ledger.session('nightly', 'ledger-db', { at: monday, role: 'admin' });
    admin.run(['define ledger.entries'], { decision: 'deny', rules: ['no-ddl'], kind: 'ALTER TABLE' });
    const expected = [
      { machine: 'nightly', target: 'ledger-db', role: '', verb: 'read', object: 'ledger.customers', day: '2026-11-23', commands: 2, allowed: 2, denied: 0, held: 0 },
      { machine: 'nightly', target: 'ledger-db', role: '', verb: 'read', object: 'ledger.customers', day: '2026-11-24', commands: 1, allowed: 1, denied: 0, held: 0 },
      { machine: 'nightly', target: 'ledger-db', role: '', verb: 'write', object: 'ledger.accounts', day: '2026-11-23', commands: 1, allowed: 0, denied: 1, held: 0 },
      { machine: 'nightly', target: 'ledger-db', role: '', verb: 'write', object: 'ledger.entries', day: '2026-11-23', commands: 1, allowed: 1, denied: 0, held: 0 },
      { machine: 'nightly', target: 'ledger-db', role: 'admin', verb: 'define', object: 'ledger.entries', day: '2026-11-23', commands: 1, allowed: 0, denied: 1, held: 0 },
    ];
    for (const pages of [1, 3, 1000]) {
      await house.sql('truncate governance.usage_session, governance.usage_day, governance.decided_input, governance.decided_day, governance.usage_width');
      await read(new UsageReader(), pages);
      expect(await usage()).toEqual(expected);
      expect([await total('decided_input'), await total('decided_day', 'sum(commands)'), await total('usage_session')]).toEqual([6, 7, 1]);
    }
    expect(await house.sql("select commands::int, allowed::int from governance.usage_day where verb = 'connect' order by role")).toEqual([{ commands: 1, allowed: 1 }, { commands: 1, allowed: 1 }]);
  });

  it('counts what was held and then approved as one command, held and allowed', async () => {
    const nightly = house.ledger.session('nightly', 'ledger-db', { at: monday });
    const command = nightly.run(['write ledger.accounts'], { decision: 'hold', kind: 'UPDATE', rules: ['balances'] });
    nightly.run(['write ledger.accounts'], { decision: 'allow', kind: 'UPDATE', rules: ['balances'], approval: 'a1', command });
    nightly.run(['write ledger.accounts'], { decision: 'hold', kind: 'UPDATE', rules: ['balances'] });
    await read();
    expect(await usage()).toMatchObject([{ object: 'ledger.accounts', commands: 2, allowed: 1, held: 2, denied: 0 }]);
    expect(await house.sql("select decision, rules from governance.decided_input where kind <> 'connect'")).toEqual([{ decision: 'hold', rules: ['balances'] }]);
  });

  it('tells what the gateway refused by its own rule apart from what policy denied', async () => {
    house.ledger.session('nightly', 'ledger-db').run(['write ledger.entries'], { decision: 'deny', rules: [], say: keepsHiddenSay });
    await read();
    expect(await house.sql("select by_gate from governance.decided_input where kind <> 'connect'")).toEqual([{ by_gate: true }]);
  });

  it('takes a command of a session that it never saw beginning, and an event of nobody', async () => {
    const nightly = house.ledger.session('nightly', 'ledger-db', { at: monday });
    nightly.run(['read ledger.customers']);
    house.ledger.leaves = house.ledger.leaves.slice(1);
    house.ledger.tell('command.decided', { command: 'c', decision: 'allow', verb: 'read', reading: 'whole', effects: ['read a.b'], shape: '', fingerprint: null, kind: 'SELECT', rules: [], say: null }, { who: null });
    await read();
    expect(await usage()).toMatchObject([{ machine: 'nightly', target: 'ledger-db', role: '', object: 'ledger.customers' }]);
  });

  it('is bounded: where a day has too many objects, what is new is told by what it is inside of', async () => {
    const box = house.ledger.session('nightly', 'box', { protocol: 'ssh', at: monday });
    for (let i = 0; i < 300; i++) box.run([`read file:/var/log/app${i % 3}/${i}.log`], { kind: 'sftp' });
    for (let i = 0; i < 20; i++) box.run([`read file:/var/log/app0/0.log`], { kind: 'sftp' });
    for (let i = 0; i < 400; i++) box.run([`write file:/srv/${i}/x`], { kind: 'sftp' });
    await read(new UsageReader({ objects: 50, inputs: 60 }), 100);
    const rows = await usage();
    expect(rows.length).toBeLessThan(350);
    expect(rows).toEqual(expect.arrayContaining([expect.objectContaining({ object: 'file:/var/log/app1/*', verb: 'read' }), expect.objectContaining({ object: 'file:/var/log/app0/0.log', commands: 21 })]));
    // Nothing is lost by it.
    expect([await total("usage_day where verb <> 'connect'", 'sum(commands)'), await total('decided_day', 'sum(commands)')]).toEqual([720, 721]);
    expect(await total('decided_input where rolled > 0')).toBeGreaterThan(0);
    expect(await total('decided_input where rolled > 0')).toBeLessThan(300);
    await read(new UsageReader({ objects: 50, inputs: 60 }), 100);
    expect(await total("usage_day where verb <> 'connect'", 'sum(commands)')).toBe(1440);
  });

  it('takes names of any length', async () => {
    house.ledger.session('nightly', 'box').run([`read file:/${'ä'.repeat(5000)}`, `read file:/${'ä'.repeat(4999)}b`]);
    await read();
    expect((await usage()).map(({ object }) => String(object).length)).toEqual([397, 397]);
  });
});

describe('entitlements', () => {
  const granted = (entitlement: string, over: object = {}) => ({ entitlement, kind: 'jit' as const, machine: 'nightly', target: 'ledger-db', role: null, from: '2026-11-23T10:00:00Z', until: '2026-11-24T10:00:00Z', uses: null, limited_by: null, request: null, approval: null, approved_by: ['ann'], reason: 'r', ...over });

  it('are known with who asked for them, how often they were used, and that they ended', async () => {
    house.ledger.tell('entitlement.requested', { request: 'q1', path: 'p', machine: 'nightly', target: 'ledger-db', role: null, seconds: 60, uses: null, reason: 'r', by_connecting: false, approval: null }, { who: 'person:rita' });
    house.ledger.tell('entitlement.granted', granted('e1', { request: 'q1' }), { who: 'service:identity' });
    house.ledger.tell('entitlement.granted', granted('e2', { kind: 'standing' }), { who: 'person:adam' });
    for (let i = 0; i < 3; i++) house.ledger.tell('entitlement.used', { entitlement: 'e1', session: `s${i}`, machine: 'nightly', left: null }, { at: monday + i });
    house.ledger.tell('entitlement.expired', { entitlement: 'e1', machine: 'nightly', target: 'ledger-db', why: 'time' });
    await read(new EntitlementReader(), 2);
    expect(await house.sql('select entitlement, kind, requester, used::int, last_used, ended_why from governance.entitlement_seen order by 1')).toEqual([
      { entitlement: 'e1', kind: 'jit', requester: 'person:rita', used: 3, last_used: new Date(monday + 2), ended_why: 'expired' },
      { entitlement: 'e2', kind: 'standing', requester: 'person:adam', used: 0, last_used: null, ended_why: null },
    ]);
    expect(await total('entitlement_asked')).toBe(0);
  });
});

it('reads so many leaves a second', async () => {
  const sessions = Array.from({ length: 50 }, (_, i) => house.ledger.session(`m${i}`, `t${i % 7}`));
  for (let i = 0; i < 20_000; i++) sessions[i % 50]?.run([`read ledger.table${i % 40}`, 'control session:begin']);
  const from = performance.now();
  await read();
  const seconds = (performance.now() - from) / 1000;
  expect(await total('decided_day', 'sum(commands)')).toBe(20_050);
  process.stdout.write(`usage: ${house.ledger.leaves.length} leaves in ${seconds.toFixed(2)} s, ${Math.round(house.ledger.leaves.length / seconds)} a second\n`);
});
