import { governanceDetections, governanceDismiss } from '@sallyport/platform-bus';
import { openStore, type EventToTell, type Store } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { toldBy } from '../follow/told.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { caller, House, machine } from '../testing/house.ts';
import { MachineDays, typed } from '../testing/machine-days.ts';
import { DetectionReader } from './detection-reader.ts';
import { forget } from './detections.ts';

let house: House;
let store: Store<GovernanceDatabase>;
let days: MachineDays;
const day = 86_400_000;
/** Twenty days ago, at two in the morning. */
const night = Math.floor(Date.now() / day) * day - 20 * day + 2 * 3_600_000;
const today = night + 20 * day;
const operator = caller('otto', 'operator');
const auditor = caller('ann', 'auditor');

beforeAll(async () => {
  house = await House.open();
  store = openStore<GovernanceDatabase>({ dsn: house.database.dsn('governance'), schema: 'governance', log: silentLog });
  days = new MachineDays(house.ledger);
});
beforeEach(() => house.reset());
afterAll(async () => {
  await store.close();
  await house[Symbol.asyncDispose]();
});

/** Gives the ledger to the reader, in pages of so many leaves. */
async function read(pages = 1000, from = 0, kind: string | null = 'batch'): Promise<EventToTell[]> {
  const told: EventToTell[] = [];
  const outbox = { emitAll: (_trx: unknown, events: readonly EventToTell[]) => Promise.resolve((told.push(...events), events.map(() => ''))) };
  const reader = new DetectionReader(outbox, () => kind);
  for (let at = from; at < house.ledger.leaves.length; at += pages) {
    const page = house.ledger.leaves.slice(at, at + pages).flatMap((leaf) => toldBy({ ...leaf, openings: leaf.openings ?? [] }) ?? []);
    await store.db.transaction().execute((trx) => reader.take(trx, page));
  }
  return told;
}

const types = (events: readonly EventToTell[]) => events.map(({ type }) => type);
const list = async (over: object = {}) => {
  const reply = await house.console.call(governanceDetections, { by: auditor, state: null, kind: null, machine: null, before: null, limit: 100, ...over });
  if (!reply.ok) throw new Error(reply.error.code);
  return reply.value;
};
const dismiss = (detection: string, by = operator) => house.console.call(governanceDismiss, { by, detection, reason: 'case 12' });

/** A person at the nightly job's identity, somebody else's machine with its binding, a token that comes again, and a release. */
function strangeDay(): void {
  days.nightly('nightly', night, 20);
  typed(days.visit('nightly', today + day / 2, { client: 'psql' }), today + day / 2);
  const job = days.visit('report', today);
  days.visit('report', today + 60_000, { source: '10.9.0.3' }).close(today + 90_000);
  job.close(today + 120_000);
  for (let i = 0; i < 12; i++) days.replay('nightly', today + i, '10.9.0.3');
  const release = days.visit('nightly', today + 1000);
  for (let i = 0; i < 15; i++) release.run(today + 1000 + i, { effects: [`read ledger.fresh_${'abcdefghijklmno'[i] ?? ''}`] });
}

