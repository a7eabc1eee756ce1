import { expect, it } from 'vitest';
import { suggest } from './suggest.ts';

it('names what was probably meant, and nothing when it is a guess', () => {
  expect(suggest('Machin', ['Machine', 'Person'])).toBe('Machine');
  expect(suggest('machine', ['Machine'])).toBe('Machine');
  expect(suggest('purpos', ['purpose', 'owner'])).toBe('purpose');
  expect(suggest('zzz', ['Machine', 'Person'])).toBeNull();
  expect(suggest('x', ['a', 'b'])).toBeNull();
});
