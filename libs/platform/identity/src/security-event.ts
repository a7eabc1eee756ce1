import { issuerDocument } from '@sallyport/platform-config';
import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import { dpopAlgorithms } from './dpop.ts';
import { KeySource } from './key-source.ts';
import { TokenRefusedError } from './refused.ts';

/** RFC 8935 section 2.4, and `unavailable`: the transmitter's keys cannot be had, which is not its event's fault. */
export type SecurityEventRefusal = 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience' | 'authentication_failed' | 'unavailable';

/** Holds no part of the event. */
export class SecurityEventError extends Error {
  override readonly name = 'SecurityEventError';
  readonly code: SecurityEventRefusal;

  constructor(code: SecurityEventRefusal, say: string) {
    super(say);
    this.code = code;
  }
}

/** Whose events are taken: exact `iss` and `aud`, and where its keys are. */
export interface EventIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** PEM text of the authority of its servers; null for the system's. */
  readonly authority: string | null;
}

/** A security event token whose sender, audience and age are proven. */
export interface SecurityEvent {
  readonly jti: string;
  /** `iat`, milliseconds since 1970. */
  readonly issued: number;
  /** `toe`, when it happened, or `iat`. */
  readonly happened: number;
  /** By the URI of each event's type. */
  readonly events: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** `sub_id` (RFC 9493), as it came; undefined where the events name their subjects themselves. */
  readonly subject: unknown;
}

const longest = 64 * 1024;
/** An event that took longer to come is refused; its `jti` has to be remembered for so long. In milliseconds. */
export const oldestSecurityEvent = 30 * 86_400_000;
const skew = 5 * 60_000;
const types = ['secevent+jwt', 'application/secevent+jwt'];

/** Verifies security event tokens (RFC 8417, as OpenID Shared Signals 1.0 profiles it). That none is taken twice is for the caller: `jti`. */
export class SecurityEventVerifier {
  readonly #now: () => number;
  readonly #sources = new Map<string, { readonly of: string; readonly source: KeySource }>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Throws SecurityEventError. */
  async verify(compact: string, from: EventIssuer): Promise<SecurityEvent> {
    if (compact.length > longest) throw new SecurityEventError('invalid_request', `the event is longer than ${longest} characters`);
    const { alg, kid } = header(compact);
    const claims = await this.#proven(compact, from, alg, kid);
    if (claims['iss'] !== from.issuer) throw new SecurityEventError('invalid_issuer', 'the event is not of the issuer that this directory was added with');
    const aud = claims['aud'];
    if (aud !== from.audience && !(Array.isArray(aud) && aud.includes(from.audience))) throw new SecurityEventError('invalid_audience', 'the event was made for somebody else');
    const issued = time(claims['iat']) ?? refuse('the event does not say when it was issued (iat)');
    if (issued > this.#now() + skew) refuse('the event was issued in the future');
    if (issued < this.#now() - oldestSecurityEvent) refuse('the event is older than 30 days');
    const jti = claims['jti'];
    if (typeof jti !== 'string' || jti === '' || jti.length > 512) refuse('the event has no jti of sensible length');
    const events = claims['events'];
    if (!isObject(events) || Object.keys(events).length === 0 || Object.keys(events).length > 20) refuse('the token holds no events');
    return { jti, issued, happened: Math.min(time(claims['toe']) ?? issued, this.#now()), events: new Map(Object.entries(events).map(([type, event]) => [type, isObject(event) ? event : {}])), subject: claims['sub_id'] };
  }

  async #proven(compact: string, from: EventIssuer, alg: string, kid: string | undefined): Promise<Readonly<Record<string, unknown>>> {
    try {
      const { payload } = await compactVerify(compact, await this.#source(from).find({ alg, kid }), { algorithms: [alg] });
      const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
      if (isObject(claims)) return claims;
    } catch (error) {
      if (error instanceof TokenRefusedError) throw new SecurityEventError(error.code === 'issuer-unreachable' ? 'unavailable' : 'invalid_key', error.message);
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw new SecurityEventError('authentication_failed', 'the event is not signed by the key that it names');
      if (!(error instanceof SyntaxError)) throw error;
    }
    return refuse('the event is no JSON object');
  }

  #source(from: EventIssuer): KeySource {
    const of = JSON.stringify([from.issuer, from.jwksUri, from.authority]);
    const kept = this.#sources.get(from.name);
    if (kept?.of === of) return kept.source;
    const keys = { jwksUri: from.jwksUri, ...(from.authority === null ? {} : { ca: from.authority }) };
    const source = new KeySource(issuerDocument.parse({ apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: from.name }, spec: { issuer: from.issuer, provider: 'generic', trusts: ['people'], keys, algorithms: ['ES256'], audiences: [from.audience] } }), this.#now);
    this.#sources.set(from.name, { of, source });
    return source;
  }
}

function header(compact: string): { readonly alg: string; readonly kid: string | undefined } {
  try {
    const { typ, alg, kid, crit } = decodeProtectedHeader(compact);
    if (compact.split('.').length !== 3 || typeof typ !== 'string' || !types.includes(typ.toLowerCase())) return refuse('no security event token: typ must be secevent+jwt');
    if (crit !== undefined) return refuse('the header asks for an extension that is not supported');
    if (alg === undefined || !dpopAlgorithms.some((one) => one === alg)) throw new SecurityEventError('invalid_key', `events are signed with one of ${dpopAlgorithms.join(', ')}`);
    return { alg, kid: typeof kid === 'string' ? kid : undefined };
  } catch (error) {
    if (error instanceof SecurityEventError) throw error;
    return refuse('no security event token: not a signed JWT');
  }
}

function time(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 253_402_300_799 ? value * 1000 : null;
}

function refuse(say: string): never {
  throw new SecurityEventError('invalid_request', say);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
