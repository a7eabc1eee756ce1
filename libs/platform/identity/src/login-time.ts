import type { Claims } from './compact-jws.ts';

const latest = 253_402_300_799;

/**
 * When whoever a token names had logged in: its `iat`, or its `auth_time` (OpenID Connect Core 1.0 section 2) where that is earlier, because a token that was refreshed is of the session before.
 * Milliseconds since 1970; null where the token does not say, or says something else than a moment.
 */
export function loginTime({ iat, auth_time }: Claims): number | null {
  const times = (auth_time === undefined ? [iat] : [iat, auth_time]).map((value) => (typeof value === 'number' && value >= 0 && value <= latest ? Math.floor(value * 1000) : Number.NaN));
  const earliest = Math.min(...times);
  return Number.isNaN(earliest) ? null : earliest;
}
