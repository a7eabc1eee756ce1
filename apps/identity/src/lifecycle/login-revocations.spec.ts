import { describe, expect, it } from 'vitest';
import { Inventory } from '../model/inventory.ts';
import { hearRevocation, revokedBefore, withRevocations } from './login-revocations.ts';

const now = Date.parse('2026-11-23T12:00:00.250Z');
const at = (text: string) => Date.parse(`2026-11-23T${text}Z`);

describe('until when logins are revoked', () => {
  it.each([
    ['a whole second, which tokens of it may have been before', '11:59:30', '11:59:31'],
    ['some of a second', '11:59:30.999', '11:59:31'],
    ['this moment', '12:00:00.250', '12:00:01'],
    ['what a clock that is ahead says', '12:04:59', '12:05:00'],
    ['what no clock can have reached, which is now', '12:05:01', '12:00:01'],
  ])('by %s', (_what, when, until) => expect(new Date(revokedBefore(at(when), now)).toISOString()).toBe(`2026-11-23T${until}.000Z`));
});

it('counts where it is later than what is known', () => {
  const inventory = new Inventory(1, [], { words: [], statuses: [], revocations: [{ person: 'carol', before: 5000 }] });
  expect([4000, 5000, 6000].map((before) => hearRevocation(inventory, { person: 'carol', before }))).toEqual(['unchanged', 'unchanged', 'session-revoked']);
  expect(hearRevocation(inventory, { person: 'dora', before: 1000 })).toBe('session-revoked');
  expect([4999, 5000, null].map((since) => inventory.loginEnded('carol', since))).toEqual([true, false, true]);
  expect(inventory.loginEnded('dora', null)).toBe(false);
});

it('is the latest of each person, in whatever order they are said', () => {
  expect(withRevocations([{ person: 'a', before: 5 }, { person: 'b', before: 1 }], [{ person: 'a', before: 3 }, { person: 'b', before: 2 }, { person: 'c', before: 9 }])).toEqual([{ person: 'a', before: 5 }, { person: 'b', before: 2 }, { person: 'c', before: 9 }]);
  const after = new Inventory(1, []).with(2, { revocations: [{ person: 'a', before: 5000 }] }).with(3, {});
  expect(after.mirror()).toEqual(new Map([['login.a', '{"before":"1970-01-01T00:00:05.000000Z"}']]));
});
