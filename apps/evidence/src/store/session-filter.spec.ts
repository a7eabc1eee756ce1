import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOf, sessionFilter, type Stretch } from './session-filter.ts';

const asked = { machine: null, target: null, open: null, state: null, from: null, to: null };
const at = (text: string) => new Date(text);

describe('a filter of sessions', () => {
  it('takes both words for how a session stands together', () => {
    expect(sessionFilter(asked).states).toEqual(['open', 'closed', 'refused', 'abandoned']);
    expect(sessionFilter({ ...asked, open: false }).states).toEqual(['closed', 'refused', 'abandoned']);
    expect(sessionFilter({ ...asked, open: true, state: 'closed' }).states).toEqual([]);
    expect(sessionFilter({ ...asked, open: false, state: 'refused' }).states).toEqual(['refused']);
  });
});

describe('days of a time', () => {
  it('are whole ones and what is left over at either end', () => {
    expect(daysOf({ from: at('2026-11-01T00:00:00.000Z'), to: at('2026-11-03T00:00:00.000Z') })).toEqual({ whole: { from: at('2026-11-01T00:00:00.000Z'), to: at('2026-11-03T00:00:00.000Z') }, parts: [] });
    expect(daysOf({ from: at('2026-11-01T12:00:00.000Z'), to: null })).toEqual({ whole: { from: at('2026-11-02T00:00:00.000Z'), to: null }, parts: [{ from: at('2026-11-01T12:00:00.000Z'), to: at('2026-11-02T00:00:00.000Z') }] });
    expect(daysOf({ from: at('2026-11-01T12:00:00.000Z'), to: at('2026-11-01T13:00:00.000Z') })).toEqual({ whole: null, parts: [{ from: at('2026-11-01T12:00:00.000Z'), to: at('2026-11-01T13:00:00.000Z') }] });
    expect(daysOf({ from: null, to: null })).toEqual({ whole: { from: null, to: null }, parts: [] });
  });

  it('hold every moment of the time once, and no other', () => {
    const moment = fc.option(fc.integer({ min: 0, max: 4 * 24 }).map((hours) => new Date(hours * 3_600_000)), { nil: null });
    fc.assert(fc.property(moment, moment, fc.integer({ min: -24, max: 5 * 24 }), (from, to, hours) => {
      const when = new Date(hours * 3_600_000);
      const { whole, parts } = daysOf({ from, to });
      const found = [...(whole === null ? [] : [whole]), ...parts].filter((part) => holds(part, when)).length;
      expect(found).toBe(holds({ from, to }, when) ? 1 : 0);
      for (const border of [whole?.from, whole?.to]) if (border) expect(border.getTime() % 86_400_000).toBe(0);
    }));
  });
});

const holds = ({ from, to }: Stretch, at: Date) => (from === null || from <= at) && (to === null || at < to);
