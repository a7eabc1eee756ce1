import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, stateOf, type GrantRow } from './grants.ts';

const now = Date.UTC(2026, 10, 23, 10);
const row = (id: string, change: Partial<GrantRow> = {}): GrantRow => ({
  id, kind: 'standing', machine: 'm', target: 't', role: null, document: 'd', document_version: 1, request: null, approval: null, approved_by: [], reason: '', starts: new Date(now - 1000), until: new Date(now + 3_600_000),
  limited_by: null, uses: null, used: 0, last_used: null, ended: null, why: null, ended_say: null, ...change,
});
const chosen = (rows: GrantRow[], used: string[] = [], opening = true) => choose(rows, new Set(used), opening, now)?.id ?? null;

describe('a grant', () => {
  it.each([
    ['live', {}], ['live', { uses: 3, used: 2 }], ['used-up', { uses: 3, used: 3 }], ['expired', { until: new Date(now) }], ['expired', { ended: new Date(now), why: 'time' as const }],
    ['revoked', { ended: new Date(now), why: 'revoked' as const }], ['superseded', { ended: new Date(now), why: 'superseded' as const }], ['expired', { uses: 1, used: 1, until: new Date(now - 1) }],
  ])('is %s', (state, change) => expect(stateOf(row('a', change), now)).toBe(state));
});

describe('a session', () => {
  it('comes in by what costs nothing, before what is counted, before an emergency’s', () => {
    const [standing, counted, glass] = [row('s'), row('c', { kind: 'jit', uses: 5 }), row('g', { kind: 'break-glass' })];
    expect(chosen([glass, counted, standing])).toBe('s');
    expect(chosen([glass, counted])).toBe('c');
    expect(chosen([glass])).toBe('g');
  });

  it('takes no emergency’s while it is there already: what it has shown was not recorded', () => expect(chosen([row('g', { kind: 'break-glass' })], [], false)).toBeNull());
  it('stays by what it came in by, also when that is used up, and whatever is better', () => expect(chosen([row('s'), row('c', { kind: 'jit', uses: 1, used: 1 })], ['c'], false)).toBe('c'));
  it('has the longer of two that cost the same', () => expect(chosen([row('a'), row('b', { until: new Date(now + 7_200_000) })])).toBe('b'));
  it('has none where all are used up, over or ended', () => {
    expect(chosen([row('a', { uses: 1, used: 1 }), row('b', { until: new Date(now) }), row('c', { ended: new Date(now - 1), why: 'revoked' })])).toBeNull();
    expect(chosen([row('c', { ended: new Date(now - 1), why: 'revoked' })], ['c'])).toBeNull();
  });

  it('never comes in by what has ended, whatever there is', () => {
    const any = fc.record({
      kind: fc.constantFrom('standing' as const, 'jit' as const, 'break-glass' as const), left: fc.integer({ min: -3, max: 3 }), uses: fc.option(fc.integer({ min: 1, max: 3 })), used: fc.integer({ min: 0, max: 3 }), over: fc.boolean(), mine: fc.boolean(),
    });
    fc.assert(fc.property(fc.array(any, { maxLength: 8 }), fc.boolean(), (all, opening) => {
      const rows = all.map(({ kind, left, uses, used, over }, i) => row(String(i), { kind, until: new Date(now + left * 1000), uses, used: uses === null ? used : Math.min(used, uses), ...(over ? { ended: new Date(now), why: 'revoked' as const } : {}) }));
      const mine = new Set(all.flatMap((one, i) => (one.mine ? [String(i)] : [])));
      const grant = choose(rows, mine, opening, now);
      if (grant === null) return rows.every((one) => ['expired', 'revoked', 'used-up'].includes(stateOf(one, now)) || (!opening && one.kind === 'break-glass' && !mine.has(one.id)));
      return grant.ended === null && grant.until.getTime() > now && (mine.has(grant.id) || (stateOf(grant, now) === 'live' && (opening || grant.kind !== 'break-glass')));
    }));
  });
});
