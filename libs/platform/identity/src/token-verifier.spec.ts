import { createHmac, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { failureCooldown, keysGoodFor, unknownKeyCooldown } from './key-source.ts';
import { TokenRefusedError } from './refused.ts';
import { FakeIssuer } from './testing/fake-issuer.ts';
import { TokenVerifier } from './token-verifier.ts';

let issuer: FakeIssuer;
let now: number;
let verifier: TokenVerifier;

beforeEach(async () => {
  issuer = await FakeIssuer.start();
  now = Date.parse('2026-11-22T10:00:00Z');
  verifier = new TokenVerifier(() => now);
  verifier.use([issuer.document()]);
});
afterEach(() => issuer.stop());

async function code(token: string | Promise<string>, by = verifier): Promise<string> {
  const compact = await token;
  try {
    await by.verify(compact);
    return 'ok';
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    if (compact.length > 20) expect(error.message).not.toContain(compact.slice(0, 20));
    return error.code;
  }
}

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const fetches = () => issuer.asked.filter((path) => path === '/keys').length;

describe('a token', () => {
  it('of a trusted issuer is accepted with its claims, hash, jti and end', async () => {
    const token = await issuer.token(now);
    const verified = await verifier.verify(token);
    expect(verified).toMatchObject({ jti: 'j-1', expires: now + 600_000, audiences: ['sallyport'] });
    expect(verified.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(verified)).not.toContain(token);
  });

  it('that comes too late can still be examined, a forged one cannot', async () => {
    const token = await issuer.token(now);
    expect(await verifier.examine(token)).toMatchObject({ trouble: null, token: { expires: now + 600_000 } });
    now += 700_000;
    expect(await verifier.examine(token)).toMatchObject({ trouble: { code: 'token-expired' }, token: { expires: now - 100_000, claims: { workload_id: 'w-1' } } });
    expect(await verifier.examine(await issuer.token(now, { exp: 'soon' }))).toMatchObject({ trouble: { code: 'claims-malformed' }, token: { expires: 0 } });
    await expect(verifier.examine(`${token.slice(0, -10)}AAAAAAAAAA`)).rejects.toMatchObject({ code: 'signature-wrong' });
  });

  it('of 8 KB works, and one over 16 KB is refused unread', async () => {
    const token = await issuer.token(now, { groups: Array.from({ length: 160 }, () => randomUUID()) });
    expect(token.length).toBeGreaterThan(8000);
    expect(await code(token)).toBe('ok');
    expect(await code(issuer.token(now, { pad: 'x'.repeat(16_000) }))).toBe('token-too-large');
  });

  it('is refused by reason of its form', async () => {
    const good = await issuer.token(now);
    const [head = '', body = '', signature = ''] = good.split('.');
    const cases: Record<string, string> = {
      'token-missing': '',
      'token-malformed': 'hunter2',
    };
    for (const [expected, text] of Object.entries(cases)) expect(await code(text)).toBe(expected);
    for (const text of [`${head}.${body}`, `${good}.x`, `${good}=`, ` ${good}`, `${good}\n`, `..`, `${head}..${signature}`, `${head}.${b64([1])}.${signature}`, `${head}.${Buffer.from('{').toString('base64url')}.${signature}`, `${b64('x')}.${body}.${signature}`, `a.b.c.d.e`]) {
      expect(await code(text)).toBe('token-malformed');
    }
  });

  it('is refused for odd types, critical headers and unencoded payloads', async () => {
    for (const typ of ['dpop+jwt', 'sallyport-lease+jwt', 'logout+jwt', 'JOSE', 7]) expect(await code(issuer.token(now, {}, { typ }))).toBe('token-malformed');
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined]) expect(await code(issuer.token(now, {}, { typ }))).toBe('ok');
    const [, body = '', signature = ''] = (await issuer.token(now)).split('.');
    for (const extra of [{ crit: ['exp'] }, { b64: false, crit: ['b64'] }, { enc: 'A256GCM' }, { kid: 5 }, { kid: 'x'.repeat(600) }]) expect(await code(`${b64({ alg: 'ES256', kid: 'k1', ...extra })}.${body}.${signature}`)).toBe('token-malformed');
  });

  it('is refused unsigned, in any spelling of none', async () => {
    const [, body = '', signature = ''] = (await issuer.token(now)).split('.');
    for (const alg of ['none', 'None', 'NONE']) for (const tail of ['', signature]) expect(await code(`${b64({ alg, typ: 'JWT' })}.${body}.${tail}`)).toBe('algorithm-refused');
  });

  it('is refused when signed with the public key as an HMAC secret (algorithm confusion)', async () => {
    const [jwk = {}] = issuer.publicKeys;
    const key = await importJWK(jwk, 'ES256', { extractable: true });
    if (key instanceof Uint8Array) throw new Error('expected a public key');
    const [, body = ''] = (await issuer.token(now)).split('.');
    for (const secret of [await exportSPKI(key), JSON.stringify(jwk)]) {
      const head = b64({ alg: 'HS256', kid: 'k1', typ: 'JWT' });
      expect(await code(`${head}.${body}.${createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')}`)).toBe('algorithm-refused');
    }
  });

  it('is refused when its algorithm is not the issuer\'s, though the key is', async () => {
    await issuer.rotate('k2', 'drop', 'ES384');
    expect(await code(issuer.token(now))).toBe('algorithm-refused');
  });

  it('is refused when changed, or signed by somebody else under a known key id', async () => {
    const [head = '', , signature = ''] = (await issuer.token(now)).split('.');
    const at = Math.floor(now / 1000);
    const forged = b64({ iss: issuer.url, aud: 'sallyport', iat: at, exp: at + 600, workload_id: 'w-2' });
    expect(await code(`${head}.${forged}.${signature}`)).toBe('signature-wrong');
    const { privateKey } = await generateKeyPair('ES256');
    const stranger = new SignJWT({ iss: issuer.url, aud: 'sallyport', iat: at, exp: at + 600 }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
    expect(await code(stranger)).toBe('signature-wrong');
  });

  it('cannot bring its own key: jwk, jku and x5u are not looked at', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const at = Math.floor(now / 1000);
    const own = new SignJWT({ iss: issuer.url, aud: 'sallyport', iat: at, exp: at + 600 }).setProtectedHeader({ alg: 'ES256', kid: 'own', jwk: await exportJWK(publicKey), jku: `${issuer.url}/evil`, x5u: `${issuer.url}/evil` }).sign(privateKey);
    expect(await code(own)).toBe('key-unknown');
    expect(issuer.asked).not.toContain('/evil');
  });

  it('is refused for a foreign issuer, and one that differs by a slash', async () => {
    expect(await code(issuer.token(now, { iss: 'https://other.example' }))).toBe('issuer-unknown');
    expect(await code(issuer.token(now, { iss: `${issuer.url}/` }))).toBe('issuer-unknown');
    expect(await code(issuer.token(now, { iss: [issuer.url] }))).toBe('issuer-unknown');
    expect(await code(issuer.token(now, { iss: undefined }))).toBe('issuer-unknown');
  });

  it('is refused for another audience, exactly compared', async () => {
    for (const aud of ['other', 'sallyport/', 'Sallyport', ['a', 'b'], 'sallyport sallyport']) expect(await code(issuer.token(now, { aud }))).toBe('audience-wrong');
    expect(await code(issuer.token(now, { aud: ['a', 'sallyport'] }))).toBe('ok');
    expect(await code(issuer.token(now, { aud: undefined }))).toBe('claims-missing');
    expect(await code(issuer.token(now, { aud: ['sallyport', 7] }))).toBe('claims-malformed');
  });

  it('is held to its times, with the issuer\'s skew and no more', async () => {
    const at = Math.floor(now / 1000);
    const cases: [Record<string, unknown>, string][] = [
      [{ exp: at - 59 }, 'ok'], [{ exp: at - 60 }, 'token-expired'], [{ exp: undefined }, 'claims-missing'], [{ exp: String(at + 600) }, 'claims-malformed'], [{ exp: 1e300 }, 'claims-malformed'],
      [{ nbf: at + 60 }, 'ok'], [{ nbf: at + 61 }, 'token-not-yet-valid'], [{ iat: at + 61 }, 'token-not-yet-valid'], [{ iat: undefined }, 'claims-missing'],
      [{ iat: at - 3660 }, 'ok'], [{ iat: at - 3661 }, 'token-too-old'],
      // A Kubernetes token "extended" to a year by the API server is too old long before it expires.
      [{ iat: at - 7200, exp: at + 31_536_000 }, 'token-too-old'],
    ];
    for (const [claims, expected] of cases) expect([claims, await code(issuer.token(now, claims))]).toEqual([claims, expected]);
  });

  it('expires although its signature is remembered', async () => {
    const token = await issuer.token(now);
    expect(await code(token)).toBe('ok');
    now += 661_000;
    expect(await code(token)).toBe('token-expired');
  });

  it('with an odd jti is refused, without one accepted', async () => {
    expect(await code(issuer.token(now, { jti: 7 }))).toBe('claims-malformed');
    expect(await code(issuer.token(now, { jti: 'x'.repeat(300) }))).toBe('claims-malformed');
    expect((await verifier.verify(await issuer.token(now, { jti: undefined }))).jti).toBeNull();
  });
});

