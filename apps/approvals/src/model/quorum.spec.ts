import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quorumMet, type Approver } from './quorum.ts';

const person = (by: string, ...groups: string[]): Approver => ({ by, groups });

describe('a quorum', () => {
  it('of one is met by one', () => expect(quorumMet([{ group: 'dba', count: 1 }], [person('a', 'dba')])).toBe(true));
  it('of two is not met by one person who is counted twice', () => expect(quorumMet([{ group: 'dba', count: 2 }], [person('a', 'dba'), person('a', 'dba')])).toBe(false));
  it('of two groups is not met by one person in both', () => {
    const quorum = [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }];
    expect(quorumMet(quorum, [person('a', 'dba', 'security')])).toBe(false);
    expect(quorumMet(quorum, [person('a', 'dba', 'security'), person('b', 'dba')])).toBe(true);
    expect(quorumMet(quorum, [person('b', 'dba'), person('a', 'dba', 'security')])).toBe(true);
  });
  it('of nobody is never met', () => expect(quorumMet([], [person('a', 'dba')])).toBe(false));

  const groups = ['x', 'y', 'z'];
  const quorums = fc.array(fc.record({ group: fc.constantFrom(...groups), count: fc.integer({ min: 1, max: 2 }) }), { minLength: 1, maxLength: 3 });
  const people = fc.uniqueArray(fc.record({ by: fc.constantFrom('a', 'b', 'c', 'd', 'e'), groups: fc.subarray(groups) }), { selector: ({ by }) => by, maxLength: 5 });

  it('is met exactly when some way of seating people exists', () => {
    const seatable = (seats: readonly string[], free: readonly Approver[]): boolean => {
      const [seat, ...rest] = seats;
      return seat === undefined || free.some((one) => one.groups.includes(seat) && seatable(rest, free.filter((other) => other !== one)));
    };
    fc.assert(fc.property(quorums, people, (quorum, approvers) => {
      expect(quorumMet(quorum, approvers)).toBe(seatable(quorum.flatMap(({ group, count }) => Array.from({ length: count }, () => group)), approvers));
    }));
  });
  it('does not depend on the order of the votes', () => {
    fc.assert(fc.property(quorums, people, (quorum, approvers) => {
      expect(quorumMet(quorum, approvers)).toBe(quorumMet(quorum, approvers.toReversed()));
    }));
  });
});
