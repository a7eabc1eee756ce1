import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { id, type Digest } from '@sallyport/domain-model';
import { issuerDocument, trustBinding, type Provider } from '@sallyport/platform-config';
import { BindingIndex, type Candidate } from './binding-index.ts';
import { matchBinding } from './match-binding.ts';
import { TokenRefusedError } from './refused.ts';
import type { VerifiedToken } from './token-verifier.ts';

function verified(provider: Provider, claims: Record<string, unknown>): VerifiedToken {
  const issuer = issuerDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' },
    spec: { issuer: 'https://issuer.example', provider, trusts: ['machines'], keys: { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport'], immutableClaims: provider === 'generic' ? ['a'] : [] },
  });
  return { issuer, claims, audiences: ['sallyport'], hash: id<Digest>('0'.repeat(64)), jti: null, expires: 0 };
}

const bound = (machine: string, claims: Record<string, unknown>, name = 'b'): Candidate => ({ machine, binding: trustBinding.parse({ name, issuer: 'i', audience: 'sallyport', claims }) });

function outcome(token: VerifiedToken, candidates: readonly Candidate[] | BindingIndex): string {
  try {
    const { machine, binding, npid } = matchBinding(token, candidates);
    return `${machine}/${binding.name} ${npid}`;
  } catch (error) {
    if (error instanceof TokenRefusedError) return error.code;
    throw error;
  }
}

/** Few names and few values, of several types, so that bindings overlap, miss by a type, and fit twice. */
const value = fc.constantFrom<string | number | boolean>('1', 1, '2', 0, true, 'true', false);
const claimName = fc.constantFrom('a', 'b', 'groups', 'roles', 'c.d', 'e\\.f');
const wanted = fc.dictionary(claimName, value, { maxKeys: 4 });
const found = fc.record({
  a: fc.oneof(value, fc.array(value, { maxLength: 3 })), b: value, groups: fc.oneof(value, fc.array(value, { maxLength: 3 })), roles: fc.array(value, { maxLength: 3 }), c: fc.record({ d: value }), 'e.f': value, hasgroups: fc.boolean(),
}, { requiredKeys: [] });

describe('an index of bindings', () => {
  it.each(['generic', 'entra', 'github'] as const)('says of every %s token what comparing all of them says', (provider) => {
    fc.assert(fc.property(fc.array(wanted, { maxLength: 12 }), found, (bindings, claims) => {
      const candidates = bindings.map((one, i) => bound(`m-${i % 3}`, one, `b-${i}`));
      const token = verified(provider, { ...claims, ...(provider === 'entra' ? { idtyp: 'app' } : {}) });
      expect(outcome(token, new BindingIndex(candidates))).toBe(outcome(token, candidates));
    }), { numRuns: 2000 });
  });

  it('looks at those of ten thousand that a token names, whichever claim tells them apart', () => {
    const byRepository = Array.from({ length: 10_000 }, (_, i) => bound(`m-${i}`, { repository_id: String(i), repository_owner_id: '7', environment: 'production' }));
    expect(new BindingIndex(byRepository).near({ repository_id: '4711', repository_owner_id: '7', environment: 'production' }).map(({ machine }) => machine)).toEqual(['m-4711']);
    const byEnvironment = Array.from({ length: 10_000 }, (_, i) => bound(`m-${i}`, { repository_id: '1', repository_owner_id: '7', environment: `e-${i}` }));
    expect(new BindingIndex(byEnvironment).near({ repository_id: '1', repository_owner_id: '7', environment: 'e-9' })).toHaveLength(1);
    expect(new BindingIndex(byRepository).near({ repository_owner_id: '7' })).toEqual([]);
  });

  it('refuses a token that fits two machines although different claims find them', () => {
    const candidates = [bound('one', { a: '1' }), bound('other', { a: '2' }), bound('third', { b: '1' }), bound('fourth', { b: '2' })];
    expect(outcome(verified('generic', { a: '1', b: '2' }), new BindingIndex(candidates))).toBe('claims-ambiguous');
  });

  it('finds bindings by members of a list, and those that name groups alone although the token hides them', () => {
    const member = [bound('m', { groups: 'g-1' }), bound('n', { roles: 'r' })];
    expect(outcome(verified('entra', { idtyp: 'app', roles: ['q', 'r'] }), new BindingIndex(member))).toMatch(/^n\/b /);
    expect(outcome(verified('entra', { idtyp: 'app', _claim_names: { groups: 'src1' } }), new BindingIndex(member))).toBe('claims-groups-overage');
  });
});
