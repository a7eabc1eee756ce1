import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { issuerDocument, type IssuerDocument } from '@sallyport/platform-config';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/** A token issuer for tests: real keys, a real HTTP server on loopback, and switches for what can go wrong. */
export class FakeIssuer {
  readonly #server: Server;
  readonly #keys: { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK }[] = [];
  /** Paths asked for, in order. */
  readonly asked: string[] = [];
  /** `down` answers 503, `huge` more than any key set is, `redirect` points elsewhere, `foreign` is discovery of another issuer. */
  mode: 'up' | 'down' | 'huge' | 'redirect' | 'garbage' | 'foreign' = 'up';
  extraKeys: JWK[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url ?? '');
      if (this.mode === 'down') return response.writeHead(503).end();
      if (this.mode === 'redirect') return response.writeHead(302, { location: `${this.url}/elsewhere` }).end();
      if (this.mode === 'garbage') return response.end('<html>');
      if (this.mode === 'huge') return response.end(JSON.stringify({ keys: [], pad: 'x'.repeat(600_000) }));
      if (request.url === '/keys') return response.end(JSON.stringify({ keys: [...this.#keys.map(({ jwk }) => jwk), ...this.extraKeys] }));
      return response.end(JSON.stringify({ issuer: this.mode === 'foreign' ? 'https://other.example' : this.url, jwks_uri: `${this.url}/keys` }));
    });
  }

  static async start(): Promise<FakeIssuer> {
    const issuer = new FakeIssuer();
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve));
    await issuer.rotate('k1');
    return issuer;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${(address satisfies AddressInfo).port}`;
  }

  get publicKeys(): JWK[] {
    return this.#keys.map(({ jwk }) => jwk);
  }

  /** A new signing key; the earlier ones go, unless kept. */
  async rotate(kid: string, keep: 'keep' | 'drop' = 'drop', alg = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    if (keep === 'drop') this.#keys.length = 0;
    this.#keys.push({ kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } });
  }

  document(spec: Record<string, unknown> = {}): IssuerDocument {
    return issuerDocument.parse({
      apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'fake' },
      spec: { issuer: this.url, provider: 'generic', trusts: ['machines', 'people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['workload_id'], ...spec },
    });
  }

  /** Signs with the newest key. Claims that are undefined are left out. */
  async token(now: number, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const key = this.#keys.at(-1);
    if (key === undefined) throw new Error('no key');
    const at = Math.floor(now / 1000);
    return new SignJWT({ iss: this.url, aud: 'sallyport', sub: 's', jti: 'j-1', iat: at, exp: at + 600, workload_id: 'w-1', ...claims }).setProtectedHeader({ typ: 'JWT', kid: key.kid, ...header, alg: key.alg }).sign(key.privateKey);
  }
}
