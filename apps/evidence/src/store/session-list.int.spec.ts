import fc from 'fast-check';
import { uuidv7 } from '@sallyport/domain-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerDatabase, type LedgerDatabase } from '../testing/ledger-database.ts';
import { readSessions } from './session-list.ts';

let ledger: LedgerDatabase;
beforeAll(async () => {
  ledger = await ledgerDatabase();
});
afterAll(() => ledger[Symbol.asyncDispose]());

const machines = ['alpha', 'beta', 'gamma', ''];
const targets = ['ledger-db', 'hr-db', '*'];
const states = ['open', 'closed', 'refused', 'abandoned'] as const;
const dayMs = 86_400_000;
const first = Date.UTC(2026, 0, 30);
const asked = { machine: null, target: null, open: null, before: null, limit: 50, state: null, from: null, to: null };

/** What a session does, as `append` says it to `to_states`: in any order, with words that come late or twice. */
const step = fc.record({
  session: fc.integer({ min: 0, max: 39 }),
  state: fc.constantFrom(...states),
  machine: fc.constantFrom(...machines),
  target: fc.constantFrom(...targets),
  hour: fc.integer({ min: 0, max: 4 * 24 }),
  with: fc.constantFrom('opened', 'nothing'),
});
const oneOrAll = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: null });
const moment = fc.option(fc.integer({ min: -6, max: 102 }).map((hour) => new Date(first + hour * 3_600_000).toISOString()), { nil: null });
const filter = fc.record({ machine: oneOrAll(machines), target: oneOrAll(targets), open: oneOrAll([true, false]), state: oneOrAll(states), from: moment, to: moment });

