const esc = 0x1b;

/** A text as a reader of the terminal would see it, byte by byte. */
export interface FoldedText {
  /** Without escapes, zero bytes, and characters that were gone back over. */
  readonly bytes: Uint8Array;
  /** Where a byte of `bytes` came from. */
  readonly source: (at: number) => number;
  /** Up to here no escape is incomplete. */
  readonly complete: number;
}

/** Control strings that go on for longer are shown as they are: they are no escapes of a terminal that anybody uses. */
const longestEscape = 4096;

/** Takes escapes (ECMA-48), backspaces and zero bytes out of a text. No copy when there are none. */
export function foldEscapes(bytes: Uint8Array): FoldedText {
  if (!bytes.includes(esc) && !bytes.includes(0x08) && !bytes.includes(0)) return { bytes, source: (at) => at, complete: bytes.length };
  const plain = Buffer.allocUnsafe(bytes.length);
  const from = new Uint32Array(bytes.length);
  let length = 0;
  let complete = bytes.length;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    if (byte === esc) {
      const end = escapeEnd(bytes, i);
      if (end === -1 && bytes.length - i < longestEscape) {
        complete = i;
        break;
      }
      i = end === -1 ? i + 1 : end;
      continue;
    }
    if (byte === 0x08) length = Math.max(0, length - 1);
    else if (byte !== 0) {
      plain[length] = byte;
      from[length++] = i;
    }
    i++;
  }
  return { bytes: plain.subarray(0, length), source: (at) => (at < length ? (from[at] ?? 0) : complete), complete };
}

/** The end of the escape that begins at `at` (CSI, OSC and other strings, two or three characters), or -1 when it has not come. */
function escapeEnd(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  if (kind === undefined) return -1;
  if (kind === 0x5b) return until(bytes, at + 2, (byte) => byte >= 0x40 && byte <= 0x7e);
  if (kind === 0x5d || kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f) return stringEnd(bytes, at + 2);
  if (kind >= 0x20 && kind <= 0x2f) return at + 2 < bytes.length ? at + 3 : -1;
  return at + 2;
}

function until(bytes: Uint8Array, from: number, ends: (byte: number) => boolean): number {
  for (let i = from; i < bytes.length; i++) if (ends(bytes[i] ?? 0)) return i + 1;
  return -1;
}

function stringEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    if (bytes[i] === 0x07) return i + 1;
    if (bytes[i] === esc && bytes[i + 1] === 0x5c) return i + 2;
  }
  return -1;
}
