import { createHash, hash } from 'node:crypto';

/** Most of what is hashed is short: one call over one copy costs half of a hash object with updates. */
const scratch = new Uint8Array(16 * 1024);

/**
 * SHA-256 of the parts put together, 32 bytes. A build for the browser replaces this file by one with the same export
 * (nothing else in `merkle/` and `note/` but `ed25519.ts` and `ed25519-pem.ts` touches `node:crypto`).
 */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > scratch.length) return ofLong(parts);
  let at = 0;
  for (const part of parts) {
    scratch.set(part, at);
    at += part.length;
  }
  return plain(hash('sha256', scratch.subarray(0, length), 'buffer'));
}

function ofLong(parts: readonly Uint8Array[]): Uint8Array {
  const hasher = createHash('sha256');
  for (const part of parts) hasher.update(part);
  return plain(hasher.digest());
}

/** Not a `Buffer`, whose `slice` shares memory and which is not equal to what a browser's digest gives. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
