import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SignJWT } from 'jose';
import { id, instant, type Digest, type Lease, type MachineName, type SessionId, type TargetName } from '@sallyport/domain-model';
import { leaseClaims, leaseType, verifyLease } from './lease.ts';

const now = Date.UTC(2026, 10, 22, 10);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const lease: Lease = {
  id: 'l-1', session: id<SessionId>('s-1'), machine: id<MachineName>('nightly-ledger'), target: id<TargetName>('ledger-db'), role: null,
  slice: id<Digest>('a'.repeat(64)), policyVersion: 7, maskPlan: 'plan-1', entitlement: 'ent-1', record: false, expires: instant(now + 30_000),
};

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(header: unknown, claims: unknown, key: KeyObject = privateKey): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

const header = { alg: 'EdDSA', typ: leaseType };
const refusal = (jws: string, at = now, key = publicKey) => {
  const answer = verifyLease(jws, key, at);
  return 'code' in answer ? answer.code : 'good';
};

describe('verifying a lease', () => {
  it('takes what jose signs with the decision point’s key', async () => {
    const jws = await new SignJWT(leaseClaims(lease)).setProtectedHeader(header).sign(privateKey);
    expect(verifyLease(jws, publicKey, now)).toEqual(lease);
  });

  it('takes one for a machine on somebody’s behalf, and says on whose', () => {
    const delegated: Lease = { ...lease, behalf: { kind: 'person', name: 'alice' } };
    expect(verifyLease(signed(header, leaseClaims(delegated)), publicKey, now)).toEqual(delegated);
    expect(verifyLease(signed(header, leaseClaims(lease)), publicKey, now)).not.toHaveProperty('behalf');
  });

  it('refuses another key', () => {
    expect(refusal(signed(header, leaseClaims(lease), generateKeyPairSync('ed25519').privateKey))).toBe('signature');
  });

  it('refuses a change of any one character', () => {
    const jws = signed(header, leaseClaims(lease));
    for (let i = 0; i < jws.length; i++) {
      const other = jws[i] === 'A' ? 'B' : 'A';
      const changed = `${jws.slice(0, i)}${other}${jws.slice(i + 1)}`;
      // The last character of a signature carries four bits that mean nothing.
      if (i === jws.length - 1) continue;
      expect(refusal(changed), `character ${i}`).not.toBe('good');
    }
  });

  it('refuses it from the moment it expires', () => {
    const jws = signed(header, leaseClaims(lease));
    expect(refusal(jws, now + 29_999)).toBe('good');
    expect(refusal(jws, now + 30_000)).toBe('expired');
  });

  it('refuses a lease that lasts for hours', () => {
    expect(refusal(signed(header, leaseClaims({ ...lease, expires: instant(now + 3_600_000) })))).toBe('malformed');
  });

  it.each([
    [{ alg: 'none', typ: leaseType }], [{ alg: 'HS256', typ: leaseType }], [{ alg: 'EdDSA' }], [{ alg: 'EdDSA', typ: 'JWT' }],
    [{ alg: 'EdDSA', typ: leaseType, crit: ['x'] }], [{ alg: 'EdDSA', typ: leaseType, jwk: {} }], [null], [[]], ['x'],
  ])('refuses the header %j', (given) => {
    expect(refusal(signed(given, leaseClaims(lease)))).toBe('malformed');
  });

  it.each([
    ['a member too many', { ...leaseClaims(lease), admin: true }],
    ['a member too few', (({ role: _, ...rest }) => rest)(leaseClaims(lease) as { role: unknown })],
    ['a role that is not text', { ...leaseClaims(lease), role: 1 }],
    ['a slice that is not a digest', { ...leaseClaims(lease), slice: '../x' }],
    ['a version that is not a number', { ...leaseClaims(lease), policyVersion: '7' }],
    ['a time that is not an instant', { ...leaseClaims(lease), expires: '2026-11-22' }],
    ['a list', [1]],
    ['a behalf that names nobody', { ...leaseClaims(lease), behalf: null }],
    ['a behalf of a strange kind', { ...leaseClaims(lease), behalf: { kind: 'group', name: 'x' } }],
    ['a behalf that says more', { ...leaseClaims(lease), behalf: { kind: 'person', name: 'x', groups: [] } }],
  ])('refuses %s', (_, claims) => {
    expect(refusal(signed(header, claims))).toBe('malformed');
  });

  it.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d', `${'a'.repeat(5000)}.b.c`, ` ${signed(header, leaseClaims(lease))}`, `${signed(header, leaseClaims(lease))}=`])('refuses text that is not a compact JWS (%#)', (jws) => {
    expect(refusal(jws)).toBe('malformed');
  });

  it('refuses a payload that is not JSON', () => {
    const input = `${part(header)}.${Buffer.from('{').toString('base64url')}`;
    expect(refusal(`${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`)).toBe('malformed');
  });

  it('refuses to work with a key of another kind', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(refusal(signed(header, leaseClaims(lease)), now, rsa.publicKey)).toBe('signature');
    expect(refusal(signed(header, leaseClaims(lease)), now, privateKey)).toBe('signature');
  });
});