describe('what is read', () => {
  it('gives the same detections and remembers the same, in whatever pages it comes', async () => {
    strangeDay();
    const results: unknown[] = [];
    for (const pages of [1, 7, 1000]) {
      await house.sql('truncate governance.detect_session, governance.detect_profile, governance.detect_known, governance.detection');
      const told = await read(pages);
      expect(types(told).sort()).toEqual(['detect.human_use', ...Array.from({ length: 10 }, () => 'detect.new_behaviour'), 'detect.replay', 'detect.replay', 'detect.shared_binding']);
      results.push([
        told, await house.sql('select kind, machine, what, session, say, facts, items, first_at, last_at, count, events, days, since, state from governance.detection order by kind, machine, what'),
        await house.sql('select * from governance.detect_session order by session'), await house.sql('select * from governance.detect_profile order by machine, target'), await house.sql('select * from governance.detect_known order by machine, target, what'),
      ]);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  }, 180_000);

  it('is told by fields that say what was seen', async () => {
    strangeDay();
    const told = await read();
    expect(told).toEqual(expect.arrayContaining([
      { type: 'detect.human_use', data: { machine: 'nightly', session: expect.any(String), signs: ['commands follow each other as if they were typed', 'the client is psql', 'at an hour of the day at which this machine never worked'].filter((sign) => told.some((event) => event.type === 'detect.human_use' && event.data.signs.includes(sign))) } },
      { type: 'detect.shared_binding', data: { machine: 'report', binding: 'report/b', runtimes: ['10.1.2.0/24', '10.9.0.0/24'] } },
      { type: 'detect.replay', data: { machine: 'nightly', binding: 'nightly/b', source: '10.9.0.3', first_source: '10.1.2.3', count: 10 } },
      { type: 'detect.new_behaviour', data: { machine: 'nightly', target: 'ledger-db', effect: 'read ledger.fresh_a', session: expect.any(String) } },
    ]));
    expect((await house.sql("select count::int, array_length(facts, 1) as facts from governance.detection where kind = 'new_behaviour'"))).toEqual([{ count: 15, facts: 15 }]);
  });

  it('is taken of sessions that began before anything was read, and that never end', async () => {
    const session = days.visit('nightly', night, { client: 'DBeaver' });
    house.ledger.setBack(0);
    session.run(night);
    session.terminal(night);
    session.close(night);
    days.replay('', night, '~');
    expect(types(await read(1))).toEqual(['detect.replay']);
    expect(await house.sql('select opened, closed from governance.detect_session')).toEqual([{ opened: false, closed: true }]);
  });

  it('that comes twice, because the ledger was set back and producers sent it again, is one session and one person', async () => {
    typed(days.visit('nightly', today, { client: 'psql' }), today);
    days.visit('nightly', today, { source: '10.9.0.3', client: 'DBeaver' });
    expect(types(await read()).sort()).toEqual(['detect.human_use', 'detect.human_use', 'detect.shared_binding']);
    expect(await read()).toEqual([]);
    expect(await house.sql("select count::int from governance.detection where kind = 'human_use'")).toEqual([{ count: 2 }]);
  });

  it('cannot make a history by a wrong clock', async () => {
    days.nightly('nightly', night, 3, { commands: 40 });
    days.visit('nightly', night + 2 * day).run(night + 2 * day, { effects: ['read ledger.customers'] });
    // Taken by the ledger now, told by a producer whose clock is in another century.
    for (const [i, leaf] of house.ledger.leaves.entries()) {
      const bytes = Buffer.from(leaf.bytes ?? '', 'base64').toString().replace(/"wall":"20../, `"wall":"${i % 2 === 0 ? '1999' : '2077'}`);
      house.ledger.leaves[i] = { ...leaf, bytes: Buffer.from(bytes).toString('base64'), received: new Date(today).toISOString() };
    }
    expect(types(await read())).toEqual([]);
    expect(await house.sql('select days, first_at from governance.detect_profile')).toEqual([{ days: 1, first_at: new Date(today) }]);
  });
});

describe('with the service', () => {
  beforeAll(async () => {
    await house.show(machine('nightly'), machine('report', { kind: 'agent' }));
    await house.start();
  });
  afterAll(() => house.stop());
  const detected = () => house.events('detect.human_use', 'detect.shared_binding', 'detect.replay', 'detect.new_behaviour', 'detect.dismissed');

  it('people list what was detected and dismiss it with a reason, which is an event; it is told again when it happens again', async () => {
    const before = (await detected()).length;
    days.visit('nightly', Date.now() - 5000, { client: 'DBeaver' });
    await house.read();
    const { detections: [found], total } = await list();
    expect([total, found]).toMatchObject([1, { kind: 'human_use', machine: 'nightly', facts: ['the client is DBeaver'], count: 1, state: 'open', dismissed: null }]);
    days.visit('nightly', Date.now() - 4000, { client: 'DBeaver' });
    await house.read();
    expect((await list()).detections).toMatchObject([{ id: found?.id, count: 2 }]);
    expect((await detected()).length - before).toBe(1);

    expect(await dismiss(found?.id ?? '', auditor)).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await dismiss('nothing')).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await dismiss(found?.id ?? '')).toMatchObject({ ok: true, value: { detection: { state: 'dismissed', dismissed: { by: 'otto', reason: 'case 12' } } } });
    expect(await dismiss(found?.id ?? '')).toMatchObject({ ok: false, error: { code: 'not-pending' } });
    expect((await house.events('operator.acted')).slice(-3).map(({ d }) => [d['action'], d['code']])).toEqual([['detection.dismiss', 'denied'], ['detection.dismiss', 'not-found'], ['detection.dismiss', 'not-pending']]);
    expect((await detected()).at(-1)).toMatchObject({ type: 'detect.dismissed', who: { id: 'person:otto' }, d: { detection: found?.id, kind: 'human_use', machine: 'nightly', reason: 'case 12' } });

    days.visit('nightly', Date.now() + 1000, { client: 'DBeaver' });
    await house.read();
    expect((await list({ state: 'open' })).detections).toMatchObject([{ count: 1, state: 'open' }]);
    expect((await list({ state: 'dismissed' })).detections).toMatchObject([{ id: found?.id, count: 2 }]);
    expect((await detected()).length - before).toBe(3);
  });

  it('lists are paged with exact totals, by state, kind and machine', async () => {
    for (let i = 0; i < 7; i++) days.visit(`m${i}`, Date.now(), { client: 'DBeaver' });
    days.replay('m1', Date.now(), '10.9.0.3');
    await house.read();
    const first = await list({ limit: 5 });
    expect([first.total, first.detections.length]).toEqual([8, 5]);
    const rest = await list({ limit: 5, before: first.detections.at(-1)?.id });
    expect([...first.detections, ...rest.detections].map(({ machine: name, kind }) => `${kind} ${name ?? ''}`)).toEqual(['replay m1', ...[6, 5, 4, 3, 2, 1, 0].map((i) => `human_use m${i}`)]);
    expect(await list({ machine: 'm1', kind: 'human_use' })).toMatchObject({ total: 1 });
    expect(await list({ before: 'nobody' })).toMatchObject({ detections: [] });
    expect(await house.console.call(governanceDetections, { by: caller('x', 'approver'), state: null, kind: null, machine: null, before: null, limit: 1 })).toMatchObject({ ok: false, error: { code: 'denied' } });
  });

  it('of an agent less is strange than of a batch job', async () => {
    for (const name of ['nightly', 'report']) typed(days.visit(name, today, { client: 'psql' }), today);
    await house.read();
    expect((await list()).detections).toMatchObject([{ machine: 'nightly' }]);
  });

  it('nothing is detected that could not be told, and it is told once events can be written again', async () => {
    const before = (await detected()).length;
    await house.sql("create function governance.no() returns trigger language plpgsql as $$ begin raise exception 'no events now'; end $$; create trigger muted before insert on governance.outbox for each row execute function governance.no()");
    days.visit('nightly', Date.now(), { client: 'DBeaver' });
    await new Promise((done) => setTimeout(done, 1500));
    const during = await house.sql('select (select count(*)::int from governance.detection) as found, (select next_leaf::int from governance.follow_cursor) as next');
    await house.sql('drop trigger muted on governance.outbox; drop function governance.no()');
    expect(during).toEqual([{ found: 0, next: 0 }]);
    await house.read();
    expect((await list()).total).toBe(1);
    expect((await detected()).length - before).toBe(1);
  });

  it('two processes tell each once, and one that dismisses meanwhile is not run over', async () => {
    const before = (await detected()).length;
    await house.start();
    for (let i = 0; i < 60; i++) days.visit('nightly', Date.now() + i, { client: 'DBeaver' });
    await vi.waitFor(async () => expect((await list()).detections.length).toBe(1), { timeout: 10_000 });
    const [found] = (await list()).detections;
    const more = (async () => {
      for (let i = 0; i < 300; i++) {
        days.visit('nightly', Date.now() + 60_000 + i, { client: 'DBeaver' });
        if (i % 20 === 0) await new Promise((done) => setTimeout(done, 10));
      }
    })();
    const answers = await Promise.all([1, 2, 3].map(() => dismiss(found?.id ?? '')));
    await more;
    await house.read();
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    const { detections } = await list();
    expect(detections.map(({ state }) => state)).toEqual(['open', 'dismissed']);
    expect(detections.reduce((sum, { count }) => sum + count, 0)).toBe(360);
    expect((await detected()).slice(before).map(({ type }) => type)).toEqual(['detect.human_use', 'detect.dismissed', 'detect.human_use']);
  });

  it('a ledger that was set back is read on, and who was told is not told again', async () => {
    const before = (await detected()).length;
    for (let i = 0; i < 5; i++) days.nightly(`n${i}`, night, 2);
    days.visit('nightly', today, { client: 'DBeaver' });
    const kept = house.ledger.leaves.length;
    const lost = days.visit('nightly', today + 1000, { client: 'DBeaver' });
    lost.run(today + 2000);
    await house.read();
    const again = house.ledger.leaves.slice(kept);
    house.ledger.setBack(kept);
    // Another leaf takes the place, and then the producers send what they have again.
    days.visit('other', today, { client: 'pgAdmin 4' });
    for (const leaf of again) house.ledger.leaves.push({ ...leaf, leaf: house.ledger.leaves.length });
    await house.read();
    expect((await list()).detections.map(({ machine: name, count }) => [name, count])).toEqual([['other', 1], ['nightly', 2]]);
    expect((await detected()).slice(before).map(({ d }) => d['machine'])).toEqual(['nightly', 'other']);
  });

  it('takes what no producer would write', async () => {
    // An answer of the bus is a megabyte at most.
    house.ledger.most = 5;
    for (const d of ['{}', '{"binding":7,"claims":null}', '{"session":"\\u0000","client":"DBeaver\\u0000\\ud800"}', `{"client":"${'x'.repeat(30_000)}","effects":["${'y'.repeat(30_000)}"],"shape":"s","decision":"allow","results":[null,7]}`]) {
      for (const type of ['auth.ok', 'auth.replay', 'session.opened', 'command.decided', 'command.settled', 'session.abandoned', 'recording.started']) {
        for (const who of ['null', '{"id":"machine:a\\u0000b","tok":{}}', `{"id":"machine:${'z'.repeat(7_000)}"}`]) {
          house.ledger.add(Buffer.from(`{"v":1,"type":"${type}","sid":"s${who.length}","t":{"wall":"${'9'.repeat(20)}","mono_us":-1},"who":${who},"on":{"target":"t\\u0000"},"d":${d}}`));
        }
      }
    }
    await house.read();
    house.ledger.most = 1000;
    expect(await house.sql("select * from governance.follow_skipped where reader = 'detections'")).toEqual([]);
    expect((await list()).detections.every(({ say, facts }) => `${say}${facts.join('')}`.length < 5000)).toBe(true);
  });
});

describe('ten thousand machines', () => {
  it('are not read anew for each page', async () => {
    const known = 300_000;
    await house.sql(`
      insert into governance.detect_profile select 'm' || n, 'ledger-db', now() - interval '60 days', 40, ${Math.floor(today / day)}, 4000, 50, 50, 255 from generate_series(1, 10000) n;
      insert into governance.detect_known select 'm' || (n % 10000 + 1), 'ledger-db', 'e' || n, ${Math.floor(today / day)} from generate_series(1, ${known}) n;
      insert into governance.detect_session select 's' || n, 'm' || (n % 10000 + 1), 'ledger-db', null, 'm' || (n % 10000 + 1) || '/b', '10.1.2.0/24', '', '', true, n % 5 > 0, now(), case when n % 5 > 0 then now() else 'infinity' end, false, false, false, 0, '[]', false from generate_series(1, 50000) n;
      insert into governance.detection (id, kind, machine, what, say, facts, items, first_at, last_at, count, events, days, since, state) select gen_random_uuid(), 'human_use', 'm' || n, 'ledger-db', 'x', '{}', '{}', now(), now(), 1, 1, 1, now(), 'open' from generate_series(1, 10000) n`);
    await house.sql('vacuum analyze governance.detect_profile');
    for (const table of ['detect_known', 'detect_session', 'detection']) await house.sql(`vacuum analyze governance.${table}`);
    for (let i = 0; i < 2000; i++) {
      const name = `m${(i * 37) % 10_000 + 1}`;
      const session = days.visit(name, today + i, { client: i % 100 === 0 ? 'DBeaver' : 'job' });
      session.run(today + i, { effects: ['read ledger.entries', 'write ledger.books'] });
      session.close(today + i + 10);
    }
    const reads = async () => Number((await house.sql("select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as n from pg_stat_user_tables where schemaname = 'governance' and relname in ('detect_session', 'detect_known')"))[0]?.['n']);
    await house.sql('select pg_stat_force_next_flush()');
    const before = await reads();
    const from = performance.now();
    const told = await read();
    const seconds = (performance.now() - from) / 1000;
    await new Promise((done) => setTimeout(done, 1500));
    const touched = (await reads()) - before;
    process.stdout.write(`detections: ${house.ledger.leaves.length} leaves in ${seconds.toFixed(2)} s, ${Math.round(house.ledger.leaves.length / seconds)} a second, ${touched} rows touched of ${known + 50_000}\n`);
    expect(told.length).toBeGreaterThan(0);
    // A page of a thousand leaves meets some two hundred machines: what it reads is theirs.
    expect(touched).toBeLessThan(20 * house.ledger.leaves.length);
  }, 180_000);

  it('are forgotten in time, and what was detected stays', async () => {
    days.nightly('nightly', night, 3);
    days.visit('nightly', today, { client: 'DBeaver' });
    await read();
    const left = async () => (await house.sql('select (select count(*)::int from governance.detect_session) as sessions, (select count(*)::int from governance.detect_known) as known, (select count(*)::int from governance.detect_profile) as profiles, (select count(*)::int from governance.detection) as found'))[0];
    await forget(store.db, today + 3_600_000);
    // Three nights are over; the session of today is still open.
    expect(await left()).toEqual({ sessions: 1, known: 4, profiles: 1, found: 1 });
    await forget(store.db, today + 50 * day);
    expect(await left()).toMatchObject({ sessions: 0, known: 4 });
    await forget(store.db, today + 420 * day);
    expect(await left()).toEqual({ sessions: 0, known: 0, profiles: 0, found: 1 });
  });
});
