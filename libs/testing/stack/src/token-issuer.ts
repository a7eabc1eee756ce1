import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OIDC issuer without a server: its public keys are pinned in the Issuer document, and tests mint what tokens they like. */
export interface TokenIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  /** The Issuer document with the pinned key. */
  readonly document: Record<string, unknown>;
  /** A signed token; `claims` add to or replace the ordinary ones (undefined removes). */
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function tokenIssuer(name = 'test-issuer', audience = 'sallyport'): Promise<TokenIssuer> {
  const issuer = `https://${name}.test`;
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' };
  return {
    name,
    issuer,
    audience,
    document: {
      apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name },
      spec: { issuer, provider: 'generic', trusts: ['machines', 'people'], keys: { jwks: { keys: [jwk] } }, algorithms: ['ES256'], audiences: [audience], immutableClaims: ['workload_id'], maxTokenAge: '1h' },
    },
    token: (claims) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: issuer, aud: audience, iat: now, nbf: now, exp: now + 600, jti: randomUUID(), ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'JWT' }).sign(privateKey);
    },
  };
}
