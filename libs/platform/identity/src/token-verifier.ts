import { createHash } from 'node:crypto';
import { id, type Digest } from '@sallyport/domain-model';
import type { IssuerDocument } from '@sallyport/platform-config';
import { compactVerify, errors } from 'jose';
import { takeApart, type Claims, type UnverifiedToken } from './compact-jws.ts';
import { KeySource, type KeySourceStatus } from './key-source.ts';
import { refuse, TokenRefusedError } from './refused.ts';
import { trustDomainOf } from './svid/spiffe-id.ts';
import { checkTimes } from './times.ts';

/** A token whose issuer, signature, audience and times are proven. Holds the claims, never the token. */
export interface VerifiedToken {
  readonly issuer: IssuerDocument;
  readonly claims: Claims;
  readonly audiences: readonly string[];
  /** SHA-256 of the token's characters. */
  readonly hash: Digest;
  readonly jti: string | null;
  /** `exp`, milliseconds since 1970. */
  readonly expires: number;
}

/**
 * A good signature is remembered for this long, in milliseconds, and never past the token's end; so long may a token outlive its key's
 * withdrawal. Times, audience and everything after are checked each time.
 */
const rememberFor = 5 * 60_000;
const maxRemembered = 4096;
const maxAudiences = 20;
const maxJti = 256;

interface Remembered {
  readonly token: UnverifiedToken;
  readonly issuer: IssuerDocument;
  readonly until: number;
}

/** Says whether a token was issued by one of the configured issuers, for us, for now. Who it is comes after: `matchBinding`, `matchPerson`. */
export class TokenVerifier {
  readonly #now: () => number;
  #issuers = new Map<string, IssuerDocument[]>();
  #keys = new Map<string, { readonly of: string; readonly source: KeySource }>();
  readonly #remembered = new Map<string, Remembered>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Replaces the issuers. Fetched keys are kept where nothing changed; remembered signatures are forgotten. */
  use(issuers: readonly IssuerDocument[]): void {
    const byIss = new Map<string, IssuerDocument[]>();
    const keys = new Map<string, { of: string; source: KeySource }>();
    for (const issuer of issuers) {
      byIss.set(issuer.spec.issuer, [...(byIss.get(issuer.spec.issuer) ?? []), issuer]);
      const of = JSON.stringify([issuer.spec.issuer, issuer.spec.keys, issuer.spec.serveStaleKeysFor]);
      const kept = this.#keys.get(issuer.metadata.name);
      keys.set(issuer.metadata.name, kept?.of === of ? kept : { of, source: new KeySource(issuer, this.#now) });
    }
    this.#issuers = byIss;
    this.#keys = keys;
    this.#remembered.clear();
  }

  get status(): readonly KeySourceStatus[] {
    return [...this.#keys.values()].map(({ source }) => source.status);
  }

  /** Throws TokenRefusedError. The order is that of its list of codes. */
  async verify(compact: string): Promise<VerifiedToken> {
    const proven = await this.#genuine(compact);
    return { ...proven, expires: checkTimes(proven.claims, proven.issuer, this.#now()) };
  }

  /**
   * For explanations, never for admission: a genuine token, and what is wrong with its times, if anything is. Then `expires` is what the token
   * says, or 0. Throws TokenRefusedError for a token that is not genuine.
   */
  async examine(compact: string): Promise<{ readonly token: VerifiedToken; readonly trouble: TokenRefusedError | null }> {
    const proven = await this.#genuine(compact);
    try {
      return { token: { ...proven, expires: checkTimes(proven.claims, proven.issuer, this.#now()) }, trouble: null };
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      const { exp } = proven.claims;
      const sensible = typeof exp === 'number' && exp >= 0 && exp <= 253_402_300_799;
      return { token: { ...proven, expires: sensible ? exp * 1000 : 0 }, trouble: error };
    }
  }

  async #genuine(compact: string): Promise<Omit<VerifiedToken, 'expires'>> {
    const hash = createHash('sha256').update(compact).digest('hex');
    const { token, issuer } = this.#recall(hash) ?? (await this.#prove(compact, hash));
    return { issuer, claims: token.claims, audiences: audiencesOf(token.claims), hash: id<Digest>(hash), jti: jtiOf(token.claims) };
  }

  async #prove(compact: string, hash: string): Promise<Remembered> {
    const token = takeApart(compact);
    const issuer = this.#issuerOf(token);
    if (!issuer.spec.algorithms.some((alg) => alg === token.alg)) refuse('algorithm-refused', `issuer ${issuer.metadata.name} does not sign with this algorithm`);
    const source = this.#keys.get(issuer.metadata.name)?.source ?? refuse('issuer-unknown', 'the issuer has no keys');
    const key = await source.find(token);
    try {
      await compactVerify(compact, key, { algorithms: [token.alg] });
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) refuse('signature-wrong', `the token is not signed by issuer ${issuer.metadata.name}`);
      throw error;
    }
    return this.#remember(hash, { token: { ...token, compact: '' }, issuer, until: this.#now() + rememberFor });
  }

  /** The issuer whose exact `iss` and audience the token carries. Two issuers may share an `iss` if they share no audience. */
  #issuerOf(token: UnverifiedToken): IssuerDocument {
    const { iss } = token.claims;
    // JWT-SVIDs name themselves and their trust domain; `iss` is optional there, and says nothing.
    const named = (typeof iss === 'string' ? this.#issuers.get(iss) : undefined) ?? this.#issuers.get(trustDomainOf(token.claims['sub']) ?? '')?.filter(({ spec }) => spec.provider === 'spiffe' && !('certificates' in spec.keys));
    if (named === undefined || named.length === 0) return refuse('issuer-unknown', 'the token is from an issuer that is not trusted here');
    const audiences = audiencesOf(token.claims);
    const [issuer, other] = named.filter(({ spec }) => spec.audiences.some((audience) => audiences.includes(audience)));
    if (issuer === undefined) return refuse('audience-wrong', `the token was made for somebody else; ask for audience ${named.flatMap(({ spec }) => spec.audiences).join(' or ')}`);
    if (other !== undefined) return refuse('issuer-ambiguous', 'the token carries the audiences of several configured issuers');
    return issuer;
  }

  #recall(hash: string): Remembered | null {
    const found = this.#remembered.get(hash);
    if (found === undefined) return null;
    if (found.until > this.#now()) return found;
    this.#remembered.delete(hash);
    return null;
  }

  #remember(hash: string, proven: Remembered): Remembered {
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= maxRemembered && oldest !== undefined) this.#remembered.delete(oldest);
    // Issuers may have changed while the signature was checked; then it is not remembered.
    if (this.#issuers.get(proven.issuer.spec.issuer)?.includes(proven.issuer) === true) this.#remembered.set(hash, proven);
    return proven;
  }
}

function audiencesOf({ aud }: Claims): readonly string[] {
  const list = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud.filter((one) => typeof one === 'string') : [];
  if (list.length === 0) refuse('claims-missing', 'the token names no audience');
  if (list.length > maxAudiences || (Array.isArray(aud) && aud.length !== list.length)) refuse('claims-malformed', 'the audience is not a short list of strings');
  return list;
}

function jtiOf({ jti }: Claims): string | null {
  if (jti === undefined) return null;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJti) refuse('claims-malformed', 'jti is no string of sensible length');
  return jti;
}
