import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seated, type Agreeing, type Seat } from './seats.ts';

const one = (person: string, ...groups: string[]): Agreeing => ({ person, groups });

describe('seats', () => {
  it('that are not set are taken by anybody, and by nobody not', () => {
    expect(seated([], [])).toBe(false);
    expect(seated([], [one('carol')])).toBe(true);
  });

  it('each want another person', () => {
    const seats = [{ group: 'risk', count: 1 }, { group: 'dba', count: 1 }];
    expect(seated(seats, [one('carol', 'risk', 'dba')])).toBe(false);
    expect(seated(seats, [one('carol', 'risk', 'dba'), one('dan', 'dba')])).toBe(true);
    expect(seated(seats, [one('dan', 'dba'), one('erin', 'dba')])).toBe(false);
  });

  it('are found for people of several groups, whoever sat down first', () => {
    const seats = [{ group: 'a', count: 1 }, { group: 'b', count: 1 }, { group: 'c', count: 1 }];
    expect(seated(seats, [one('x', 'a', 'b'), one('y', 'a', 'c'), one('z', 'a')])).toBe(true);
    expect(seated([{ group: 'a', count: 2 }], [one('x', 'a'), one('x', 'a')])).toBe(false);
  });

  it('agree with trying every order', () => {
    const group = fc.constantFrom('a', 'b', 'c');
    const seats = fc.array(fc.record({ group, count: fc.integer({ min: 1, max: 2 }) }), { minLength: 1, maxLength: 3 });
    const people = fc.uniqueArray(fc.record({ person: fc.constantFrom('p', 'q', 'r', 's', 't'), groups: fc.uniqueArray(group) }), { selector: ({ person }) => person });
    fc.assert(fc.property(seats, people, (wanted, there) => seated(wanted, there) === tried(wanted.flatMap((seat: Seat) => Array.from({ length: seat.count }, () => seat.group)), there)));
  });
});

function tried([place, ...rest]: readonly string[], people: readonly Agreeing[]): boolean {
  if (place === undefined) return true;
  return people.some((chosen) => chosen.groups.includes(place) && tried(rest, people.filter((other) => other !== chosen)));
}
