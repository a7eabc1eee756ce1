import type { CellMask, CellType, ColumnRef } from '@sallyport/domain-model';
import { isCard } from './detect/card.ts';
import { CARD } from './detect/find.ts';
import { foldHex, foldLengths, foldOctal } from './detect/fold.ts';
import { found, holds, holdsPlain, rewrite } from './detect/rewrite.ts';
import type { ContentCount } from './tally.ts';

const masked = Buffer.from('[masked]', 'latin1');
const maskedHex = Buffer.from(`\\x${masked.toString('hex')}`, 'latin1');

/**
 * The mask of a column without a rule: detectors look at each cell. Null when cells of this type are not looked at.
 * Text and JSON keep everything but the hits; bytes and numbers with a hit are hidden whole, and so are arrays and composites.
 *
 * Not seen: numbers in binary format beyond 8-byte integers of up to 16 digits and `numeric`; numbers inside binary arrays; dates; and
 * what is encoded again inside a text (base64, hex, percent, reversed, compressed). Detectors are an aid; the boundary is the tag.
 */
export function content(column: Pick<ColumnRef, 'type' | 'format'>, wanted: number, count: ContentCount): CellMask | null {
  if (wanted === 0) return null;
  const binary = column.format === 'binary';
  const type: CellType = column.type;
  switch (type) {
    case 'text':
      return (bytes, start, end) => within(rewrite(bytes, start, end, wanted, 'text'), count);
    case 'json':
      return binary
        ? (bytes, start, end) => jsonBinary(bytes, start, end, wanted, count)
        : (bytes, start, end) => within(rewrite(bytes, start, end, wanted, 'json'), count);
    case 'bytes':
      return binary
        ? (bytes, start, end) => (holdsPlain(bytes, start, end, wanted) ? hidden(masked, count) : undefined)
        : (bytes, start, end) => (holdsEncoded(bytes, start, end, wanted) ? hidden(maskedHex, count) : undefined);
    case 'number':
      if ((wanted & CARD) === 0) return null;
      return binary ? (bytes, start, end) => (isCardBinary(bytes, start, end) ? absent(CARD, count) : undefined) : (bytes, start, end) => (isCardText(bytes, start, end) ? absent(CARD, count) : undefined);
    case 'other':
      return binary
        ? (bytes, start, end) => (holds(bytes, start, end, wanted, foldLengths) ? absent(found.kinds, count) : undefined)
        : (bytes, start, end) => (holdsPlain(bytes, start, end, wanted) ? absent(found.kinds, count) : undefined);
    case 'temporal':
    case 'boolean':
    case 'uuid':
      return null;
    default:
      return () => null;
  }
}

function within(replaced: Uint8Array | undefined, count: ContentCount): Uint8Array | undefined {
  if (replaced !== undefined) count.add(found.kinds, 'within');
  return replaced;
}

function hidden(stand: Uint8Array, count: ContentCount): Uint8Array {
  count.add(found.kinds, 'whole');
  return stand;
}

function absent(kinds: number, count: ContentCount): null {
  count.add(kinds, 'absent');
  return null;
}

/** `jsonb` has a version byte, `json` has none. */
function jsonBinary(bytes: Uint8Array, start: number, end: number, wanted: number, count: ContentCount): Uint8Array | undefined {
  if (bytes[start] !== 1 || start >= end) return within(rewrite(bytes, start, end, wanted, 'json'), count);
  const replaced = within(rewrite(bytes, start + 1, end, wanted, 'json'), count);
  return replaced === undefined ? undefined : Buffer.concat([Uint8Array.of(1), replaced]);
}

/** PostgreSQL writes bytes as `\x…` or, with `bytea_output = escape`, with octal escapes. */
function holdsEncoded(bytes: Uint8Array, start: number, end: number, wanted: number): boolean {
  const hex = end - start >= 2 && bytes[start] === 0x5c && bytes[start + 1] === 0x78;
  return hex ? holds(bytes, start + 2, end, wanted, foldHex) : holds(bytes, start, end, wanted, foldOctal);
}

/** A whole number, or one with a fraction: `4111111111111111`, `4111111111111111.00`. */
function isCardText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 12) return false;
  if (bytes[start] === 0x2d) start++;
  let to = start;
  while (to < end && (bytes[to] ?? 0) >= 0x30 && (bytes[to] ?? 0) <= 0x39) to++;
  return (to === end || bytes[to] === 0x2e) && isCard(bytes, start, to, to - start);
}

const scratch = Buffer.alloc(24);

/**
 * An 8-byte integer of 12 to 16 digits (read as a double such bytes would be smaller than 1e-300, so that no real double is taken for
 * one), or PostgreSQL's `numeric`: count of base-10000 digits, weight, sign, scale, digits.
 */
function isCardBinary(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start;
  if (size === 8) {
    const value = word(bytes, start) * 0x1_0000_0000 + word(bytes, start + 4);
    return value >= 1e11 && value < 9e15 && isCardNumber(String(value));
  }
  if (size < 14 || size !== 8 + 2 * half(bytes, start)) return false;
  const weight = half(bytes, start + 2);
  const sign = half(bytes, start + 4);
  if (weight < 2 || weight > 4 || (sign !== 0 && sign !== 0x4000)) return false;
  let whole = '';
  for (let i = 0; i <= weight; i++) whole += String(8 + 2 * i < size ? half(bytes, start + 8 + 2 * i) : 0).padStart(i === 0 ? 0 : 4, '0');
  return isCardNumber(whole);
}

function isCardNumber(digits: string): boolean {
  return digits.length <= 19 && isCard(scratch, 0, scratch.write(digits, 0, 'latin1'), digits.length);
}

function half(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function word(bytes: Uint8Array, at: number): number {
  return half(bytes, at) * 0x1_0000 + half(bytes, at + 2);
}
