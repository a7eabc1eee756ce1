import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimPathError, parseClaimPath, readClaim, writeClaimPath } from './claim-path.ts';

describe('a claim path', () => {
  it('splits at dots and keeps escaped ones', () => {
    expect(parseClaimPath('kubernetes\\.io.serviceaccount.uid')).toEqual(['kubernetes.io', 'serviceaccount', 'uid']);
    expect(parseClaimPath('a\\\\b')).toEqual(['a\\b']);
  });

  it.each(['', 'a..b', '.a', 'a.', 'a\\b', 'a\\', 'a.b.c.d.e.f.g'])('is refused when it reads %j', (text) => {
    expect(() => parseClaimPath(text)).toThrow(ClaimPathError);
  });

  it('comes back the same after writing and reading', () => {
    fc.assert(fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }), (path) => {
      expect(parseClaimPath(writeClaimPath(path))).toEqual(path);
    }));
  });

  it('finds own members only', () => {
    expect(readClaim({ a: { b: 1 } }, ['a', 'b'])).toBe(1);
    expect(readClaim({ 'a.b': 2 }, ['a.b'])).toBe(2);
    for (const path of [['constructor'], ['a', 'constructor'], ['__proto__'], ['toString', 'name']]) expect(readClaim({ a: {} }, path)).toBeUndefined();
    expect(readClaim({ a: ['x'] }, ['a', '0'])).toBeUndefined();
    expect(readClaim({ a: ['x'] }, ['a', 'length'])).toBeUndefined();
    expect(readClaim(null, ['a'])).toBeUndefined();
  });
});
