import { describe, expect, it } from 'vitest';
import { TokenRefusedError, type VerifiedToken } from '@sallyport/platform-identity';
import { id, type Digest } from '@sallyport/domain-model';
import { base, binding, inventoryOf, issuer, machine, parsed, person } from '../testing/documents.ts';
import { explain } from './explain.ts';
import type { Inventory } from './inventory.ts';

function token(claims: Record<string, unknown>, from = issuer()): VerifiedToken {
  const document = parsed(from);
  if (document.kind !== 'Issuer') throw new Error('no issuer');
  return { issuer: document, claims, audiences: ['sallyport'], hash: id<Digest>('a'.repeat(64)), jti: 'j', expires: Date.parse('2026-11-22T10:10:00Z') };
}
const house = (...more: Parameters<typeof inventoryOf>): Inventory => inventoryOf(...base(), machine('nightly'), ...more);
const ask = (claims: Record<string, unknown>, inventory = house(), trouble: TokenRefusedError | null = null) => explain(token(claims), trouble, inventory).answer;

describe('what a token would be', () => {
  it('is the machine whose binding it fits, with what its use would be remembered by', () => {
    const { answer, use } = explain(token({ workload_id: 'nightly' }), null, house());
    expect(answer).toMatchObject({ verdict: 'machine', code: null, say: null, machine: 'nightly', binding: 'nightly/b', issuer: 'idp', expires: '2026-11-22T10:10:00.000000Z', person: null });
    expect(use).toMatchObject({ binding: 'nightly/b', mode: 'bind_first' });
  });

  it('is a person where it is no machine', () => {
    expect(ask({ sub: 'bob' })).toMatchObject({ verdict: 'person', person: 'bob', machine: null, code: null });
  });

  it('is nobody, and the nearest binding says claim by claim why', () => {
    const inventory = house(machine('deploy', { bindings: [binding({ workload_id: 'deploy', build: 74 })] }));
    const { verdict, code, bindings } = ask({ workload_id: 'deploy', build: '74' }, inventory);
    expect([verdict, code]).toEqual(['refused', 'claims-unmatched']);
    expect(bindings.map((one) => one.machine)).toEqual(['deploy', 'nightly']);
    expect(bindings[0]).toMatchObject({
      fits: false, audience: { wanted: 'sallyport', same: true },
      claims: [{ claim: 'workload_id', wanted: '"deploy"', found: '"deploy"', same: true }, { claim: 'build', wanted: '74', found: '"74"', same: false }],
    });
    expect(ask({}, inventory).bindings[0]?.claims[0]?.found).toBeNull();
  });

  it('is told also when it comes too late, or when the machine may not work', () => {
    const late = new TokenRefusedError('token-expired', 'the token expired at 10:00');
    expect(ask({ workload_id: 'nightly' }, house(), late)).toMatchObject({ verdict: 'refused', code: 'token-expired', machine: 'nightly', bindings: [{ fits: true }] });
    const suspended = inventoryOf(...base(), machine('nightly', { state: 'suspended' }));
    expect(ask({ workload_id: 'nightly' }, suspended)).toMatchObject({ verdict: 'refused', code: 'machine-suspended', machine: 'nightly' });
    const gone = inventoryOf(issuer(), person('alice', { active: false }), person('bob'), machine('nightly'));
    expect(ask({ workload_id: 'nightly' }, gone)).toMatchObject({ code: 'owner-inactive' });
    expect(ask({ sub: 'alice' }, gone)).toMatchObject({ verdict: 'refused', code: 'person-inactive', person: 'alice' });
  });

  it('shows twenty bindings at most, and no value at full length', () => {
    const many = inventoryOf(...base(), ...Array.from({ length: 30 }, (_, i) => machine(`m-${i}`)));
    const { bindings } = ask({ workload_id: `x${'y'.repeat(500)}\u0007` }, many);
    expect(bindings).toHaveLength(20);
    expect(bindings[0]?.claims[0]?.found?.length).toBeLessThan(210);
  });
});
