/** What a byte may be to a detector: one table look-up for each byte of a cell. */
export const DIGIT = 1;
export const AT = 2;
/** First byte of a full-width form (U+FF01 to U+FF5E are EF BC 81 to EF BD 9E). */
export const WIDE = 4;
/** A backslash: matters in JSON only. */
export const ESCAPE = 8;
/** The automaton stops at these and at nothing else. */
export const STOP = DIGIT | AT | WIDE | ESCAPE;
/** May begin what stands between two groups of digits. */
export const GAP = 16;
/** Part of an email's local part. Every byte from 0x80 counts: names are not ASCII. */
export const LOCAL = 32;
/** Part of a label of a host name. */
export const LABEL = 64;
export const ALNUM = 128;

export const classes = new Uint8Array(256);

const mark = (characters: string, bits: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | bits;
  }
};
const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
mark(digits, DIGIT);
mark('@', AT);
mark('\\', ESCAPE);
mark(digits + letters, ALNUM | LOCAL | LABEL);
mark('._%+-', LOCAL);
mark('-', LABEL);
mark(' \t\r\n-./_\u00c2\u00e2\u00ef', GAP);
for (let code = 0x80; code < 0x100; code++) classes[code] = (classes[code] ?? 0) | LOCAL | LABEL;
classes[0xef] = (classes[0xef] ?? 0) | WIDE;

/** The classes of the byte at `at`; 0 outside of [0, length). */
export function classAt(bytes: Uint8Array, at: number): number {
  return classes[bytes[at] ?? 0] ?? 0;
}

export function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