describe('lists of sessions', () => {
  it('have exact totals, whatever became of the sessions and whatever is asked for', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120 }), fc.array(filter, { minLength: 8, maxLength: 8 }), fc.integer({ min: 0, max: 5 }), async (steps, filters, gone) => {
        const ids = Array.from({ length: 40 }, () => uuidv7());
        if (round++ % 2 === 0) await ledger.sql('delete from session_idx');
        else await ledger.sql('truncate session_idx');
        await ledger.sql(`insert into session_idx (sid, producer, epoch, last_seq) select s, 'gw-1', '${uuidv7()}', 1 from unnest('{${ids.join(',')}}'::uuid[]) s`);
        const words = steps.map(({ session, state, machine, target, hour, with: given }, i) => ({ i, sid: ids[session], state, ...(given === 'opened' ? { machine, target, protocol: 'postgres', opened: new Date(first + hour * 3_600_000).toISOString() } : {}) }));
        await ledger.sql(`select to_states('${JSON.stringify(words)}', array(select generate_series(0, ${words.length})))`);
        await ledger.sql(`delete from session_idx where sid in ('${ids.slice(0, gone + 1).join(`','`)}') and ${gone} > 0`);
        for (const one of filters) {
          const { sessions, total } = await readSessions(ledger.store.db, { ...asked, ...one, limit: 1000 });
          const counted = await ledger.sql(`select sid from sessions where ${whereOf(one)} order by opened desc, sid desc`);
          expect({ total, ids: sessions.map(({ id }) => id) }).toEqual({ total: counted.length, ids: counted.map(({ sid }) => sid) });
        }
        const [negative] = await ledger.sql('select count(*)::int as n from session_count where n < 0');
        expect(negative).toEqual({ n: 0 });
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('show what was said last, whether it was said in one batch or in many', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), async (steps, taken) => {
        const ids = Array.from({ length: 40 }, () => uuidv7());
        const words = steps.map(({ session, state, machine, target, hour, with: given }, i) => ({
          i, sid: ids[session % 6], state, ...(given === 'opened' ? { machine, target, protocol: `p${i}`, opened: new Date(first + hour * 3_600_000).toISOString() } : {}),
          ...(state === 'open' ? {} : { closed: new Date(first + i).toISOString(), ended: `e${i}` }), ...(state === 'abandoned' ? { abandoned_seq: i } : {}),
        }));
        const added = words.filter((_, i) => taken[i]).map(({ i }) => i);
        const told = async (batches: readonly object[]) => {
          await ledger.sql('truncate session_idx');
          await ledger.sql(`insert into session_idx (sid, producer, epoch, last_seq) select s, 'gw-1', '${ids[0]}', 1 from unnest('{${ids.join(',')}}'::uuid[]) s`);
          await ledger.sql(batches.map((batch) => `select to_states('${JSON.stringify(batch)}', '{${added.join(',')}}')`).join(';'));
          return [await ledger.sql('select sid, state, machine, target, protocol, opened, closed, ended, abandoned_seq from session_idx order by sid'), await ledger.sql('select * from session_count where n > 0 order by scope, machine, target, day, state')];
        };
        expect(await told([words])).toEqual(await told(words.map((word) => [word])));
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('count sessions that come in as they ended, as a rebuilt index has them', async () => {
    await ledger.sql('truncate session_idx');
    await ledger.sql(`insert into session_idx (sid, producer, epoch, last_seq, state, machine, target, opened)
      select gen_random_uuid(), 'gw-1', gen_random_uuid(), 1, (array['open', 'closed', 'refused', 'abandoned'])[1 + i % 4], 'm' || i % 3, 't' || i % 2, '2026-01-01'::timestamptz + i * interval '1 hour' from generate_series(0, 999) i`);
    for (const one of [{}, { machine: 'm1' }, { target: 't1' }, { machine: 'm1', target: 't0' }, { state: 'refused' as const }, { open: true }, { from: '2026-01-05T07:00:00.000Z', to: '2026-01-20T00:00:00.000Z' }]) {
      const { total } = await readSessions(ledger.store.db, { ...asked, ...one });
      expect(await ledger.sql(`select count(*)::int as total from sessions where ${whereOf({ ...asked, ...one })}`)).toEqual([{ total }]);
    }
  });

  it('go on behind the last one of a page, though many began at one moment, until all were shown', async () => {
    await ledger.sql('truncate session_idx');
    await ledger.sql(`insert into session_idx (sid, producer, epoch, last_seq, state, machine, opened)
      select gen_random_uuid(), 'gw-1', gen_random_uuid(), 1, 'closed', 'm', '2026-01-01 00:00:00.000123+00'::timestamptz + (i / 20) * interval '1 microsecond' from generate_series(0, 99) i`);
    const seen: string[] = [];
    for (let before: string | null = null; ; before = seen.at(-1) ?? null) {
      const { sessions, total } = await readSessions(ledger.store.db, { ...asked, machine: 'm', before, limit: 7 });
      expect(total).toBe(100);
      seen.push(...sessions.map(({ id }) => id));
      if (sessions.length < 7) break;
    }
    expect(seen).toEqual((await ledger.sql('select sid from session_idx order by opened desc, sid desc')).map(({ sid }) => sid));
  });

  it('go on behind a session that is gone by the time in its id', async () => {
    await ledger.sql('truncate session_idx');
    const [old, gone, young] = [first, first + dayMs, first + 2 * dayMs].map((ms) => `${Math.floor(ms).toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')}-7000-8000-000000000000`);
    await ledger.sql(`insert into session_idx (sid, producer, epoch, last_seq, state, opened) values ('${old}', 'gw-1', '${old}', 1, 'closed', to_timestamp(${first / 1000})), ('${young}', 'gw-1', '${old}', 1, 'closed', to_timestamp(${(first + 2 * dayMs) / 1000}))`);
    expect(await readSessions(ledger.store.db, { ...asked, before: gone ?? null })).toMatchObject({ sessions: [{ id: old }], total: 2 });
    expect(await readSessions(ledger.store.db, { ...asked, before: 'ffffffff-ffff-ffff-ffff-ffffffffffff' })).toMatchObject({ sessions: [{ id: young }, { id: old }] });
  });
});

function whereOf({ machine, target, open, state, from, to }: { readonly machine: string | null; readonly target: string | null; readonly open: boolean | null; readonly state: string | null; readonly from: string | null; readonly to: string | null }): string {
  const equal = (column: string, value: string | null) => (value === null ? [] : [`${column} = '${value}'`]);
  return [
    'true', ...equal('machine', machine), ...equal('target', target), ...equal('state', state), ...(open === null ? [] : [`(state = 'open') = ${open}`]),
    ...(from === null ? [] : [`opened >= '${from}'`]), ...(to === null ? [] : [`opened < '${to}'`]),
  ].join(' and ');
}