describe('two issuers of one iss', () => {
  it('are told apart by their audience, and by nothing else', async () => {
    const second = { ...issuer.document({ audiences: ['second'] }), metadata: { name: 'second' } };
    verifier.use([issuer.document(), second]);
    expect((await verifier.verify(await issuer.token(now, { aud: 'second' }))).issuer.metadata.name).toBe('second');
    expect(await code(issuer.token(now, { aud: ['second', 'sallyport'] }))).toBe('issuer-ambiguous');
  });
});

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens', async () => {
    for (let i = 0; i < 20; i++) expect(await code(issuer.token(now, { jti: `j${i}` }))).toBe('ok');
    expect(fetches()).toBe(1);
  });

  it('are fetched once for many tokens at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => issuer.token(now, { jti: `j${i}` })));
    expect(await Promise.all(tokens.map((token) => code(token)))).toEqual(Array(20).fill('ok'));
    expect(fetches()).toBe(1);
  });

  it('are fetched again for a key id that is not known, and not again within the cool-down', async () => {
    expect(await code(issuer.token(now))).toBe('ok');
    await issuer.rotate('k2');
    expect(await code(issuer.token(now))).toBe('key-unknown');
    now += unknownKeyCooldown;
    expect(await code(issuer.token(now))).toBe('ok');
    for (let i = 0; i < 10; i++) expect(await code(issuer.token(now, {}, { kid: `guess-${i}` }))).toBe('key-unknown');
    expect(fetches()).toBe(2);
  });

  it('leave with rotation: an old key is refused once the set was renewed', async () => {
    const old = await issuer.token(now, { exp: Math.floor(now / 1000) + 3600 });
    expect(await code(old)).toBe('ok');
    await issuer.rotate('k2');
    now += keysGoodFor;
    expect(await code(issuer.token(now))).toBe('ok');
    expect(await code(old)).toBe('key-unknown');
  });

  it('do not serve past their time when the issuer is down, and the issuer is not hammered', async () => {
    expect(await code(issuer.token(now))).toBe('ok');
    issuer.mode = 'down';
    now += keysGoodFor;
    const before = issuer.asked.length;
    for (let i = 0; i < 5; i++) expect(await code(issuer.token(now, { jti: `j${i}` }))).toBe('issuer-unreachable');
    expect(issuer.asked.length - before).toBe(1);
    expect(verifier.status).toEqual([{ issuer: 'fake', state: 'unreachable', fault: 'HTTP status 503' }]);
    issuer.mode = 'up';
    now += failureCooldown;
    expect(await code(issuer.token(now))).toBe('ok');
  });

  it('serve stale where the issuer says so, and as long as it says', async () => {
    verifier.use([issuer.document({ serveStaleKeysFor: '1h' })]);
    expect(await code(issuer.token(now))).toBe('ok');
    issuer.mode = 'down';
    now += keysGoodFor + 3_599_000;
    expect(await code(issuer.token(now))).toBe('ok');
    expect(verifier.status[0]?.state).toBe('stale');
    now += 1_000;
    expect(await code(issuer.token(now))).toBe('issuer-unreachable');
  });

  it('are renewed behind the back of requests before they age', async () => {
    expect(await code(issuer.token(now))).toBe('ok');
    now += keysGoodFor / 2 + 1;
    expect(await code(issuer.token(now))).toBe('ok');
    await expect.poll(fetches).toBe(2);
  });

  it.each(['down', 'huge', 'redirect', 'garbage', 'foreign'] as const)('are not had from an issuer that is %s', async (mode) => {
    issuer.mode = mode;
    expect(await code(issuer.token(now))).toBe('issuer-unreachable');
    expect(issuer.asked).not.toContain('/elsewhere');
  });

  it('may be pinned by address or in the document itself', async () => {
    verifier.use([issuer.document({ keys: { jwksUri: `${issuer.url}/keys` } })]);
    expect(await code(issuer.token(now))).toBe('ok');
    expect(issuer.asked).toEqual(['/keys']);
    verifier.use([issuer.document({ keys: { jwks: { keys: issuer.publicKeys } } })]);
    issuer.mode = 'down';
    expect(await code(issuer.token(now))).toBe('ok');
    expect(await code(issuer.token(now, {}, { kid: 'other' }))).toBe('key-unknown');
  });

  it('are never shared secrets, even if the issuer publishes one', async () => {
    issuer.extraKeys = [{ kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'oct', alg: 'HS256' }];
    expect(await code(issuer.token(now))).toBe('ok');
    const [, body = ''] = (await issuer.token(now)).split('.');
    const head = b64({ alg: 'HS256', kid: 'oct' });
    expect(await code(`${head}.${body}.${createHmac('sha256', 'secret').update(`${head}.${body}`).digest('base64url')}`)).toBe('algorithm-refused');
  });

  it('are not guessed: several keys and no key id is refused', async () => {
    await issuer.rotate('k2', 'keep');
    expect(await code(issuer.token(now, {}, { kid: undefined }))).toBe('key-unknown');
  });

  it('are kept when other issuers change, and forgotten signatures are proven again', async () => {
    const token = await issuer.token(now);
    expect(await code(token)).toBe('ok');
    verifier.use([issuer.document({ clockSkew: '30s' })]);
    expect(await code(token)).toBe('ok');
    expect(fetches()).toBe(1);
    verifier.use([]);
    expect(await code(token)).toBe('issuer-unknown');
  });
});
