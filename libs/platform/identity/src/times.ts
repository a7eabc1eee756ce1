import { seconds, type IssuerDocument } from '@sallyport/platform-config';
import type { Claims } from './compact-jws.ts';
import { refuse } from './refused.ts';

/** RFC 7519 NumericDate claims against the clock, with the issuer's skew. `exp` and `iat` are required; a JWT-SVID may leave `iat` out, and then may not last longer than the oldest accepted token. Returns `exp` in milliseconds. */
export function checkTimes(claims: Claims, issuer: IssuerDocument, nowMs: number): number {
  const now = nowMs / 1000;
  const skew = seconds(issuer.spec.clockSkew);
  const exp = time(claims, 'exp') ?? refuse('claims-missing', 'the token never expires (no exp)');
  const iat = time(claims, 'iat') ?? (issuer.spec.provider === 'spiffe' ? exp - seconds(issuer.spec.maxTokenAge) : null) ?? refuse('claims-missing', 'the token does not say when it was issued (no iat)');
  const nbf = time(claims, 'nbf');
  if (now >= exp + skew) refuse('token-expired', `the token expired at ${iso(exp)}`);
  if (nbf !== null && nbf > now + skew) refuse('token-not-yet-valid', `the token is valid from ${iso(nbf)} on`);
  if (iat > now + skew) refuse('token-not-yet-valid', `the token was issued in the future, at ${iso(iat)}`);
  if (now - iat > seconds(issuer.spec.maxTokenAge) + skew) refuse('token-too-old', `the token was issued at ${iso(iat)}, longer than ${issuer.spec.maxTokenAge} ago`);
  return exp * 1000;
}

/** Seconds since 1970 up to the year 9999. Strings are no dates. */
function time(claims: Claims, name: string): number | null {
  const value = claims[name];
  if (value === undefined) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > 253_402_300_799) refuse('claims-malformed', `${name} is no date`);
  return value;
}

const iso = (at: number) => new Date(at * 1000).toISOString();
