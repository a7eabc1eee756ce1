import { sha256 as noble } from '@noble/hashes/sha2.js';

/** In the page, in place of `merkle/sha256.ts`. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const hasher = noble.create();
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}
