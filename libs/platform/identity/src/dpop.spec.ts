import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { dpopWindow, verifyDpop } from './dpop.ts';

const now = Date.parse('2026-11-23T10:00:00Z');
const url = 'https://token.bank.example/v1/token';
let key: CryptoKey;
let jwk: JWK;
let secret: JWK;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  jwk = await exportJWK(pair.publicKey);
  secret = await exportJWK(pair.privateKey);
});

const proof = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) => new SignJWT({ htm: 'POST', htu: url, iat: now / 1000, jti: 'j-1', ...claims }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }).sign(key);
const outcome = async (text: string) => verifyDpop(text, { method: 'POST', url, now }).then(() => 'ok', (error: unknown) => (error instanceof Error ? error.message : ''));

describe('a DPoP proof', () => {
  it('is taken for its method and address, within a minute, and is known again by key and jti', async () => {
    const first = await verifyDpop(await proof(), { method: 'POST', url, now });
    const second = await verifyDpop(await proof({ htu: `${url}?x#y`, iat: now / 1000 - dpopWindow / 1000 }), { method: 'POST', url: 'https://TOKEN.bank.example:443/v1/token', now });
    expect(second).toEqual(first);
    expect((await verifyDpop(await proof({ jti: 'j-2' }), { method: 'POST', url, now })).once).not.toEqual(first.once);
  });

  it('is refused by name of what is wrong', async () => {
    expect(await outcome(await proof({ htm: 'post' }))).toContain('htm');
    expect(await outcome(await proof({ htu: 'https://token.bank.example/v1/tokens' }))).toContain('htu');
    expect(await outcome(await proof({ htu: 'nonsense' }))).toContain('htu');
    for (const iat of [now / 1000 - 61, now / 1000 + 61, undefined, 'x']) expect(await outcome(await proof({ iat }))).toContain('iat');
    for (const jti of [undefined, '', 7, 'x'.repeat(300)]) expect(await outcome(await proof({ jti }))).toContain('jti');
    expect(await outcome(await proof({}, { typ: undefined }))).toContain('typ');
    expect(await outcome(await proof({}, { jwk: secret }))).toContain('jwk is no public key');
    expect(await outcome(await proof({}, { jwk: undefined }))).not.toBe('ok');
    expect(await outcome(await proof({}, { jwk: { kty: 'oct', k: 'AAAA' } }))).toContain('jwk is no public key');
    expect(await outcome((await proof()).slice(0, -4) + 'AAAA')).toContain('signature');
    expect(await outcome('')).toContain('not a signed JWT');
    expect(await outcome('a.b.c')).toContain('not a signed JWT');
    expect(await outcome('x'.repeat(9000))).toContain('too long');
    const hmac = await new SignJWT({ htm: 'POST', htu: url, iat: now / 1000, jti: 'j' }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'HS256', jwk }).sign(new Uint8Array(32));
    expect(await outcome(hmac)).toContain('alg is none of');
  });
});
