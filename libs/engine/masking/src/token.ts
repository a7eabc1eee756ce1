import { hash } from 'node:crypto';

const block = 64;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const length = 20;
/** RFC 2104: a longer key is hashed first. */
const shortestKey = 32;

export class TokenKeyError extends Error {
  readonly code = 'ERR_TOKEN_KEY';
}

/**
 * Makes tokens that are equal for equal values of one tag, so that joins and groupings still work on masked data, and that cannot be
 * turned back: `tok_` and 100 bits of HMAC-SHA-256(key, tag ‖ 0 ‖ value) in base32 (RFC 4648, small letters). Trailing spaces are
 * not part of a value, so that `char(n)` and `text` agree. What remains open: how often a value occurs, and guessing by whoever can
 * write rows and read their tokens.
 *
 * HMAC is written out over the one-shot hash, which answers with a string of bytes: on Node 24 an answer as Buffer costs ten times
 * as much, an Hmac object fifty times.
 */
export class Tokens {
  #inner: Buffer;
  readonly #outer = Buffer.alloc(block + 32);

  /** @param key at least 32 bytes. Throws TokenKeyError. */
  constructor(key: Uint8Array) {
    if (key.byteLength < shortestKey) throw new TokenKeyError(`the token key must have at least ${shortestKey} bytes`);
    const short = key.byteLength > block ? hash('sha256', key, 'buffer') : key;
    this.#inner = Buffer.alloc(512);
    for (let i = 0; i < block; i++) {
      this.#inner[i] = (short[i] ?? 0) ^ 0x36;
      this.#outer[i] = (short[i] ?? 0) ^ 0x5c;
    }
  }

  /** The token of bytes [start, end) under a tag, 24 ASCII bytes. */
  of(tag: string, bytes: Uint8Array, start: number, end: number): Uint8Array {
    while (end > start && bytes[end - 1] === 0x20) end--;
    const size = block + tag.length + 1 + end - start;
    const inner = size <= this.#inner.length ? this.#inner : this.#copy(size);
    inner.write(tag, block, 'latin1');
    inner[block + tag.length] = 0;
    inner.set(bytes.subarray(start, end), block + tag.length + 1);
    this.#outer.write(hash('sha256', inner.subarray(0, size), 'binary'), block, 'latin1');
    return Buffer.from(`tok_${base32(hash('sha256', this.#outer, 'binary'))}`, 'latin1');
  }

  /** A larger block for one long value; not kept. */
  #copy(size: number): Buffer {
    const inner = Buffer.alloc(size);
    inner.set(this.#inner.subarray(0, block));
    return inner;
  }
}

function base32(digest: string): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let i = 0; text.length < length; i++) {
    held = ((held << 8) | digest.charCodeAt(i)) & 0xfff;
    for (bits += 8; bits >= 5 && text.length < length; bits -= 5) text += alphabet[(held >>> (bits - 5)) & 31];
  }
  return text;
}
