import fc from 'fast-check';
import { expect, it } from 'vitest';
import { after, requested } from '../testing/story.ts';
import { decide, type ApprovalCommand } from './decide.ts';
import type { ApprovalEvent } from './event.ts';
import { evidenceOf } from './evidence.ts';
import { evolve, fold, type ApprovalState } from './state.ts';

const seconds = fc.integer({ min: 0, max: 1200 }).map(after);
const command: fc.Arbitrary<ApprovalCommand> = fc.oneof(
  fc.record({ do: fc.constant('vote' as const), at: seconds, by: fc.constantFrom('alice', 'bob', 'carol', 'olga'), vote: fc.constantFrom('approve' as const, 'reject' as const), groups: fc.subarray(['dba', 'security']), asking: fc.constant(new Set(['olga'])), stillIn: fc.constantFrom(() => ['dba', 'security'], (by: string) => (by === 'alice' ? [] : ['dba'])), barred: fc.constantFrom(null, null, 'suspended') }),
  fc.record({ do: fc.constant('expire' as const), at: seconds }),
  fc.record({ do: fc.constant('withdraw' as const), at: seconds, why: fc.constant('client gone') }),
  fc.record({ do: fc.constant('consume' as const), at: seconds, session: fc.constant('session-1'), command: fc.constant('command-1'), binding: fc.constantFrom('b'.repeat(64), 'd'.repeat(64)), barred: fc.constant(null) }),
);

function play(commands: readonly ApprovalCommand[]): ApprovalEvent[] {
  const events: ApprovalEvent[] = [requested({ quorum: [{ group: 'dba', count: 2 }] })];
  for (const one of commands) events.push(...decide(fold(events), one).events);
  return events;
}

it('whatever is asked in whatever order, an approval is spent at most once, only after two people who are not the owner, and never after its expiry', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
    const events = play(commands);
    const spent = events.filter(({ type }) => type === 'consumed');
    expect(spent.length).toBeLessThanOrEqual(1);
    for (const { at } of spent) {
      const granted = events.find((event) => event.type === 'granted');
      expect(new Set(granted?.by).size).toBeGreaterThanOrEqual(2);
      expect(granted?.by).not.toContain('olga');
      expect(at < after(900)).toBe(true);
    }
  }), { numRuns: 500 });
});

it('nothing follows an end', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
    const types = play(commands).map(({ type }) => type);
    const end = types.findIndex((type) => ['rejected', 'expired', 'withdrawn', 'consumed'].includes(type));
    expect(end === -1 || end === types.length - 1).toBe(true);
  }));
});

it('every event has its evidence, which names the approval', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
    let state: ApprovalState | null = null;
    for (const event of play(commands)) {
      state = evolve(state, event);
      const evidence = evidenceOf('id', event, state);
      expect(evidence.data.approval).toBe('id');
      expect(evidence.type).toBe(`approval.${event.type}`);
    }
  }));
});

it('a history that contradicts itself decides nothing', () => {
  expect(() => fold([])).toThrow('broken');
  expect(() => fold([{ type: 'granted', at: after(1), by: ['alice'] }])).toThrow('before it was requested');
  expect(() => fold([requested(), requested()])).toThrow('requested twice');
});
