import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rank, sample } from './sampling.ts';

const key = (candidate: string) => candidate;

describe('a sample', () => {
  it('ranks as documented, so that it can be drawn again with nothing but SHA-256', () => {
    expect(rank('examiner 42', 'EP-10', 'x')).toBe('7a94318e4d31801f07835158c91d0c1aa0c45d116ef56039bb7cc10d05a39a07');
  });
  it('is the same candidates in whatever order they come, and of the size that was asked for', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 40 }), fc.nat(50), fc.string(), (all, n, seed) => {
        const drawn = sample(all, key, n, seed, 'EP-10');
        expect(drawn).toHaveLength(Math.min(n, all.length));
        expect(new Set(sample(all.toReversed(), key, n, seed, 'EP-10'))).toEqual(new Set(drawn));
      }),
    );
  });
});
