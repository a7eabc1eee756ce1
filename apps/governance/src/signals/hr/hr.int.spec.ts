import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { governanceImportHr } from '@sallyport/platform-bus';
import { admin, asCaller, eventually, SignalsHouse } from '../../testing/signals-house.ts';

let h: SignalsHouse;
beforeAll(async () => {
  h = await SignalsHouse.open();
  for (const name of ['ann', 'ben', 'cem', 'dan']) await h.know(name, [`hr-${name}`]);
});
afterAll(() => h[Symbol.asyncDispose]());
beforeEach(() => void (h.signalled.length = 0));

const day = (ahead: number) => new Date(Date.now() + h.ahead + ahead * 86_400_000).toISOString().slice(0, 10);
const load = async (rows: readonly string[], dryRun = false) => {
  const reply = await h.console.call(governanceImportHr, { by: admin, text: `person_id,last_day,status\n${rows.join('\n')}\n`, dryRun }, 20_000);
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const told = (...words: string[]) => eventually(words.join(', '), () => JSON.stringify([...h.words].sort()) === JSON.stringify([...words].sort()));
const settle = () => new Promise((done) => setTimeout(done, 400));

describe('the HR file', () => {
  it('says first what it would do, changes nothing then, and does it once', async () => {
    const rows = [`hr-ann,${day(-3)},left`, `hr-ben,${day(-1)},active`, 'hr-cem,,left', `hr-dan,${day(2)},active`, 'hr-eve,,active', 'hr-nobody,,left'];
    const left = [{ line: 2, person: 'ann', at: `${day(-2)}T00:00:00.000Z` }, { line: 3, person: 'ben', at: `${day(0)}T00:00:00.000Z` }, { line: 4, person: 'cem', at: expect.any(String) }, { line: 7, person: null, at: expect.any(String) }];
    const would = await load(rows, true);
    expect(would).toEqual({ rows: 6, left, returned: [], planned: 1, unchanged: 1, unmatched: [6, 7] });
    await settle();
    expect([h.words, await h.events('operator.acted', 'signal.received'), await h.sql('select 1 from governance.last_day')]).toEqual([[], [], []]);
    expect(await load(rows)).toEqual({ ...would, left });
    await told('left ann', 'left ben', 'left cem', 'left hr-nobody');
    expect(h.signalled.find(({ person }) => person === 'ann')).toMatchObject({ source: 'hr', at: `${day(-2)}T00:00:00.000000Z`, ref: 'hr-ann' });
    expect((await h.events('operator.acted')).map(({ who, d }) => `${who?.id ?? ''} ${String(d['action'])} ${/^sha256:[0-9a-f]{32}$/.test(String(d['object']))}`)).toEqual(['person:root people.import-hr true']);
    expect(await load(rows)).toMatchObject({ left: [], planned: 1, unchanged: 5 });
    await settle();
    expect(h.words).toHaveLength(4);
  });

  it('with a last day to come tells when that day is over, over a restart too', async () => {
    await load([`hr-dan,${day(2)},active`]);
    await settle();
    expect(h.words).toEqual([]);
    await h.stop();
    h.ahead = 3 * 86_400_000;
    await h.start();
    await told('left dan');
    expect(h.signalled[0]?.at).toBe(`${day(0)}T00:00:00.000000Z`);
    expect(await h.sql('select 1 from governance.last_day')).toEqual([]);
    h.ahead = 0;
  });

  it('moves a last day, takes it back, and says who is back', async () => {
    await h.know('fay', ['hr-fay']);
    await load([`hr-fay,${day(1)},active`]);
    await load([`hr-fay,${day(30)},active`]);
    expect(await h.sql('select day::text as day from governance.last_day')).toEqual([{ day: day(30) }]);
    await load(['hr-fay,,active']);
    expect(await h.sql('select 1 from governance.last_day')).toEqual([]);
    await load(['hr-fay,,terminated']);
    await told('left fay');
    expect(await load(['hr-fay,,active'])).toMatchObject({ returned: [{ line: 2, person: 'fay' }] });
    await told('left fay', 'returned fay');
  });

  it('is refused whole for one wrong line, and for whoever may not, which is recorded', async () => {
    await expect(load(['hr-ann,,left', 'hr-ben,soon,left'])).rejects.toThrow('invalid: line 3: the last day');
    expect(await h.console.call(governanceImportHr, { by: asCaller('olga', 'operator'), text: 'id,status\nhr-ann,left\n', dryRun: false })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect((await h.events('operator.acted')).at(-1)).toMatchObject({ who: { id: 'person:olga' }, d: { action: 'people.import-hr', ok: false, code: 'denied' } });
  });

  it('of ten thousand people is taken within its time', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `bulk-${i},${i % 50 === 0 ? day(20) : ''},${i % 100 === 1 ? 'left' : 'active'}`);
    const before = Date.now();
    const done = await load(rows);
    expect([done.rows, done.left.length, done.planned]).toEqual([10_000, 100, 200]);
    expect(Date.now() - before).toBeLessThan(20_000);
  }, 60_000);
});
