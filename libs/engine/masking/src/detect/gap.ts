/** What kind of characters stand between two groups of digits. Two groups belong together only if the kinds agree. */
export const NO_GAP = 0;
export const SPACE = 1;
export const DASH = 2;
export const DOT = 3;
export const LINE = 4;
export const INVISIBLE = 5;
export const OTHER = 6;
export const MIXED = 7;

/** Most characters between two groups: a line break with a little indentation. */
const longest = 3;

/** The gap read last: one object, so that reading a gap allocates nothing. */
export const gap = { kind: NO_GAP, next: 0 };

/**
 * Reads the characters between two groups of digits at `at`. True when a digit follows; `gap.next` is then its place.
 *
 * Known: space, tab, line breaks, `-`, `.`, `/`, `_`, no-break space (C2 A0), soft hyphen (C2 AD), the spaces, zero-width
 * characters and dashes of U+2000 to U+2015, U+202F, U+2060 and the byte order mark. Anything else ends a run.
 */
export function readGap(bytes: Uint8Array, at: number, end: number): boolean {
  let kind = NO_GAP;
  for (let count = 0; at < end; count++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) {
      gap.kind = kind;
      gap.next = at;
      return kind !== NO_GAP;
    }
    if (count === longest) return false;
    const size = gapCharacter(bytes, at, byte);
    if (size === 0) return false;
    kind = kind === NO_GAP || kind === read ? read : MIXED;
    at += size;
  }
  return false;
}

let read = NO_GAP;

/** Bytes of the gap character at `at`, its kind in `read`; 0 when it is none. */
function gapCharacter(bytes: Uint8Array, at: number, byte: number): number {
  switch (byte) {
    case 0x20:
    case 0x09:
      read = SPACE;
      return 1;
    case 0x2d:
      read = DASH;
      return 1;
    case 0x2e:
      read = DOT;
      return 1;
    case 0x0a:
    case 0x0d:
      read = LINE;
      return 1;
    case 0x2f:
    case 0x5f:
      read = OTHER;
      return 1;
    case 0xc2:
      read = bytes[at + 1] === 0xa0 ? SPACE : INVISIBLE;
      return bytes[at + 1] === 0xa0 || bytes[at + 1] === 0xad ? 2 : 0;
    case 0xe2:
      return generalPunctuation(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0);
    case 0xef:
      read = INVISIBLE;
      return bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? 3 : 0;
    default:
      return 0;
  }
}

function generalPunctuation(second: number, third: number): number {
  if (second === 0x81 && third === 0xa0) {
    read = INVISIBLE;
    return 3;
  }
  if (second !== 0x80) return 0;
  if ((third >= 0x80 && third <= 0x8a) || third === 0xaf) read = SPACE;
  else if (third >= 0x8b && third <= 0x8f) read = INVISIBLE;
  else if (third >= 0x90 && third <= 0x95) read = DASH;
  else return 0;
  return 3;
}
