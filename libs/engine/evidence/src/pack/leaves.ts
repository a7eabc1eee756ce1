import { hashLength } from '../merkle/hash.ts';
import { fromDecimal } from '../note/text.ts';
import { decodeBase64 } from './base64.ts';

/** One leaf of a pack: the event's stored bytes, or only its leaf hash where it is withheld. */
export type PackLeaf = { readonly index: number; readonly event: Uint8Array } | { readonly index: number; readonly hash: Uint8Array };

/** Reads `leaves.jsonl` line by line; null for a line that is not in its one form (SPEC.md 3.5). */
export function* leavesOf(file: Uint8Array): Generator<PackLeaf | null> {
  for (const line of bytesOfLines(file)) yield line === null ? null : leafOf(line);
}

/** Each line without its newline; null for what follows the last newline. */
export function* bytesOfLines(file: Uint8Array): Generator<Uint8Array | null> {
  let at = 0;
  for (let end = file.indexOf(newline); end !== -1; end = file.indexOf(newline, at)) {
    yield file.subarray(at, end);
    at = end + 1;
  }
  if (at < file.length) yield null;
}

export function leafOf(line: Uint8Array): PackLeaf | null {
  const head = /^\{"i":([0-9]{1,16}),"(event|hash)":"/.exec(String.fromCharCode(...line.subarray(0, 40)));
  const [start = '', digits = '', form] = head ?? [];
  const index = fromDecimal(digits);
  if (head === null || index === null || line.at(-2) !== quote || line.at(-1) !== brace) return null;
  const bytes = decodeBase64(line.subarray(start.length, -2));
  if (bytes === null) return null;
  if (form === 'event') return { index, event: bytes };
  return bytes.length === hashLength ? { index, hash: bytes } : null;
}

const newline = 0x0a;
const quote = 0x22;
const brace = 0x7d;
