import { classAt, DIGIT } from './bytes.ts';
import { DOT, NO_GAP } from './gap.ts';
import type { Run } from './run.ts';

/** Issuer ranges by their first four digits, and the lengths in use. ISO/IEC 7812 and the schemes' public ranges. */
const issuers: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [4000, 4999, [13, 16, 19]], // Visa
  [5100, 5599, [16]], // Mastercard
  [2221, 2720, [16]],
  [3400, 3499, [15]], // American Express
  [3700, 3799, [15]],
  [3000, 3059, [14, 16]], // Diners
  [3095, 3095, [14, 16]],
  [3600, 3699, [14, 16]],
  [3800, 3999, [14, 16]],
  [3528, 3589, [16, 17, 18, 19]], // JCB
  [6000, 6099, [16]], // RuPay, Discover
  [6011, 6011, [16, 17, 18, 19]],
  [6440, 6599, [16, 17, 18, 19]],
  [6200, 6299, [16, 17, 18, 19]], // UnionPay
  [5000, 5099, [12, 13, 14, 15, 16, 17, 18, 19]], // Maestro, RuPay, Verve
  [5600, 5899, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6304, 6304, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6390, 6390, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6700, 6799, [12, 13, 14, 15, 16, 17, 18, 19]],
  [2200, 2204, [16, 17, 18, 19]], // Mir
];

const shortest = 12;
const longest = 19;
/** Bit n: a number of this prefix may have 12 + n digits. */
const lengthsOf = new Uint8Array(10_000);
for (const [from, to, lengths] of issuers) {
  const bits = lengths.reduce((all, length) => all | (1 << (length - shortest)), 0);
  for (let prefix = from; prefix <= to; prefix++) lengthsOf[prefix] = (lengthsOf[prefix] ?? 0) | bits;
}

/** True when [from, to) holds exactly `count` digits (gaps are passed over) that are a card number by issuer range, length and Luhn. */
export function isCard(bytes: Uint8Array, from: number, to: number, count: number): boolean {
  if (count < shortest || count > longest) return false;
  let prefix = 0;
  for (let at = from, taken = 0; taken < 4 && at < to; at++) {
    if ((classAt(bytes, at) & DIGIT) === 0) continue;
    prefix = prefix * 10 + (bytes[at] ?? 0) - 0x30;
    taken++;
  }
  if ((((lengthsOf[prefix] ?? 0) >>> (count - shortest)) & 1) === 0) return false;
  let sum = 0;
  let double = false;
  for (let at = to - 1; at >= from; at--) {
    if ((classAt(bytes, at) & DIGIT) === 0) continue;
    let digit = (bytes[at] ?? 0) - 0x30;
    if (double && (digit *= 2) > 9) digit -= 9;
    double = !double;
    sum += digit;
  }
  return sum % 10 === 0;
}

/**
 * The last group of a card number that begins with group g, or -1. Looked for: one solid group; groups as they are printed (fours, or
 * 4-6-5 and 4-6-4); all groups that hang together by the same kind of gap; the whole run.
 */
export function cardAt(bytes: Uint8Array, run: Run, g: number, start: number, end: number): number {
  const solid = run.size(g);
  if (solid >= shortest) return !isFraction(run, g) && isCard(bytes, run.from(g), run.to(g), solid) && !isHexId(bytes, run.from(g), run.to(g), start, end) ? g : -1;
  if (g + 1 >= run.count) return -1;
  const printed = printedCard(bytes, run, g);
  if (printed !== -1) return printed;
  const alike = alikeUntil(run, g);
  if (alike !== -1 && isCardOf(bytes, run, g, alike)) return alike;
  return g === 0 && !run.cut && !(run.count === 2 && run.before(1) === DOT) && isCardOf(bytes, run, 0, run.count - 1) ? run.count - 1 : -1;
}

function printedCard(bytes: Uint8Array, run: Run, g: number): number {
  if (run.size(g) !== 4) return -1;
  if (run.size(g + 1) === 6) return (run.size(g + 2) === 5 || run.size(g + 2) === 4) && isCardOf(bytes, run, g, g + 2) ? g + 2 : -1;
  let fours = 1;
  while (fours < 5 && run.size(g + fours) === 4) fours++;
  // The longest form first: 4-4-4-4-3 before 4-4-4-4. The last group may be shorter than four, or five (13 digits as 4-4-5).
  for (let groups = Math.min(fours + 1, 5); groups >= 3; groups--) {
    const last = g + groups - 1;
    if (last < run.count && run.size(last) <= 5 && isCardOf(bytes, run, g, last)) return last;
  }
  return -1;
}

/** The end of the groups from g on that hang together by one kind of gap, when g is where they begin; else -1. */
function alikeUntil(run: Run, g: number): number {
  const kind = run.before(g + 1);
  if (kind === NO_GAP || run.before(g) === kind) return -1;
  let last = g + 1;
  while (last + 1 < run.count && run.before(last + 1) === kind) last++;
  return last === g + 1 && kind === DOT ? -1 : last; // two groups with a dot are a decimal number
}

function isCardOf(bytes: Uint8Array, run: Run, first: number, last: number): boolean {
  let digits = 0;
  for (let g = first; g <= last; g++) if ((digits += run.size(g)) > longest) return false;
  return isCard(bytes, run.from(first), run.to(last), digits);
}

/** Group g is what follows the point of a decimal number: `0.4111111111111111`. */
function isFraction(run: Run, g: number): boolean {
  return run.before(g) === DOT && run.before(g - 1) !== DOT && run.before(g + 1) !== DOT;
}

/** How far around a number the rest of a hexadecimal id is looked for, and how many more digits make it one. */
const idReach = 64;
const idExtra = 8;

/** The digits are a piece of a longer hexadecimal word: a hash, an id. */
function isHexId(bytes: Uint8Array, from: number, to: number, start: number, end: number): boolean {
  let left = from;
  while (left > start && from - left < idReach && isHex(bytes[left - 1] ?? 0)) left--;
  let right = to;
  while (right < end && right - to < idReach && isHex(bytes[right] ?? 0)) right++;
  return from - left + (right - to) >= idExtra;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
