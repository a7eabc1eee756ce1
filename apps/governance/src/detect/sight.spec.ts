import { describe, expect, it } from 'vitest';
import { sight, type Outcome, type Seen } from './sight.ts';
import type { DetectionKind, Sighting } from './sighting.ts';

const day = 86_400_000;
const monday = Date.UTC(2026, 10, 23, 10);
const sighting = (at: number, kind: DetectionKind = 'human_use', facts: readonly string[] = ['f']): Sighting => ({ kind, machine: 'm', what: 'w', item: 'i', session: 's', at, say: 'x', facts, tells: { kind: 'human_use', session: 's', signs: [] } });
const dismissed = ({ seen }: Outcome, at: number): Seen => ({ ...seen, dismissed: at });
const told = (before: Seen | null, at: number, item = 'i', kind?: DetectionKind) => sight(before, sighting(at, kind), item);

describe('a detection', () => {
  it('is told at first sight, then counted', () => {
    const first = told(null, monday);
    expect(first).toMatchObject({ fresh: true, tell: true, seen: { count: 1 } });
    expect(told(first.seen, monday + day)).toMatchObject({ fresh: false, tell: false, seen: { count: 2, last: monday + day } });
  });

  it('is told again after a quiet week, and when it is seen by something else', () => {
    const first = told(null, monday);
    expect(told(first.seen, monday + 7 * day)).toMatchObject({ fresh: false, tell: true, seen: { count: 2 } });
    expect(told(first.seen, monday + 1, 'another')).toMatchObject({ fresh: false, tell: true });
  });

  it('is told ten times at most for what it is seen by, and keeps twenty facts', () => {
    let { seen } = told(null, monday, 'i');
    let events = 1;
    for (let i = 0; i < 100; i++) {
      const next = sight(seen, sighting(monday + i, 'new_behaviour', [`f${i}`]), `i${i}`);
      seen = next.seen;
      if (next.tell) events++;
    }
    expect([events, seen.facts.length, seen.items.length, seen.count]).toEqual([10, 20, 50, 101]);
  });

  it('that was dismissed begins anew; what happened before that was looked at, too', () => {
    const looked = dismissed(told(null, monday), monday + 60_000);
    expect(told(looked, monday + 61_000)).toMatchObject({ fresh: true, tell: true, seen: { count: 1, dismissed: null } });
    expect(told(looked, monday + 59_000)).toMatchObject({ fresh: false, tell: false, seen: { count: 2 } });
    expect(told(looked, monday + 59_000, 'another')).toMatchObject({ fresh: true, tell: true });
  });

  it('that goes on after it was dismissed is the same, where it is no session of its own', () => {
    let seen = dismissed(told(null, monday, 'i', 'shared_binding'), monday + 1);
    for (let hour = 1; hour < 100; hour++) {
      const next = told(seen, monday + hour * 3_600_000, 'i', 'shared_binding');
      expect(next).toMatchObject({ fresh: false, tell: false });
      seen = next.seen;
    }
    expect(told(seen, monday + 99 * 3_600_000 + day, 'i', 'shared_binding')).toMatchObject({ fresh: true, tell: true });
  });

  it('of what is usual is not made again once somebody has dismissed it, until it was not seen for a month', () => {
    let { seen } = told(null, monday);
    for (let n = 1; n <= 14; n++) ({ seen } = told(seen, monday + n * day));
    const looked: Seen = { ...seen, dismissed: monday + 14 * day + 1 };
    const next = told(looked, monday + 16 * day);
    expect(next).toMatchObject({ fresh: false, tell: false });
    expect(told(looked, monday + 16 * day, 'another')).toMatchObject({ fresh: true, tell: true });
    expect(told(next.seen, monday + 60 * day)).toMatchObject({ fresh: true, tell: true, seen: { days: 1 } });
  });

  it('carries what is usual over to the next', () => {
    let { seen } = told(null, monday);
    for (let n = 1; n <= 5; n++) ({ seen } = told(seen, monday + n * day));
    ({ seen } = told({ ...seen, dismissed: monday + 5 * day + 1 }, monday + 6 * day));
    expect(seen).toMatchObject({ count: 1, days: 7, since: monday });
  });

  it('of replays is told again at ten, a hundred, a thousand', () => {
    let { seen } = told(null, monday, 'i', 'replay');
    const at: number[] = [];
    for (let n = 2; n <= 1500; n++) {
      const next = told(seen, monday + n, 'i', 'replay');
      seen = next.seen;
      if (next.tell) at.push(n);
    }
    expect(at).toEqual([10, 100, 1000]);
  });

  it('does not mind a clock that goes back', () => {
    const first = told(null, monday);
    expect(told(first.seen, monday - 40 * day)).toMatchObject({ tell: false, seen: { count: 2, last: monday, days: 1 } });
  });
});
