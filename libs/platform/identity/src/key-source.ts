import type { IssuerDocument } from '@sallyport/platform-config';
import { seconds } from '@sallyport/platform-config';
import { createLocalJWKSet, errors, type CryptoKey } from 'jose';
import { fetchJson } from './fetch-json.ts';
import { refuse } from './refused.ts';

/** How long fetched keys are good, and from when on they are renewed behind the back of the request, in milliseconds. */
export const keysGoodFor = 10 * 60_000;
const renewAfter = keysGoodFor / 2;
/** Shortest time between two fetches that an unknown key id can cause. */
export const unknownKeyCooldown = 30_000;
/** After a failed fetch nobody waits for the next one until this has passed. */
export const failureCooldown = 5_000;
const maxKeys = 100;

type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface KeySourceStatus {
  readonly issuer: string;
  /** `idle`: nobody asked yet. `stale`: the issuer is unreachable and its last keys serve, as configured. */
  readonly state: 'idle' | 'fresh' | 'stale' | 'unreachable';
  /** Why the last fetch failed, or null. */
  readonly fault: string | null;
}

/** The public keys of one issuer: pinned in its document, or fetched, kept, renewed, and let go when the issuer cannot be reached. */
export class KeySource {
  readonly #issuer: IssuerDocument;
  readonly #now: () => number;
  readonly #staleMs: number;
  #keys: KeySet | null = null;
  /** Null for pinned keys, which do not age. */
  #fetchedAt: number | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fault: string | null = null;
  #pending: Promise<void> | null = null;

  constructor(issuer: IssuerDocument, now: () => number) {
    this.#issuer = issuer;
    this.#now = now;
    const { keys, serveStaleKeysFor } = issuer.spec;
    this.#staleMs = serveStaleKeysFor === undefined ? 0 : seconds(serveStaleKeysFor) * 1000;
    if ('jwks' in keys) this.#keys = createLocalJWKSet({ keys: publicOnly(keys.jwks.keys) });
  }

  get status(): KeySourceStatus {
    return { issuer: this.#issuer.metadata.name, state: this.#state(), fault: this.#fault };
  }

  /** The key for a header. Throws TokenRefusedError: `issuer-unreachable`, `key-unknown`. */
  async find(header: { readonly alg: string; readonly kid: string | undefined }): Promise<CryptoKey> {
    await this.#current();
    const found = await this.#look(header);
    if (found !== null) return found;
    if (!this.#pinned && this.#now() - this.#triedAt >= unknownKeyCooldown) {
      await this.#refresh();
      const renewed = await this.#look(header);
      if (renewed !== null) return renewed;
    }
    return refuse('key-unknown', `issuer ${this.#issuer.metadata.name} has no key that this token names`);
  }

  get #pinned(): boolean {
    return 'jwks' in this.#issuer.spec.keys || 'certificates' in this.#issuer.spec.keys;
  }

  #state(): KeySourceStatus['state'] {
    if (this.#pinned) return 'fresh';
    if (this.#fetchedAt === null) return this.#fault === null ? 'idle' : 'unreachable';
    const age = this.#now() - this.#fetchedAt;
    if (age < keysGoodFor) return 'fresh';
    return age < keysGoodFor + this.#staleMs ? 'stale' : 'unreachable';
  }

  /** Returns with usable keys in place, or refuses. */
  async #current(): Promise<void> {
    const state = this.#state();
    const quiet = this.#fault !== null && this.#now() - this.#triedAt < failureCooldown;
    if (state === 'fresh') {
      // Still good for minutes: nobody waits for the renewal, and its failure shows in the status.
      if (this.#fetchedAt !== null && this.#now() - this.#fetchedAt > renewAfter && !quiet) void this.#refresh();
      return;
    }
    if (!quiet) await this.#refresh();
    const after = this.#state();
    if (after !== 'fresh' && after !== 'stale') refuse('issuer-unreachable', `the keys of issuer ${this.#issuer.metadata.name} cannot be fetched`);
  }

  /** One fetch at a time; whoever asks meanwhile waits for the same one. Never rejects: the fault is kept. */
  #refresh(): Promise<void> {
    this.#triedAt = this.#now();
    this.#pending ??= this.#fetch()
      .then(
        (keys) => {
          this.#keys = keys;
          this.#fetchedAt = this.#now();
          this.#fault = null;
        },
        (error: unknown) => {
          this.#fault = error instanceof Error ? error.message : 'unknown fault';
        },
      )
      .finally(() => {
        this.#pending = null;
      });
    return this.#pending;
  }

  async #fetch(): Promise<KeySet> {
    const { keys, issuer } = this.#issuer.spec;
    if ('jwks' in keys) return createLocalJWKSet({ keys: publicOnly(keys.jwks.keys) });
    if ('certificates' in keys) throw new Error('certificates sign no tokens');
    const authority = keys.ca ?? null;
    const uri = 'jwksUri' in keys ? keys.jwksUri : await discover(issuer, authority);
    return keySet(await fetchJson(uri, authority));
  }

  async #look(header: { readonly alg: string; readonly kid: string | undefined }): Promise<CryptoKey | null> {
    if (this.#keys === null) return null;
    try {
      const { alg, kid } = header;
      return await this.#keys(kid === undefined ? { alg } : { alg, kid });
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      // Several keys fit a token that names none: which one signed it must not be guessed.
      if (error instanceof errors.JWKSMultipleMatchingKeys) return refuse('key-unknown', `issuer ${this.#issuer.metadata.name} has several keys and the token does not say which`);
      if (error instanceof errors.JOSENotSupported) return refuse('algorithm-refused', 'the algorithm has no public key');
      return refuse('key-unknown', `the key of issuer ${this.#issuer.metadata.name} that this token names cannot be used`);
    }
  }
}

/** OpenID Connect Discovery 1.0 section 4: the document must name the very issuer that was asked. */
async function discover(issuer: string, authority: string | null): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, authority);
  if (typeof document !== 'object' || document === null || !('issuer' in document) || document.issuer !== issuer) throw new Error('the discovery document is for another issuer');
  if (!('jwks_uri' in document) || typeof document.jwks_uri !== 'string') throw new Error('the discovery document names no jwks_uri');
  return document.jwks_uri;
}

function keySet(document: unknown): KeySet {
  if (typeof document !== 'object' || document === null || !('keys' in document) || !Array.isArray(document.keys)) throw new Error('the answer is no key set');
  if (document.keys.length === 0 || document.keys.length > maxKeys) throw new Error(`a key set of ${document.keys.length} keys is not accepted`);
  return createLocalJWKSet({ keys: publicOnly(document.keys) });
}

/** Shared secrets and private keys have no place in a key set; a token can be neither checked with them nor made to be. */
function publicOnly(keys: readonly unknown[]): { kty: string }[] {
  return keys.flatMap((key) => {
    if (typeof key !== 'object' || key === null || !('kty' in key) || typeof key.kty !== 'string') return [];
    return key.kty === 'oct' || 'd' in key || 'k' in key ? [] : [{ ...key, kty: key.kty }];
  });
}
