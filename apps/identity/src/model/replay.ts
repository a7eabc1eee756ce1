import { createHash } from 'node:crypto';
import type { VerifiedToken } from '@sallyport/platform-identity';

/** What a token is remembered by: issuer and `jti`, or the whole token where it has none. 32 bytes. */
export function replayKey(token: VerifiedToken): Uint8Array {
  const text = token.jti === null ? `token ${token.hash}` : `jti ${JSON.stringify([token.issuer.spec.issuer, token.jti])}`;
  return createHash('sha256').update(text).digest();
}

/** The first use of a token as it is remembered. */
export interface FirstUse {
  readonly attempt: string;
  readonly source: string;
}

/**
 * Whether this attempt replays a token. `bind_first`: connection pools come again with the same token from the same address, anybody else does
 * not. `single_use`: the first attempt is the only one. An address is compared as the socket gave it; the port does not count.
 */
export function isReplay(mode: 'bind_first' | 'single_use', mine: FirstUse, first: FirstUse): boolean {
  if (mine.attempt === first.attempt) return false;
  return mode === 'single_use' || mine.source !== first.source;
}
