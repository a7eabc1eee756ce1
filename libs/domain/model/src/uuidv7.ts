import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(4096);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let at = pool.length;
let last = 0;
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, a 12-bit counter that keeps ids of one process in
 * order within a millisecond (section 6.2, method 1), 62 random bits. A clock that steps back does not make ids go back.
 */
export function uuidv7(now: number = Date.now()): string {
  if (now > last) {
    last = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    last++;
    counter = 0;
  }
  if (at + 8 > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const high = Math.floor(last / 0x1_0000);
  const h = (byte: number) => hex[byte & 0xff];
  const r = (i: number) => pool[at + i] ?? 0;
  const text =
    `${h(high >>> 24)}${h(high >>> 16)}${h(high >>> 8)}${h(high)}-${h(last >>> 8)}${h(last)}` +
    `-${h(0x70 | (counter >>> 8))}${h(counter)}-${h(0x80 | (r(0) & 0x3f))}${h(r(1))}-${h(r(2))}${h(r(3))}${h(r(4))}${h(r(5))}${h(r(6))}${h(r(7))}`;
  at += 8;
  return text;
}
