import type { DetectorName } from '@sallyport/domain-model';
import { AT, DIGIT, GAP, STOP, WIDE, classAt, classes, isLetter } from './bytes.ts';
import { cardAt } from './card.ts';
import { domainEnd, localStart } from './email.ts';
import { readGap } from './gap.ts';
import { ibanAt } from './iban.ts';
import { bracketedPhone, internationalPhone, overlong, usPhoneAt } from './phone.ts';
import { Run } from './run.ts';
import { ssnAt } from './ssn.ts';

/** What was found: 0 for nothing, else a detector's bit, or FOLD. Bits, so that a set of detectors is one number. */
export type Kind = number;
export const CARD = 1;
export const SSN = 2;
export const IBAN = 4;
export const EMAIL = 8;
export const PHONE = 16;
/** The bytes have full-width forms (or, in JSON, escapes): they must be read through `fold.ts` instead. */
export const FOLD = 32;

export const bitOf: Readonly<Record<DetectorName, number>> = { card: CARD, ssn: SSN, iban: IBAN, email: EMAIL, phone: PHONE };

/** How the bytes stand: as text, as JSON text, or already folded. */
export const AS_TEXT = 0;
export const AS_JSON = 1;
export const FOLDED = 2;

/** Where the last hit lies: bytes [start, end). One object for the process, so that a hit allocates nothing. */
export const hit = { start: 0, end: 0 };

const run = new Run();
const fewestDigits = 8;
const longGroup = 12;

/**
 * Finds the next thing of a `wanted` kind in bytes [at, end) of a cell that begins at `start`, in one pass: it stops at digits and
 * at `@` only, and checks on the bytes. Linear in the length of the cell.
 */
export function find(bytes: Uint8Array, at: number, start: number, end: number, wanted: number, standing: number): Kind {
  const table = classes; // a local: an imported binding would be read anew for each byte
  for (let i = at; i < end; i++) {
    // Four at a time while nothing stops it: nearly twice as fast on plain text. Eight are slower.
    while (i + 3 < end && (((table[bytes[i] ?? 0] ?? 0) | (table[bytes[i + 1] ?? 0] ?? 0) | (table[bytes[i + 2] ?? 0] ?? 0) | (table[bytes[i + 3] ?? 0] ?? 0)) & STOP) === 0) i += 4;
    if (i >= end) break;
    const stop = (table[bytes[i] ?? 0] ?? 0) & STOP;
    if (stop === 0) continue;
    if (stop === DIGIT) {
      let j = i + 1;
      while (j < end && ((table[bytes[j] ?? 0] ?? 0) & DIGIT) !== 0) j++;
      const before = i > at ? (bytes[i - 1] ?? 0) : 0;
      if (j - i < longGroup && before !== 0x2b && before !== 0x28 && !isLetter(before) && !(j < end && ((table[bytes[j] ?? 0] ?? 0) & GAP) !== 0 && readGap(bytes, j, end))) {
        i = j - 1;
        continue;
      }
      const kind = digits(bytes, i, j, before, at, start, end, wanted);
      if (kind !== 0) return kind;
      i = resume - 1;
      continue;
    }
    if (stop === AT) {
      if ((wanted & EMAIL) === 0) continue;
      const left = localStart(bytes, at, i);
      const right = left < i ? domainEnd(bytes, i + 1, end) : -1;
      if (right === -1) continue;
      return take(left, right, EMAIL);
    }
    if (standing === FOLDED) continue;
    if (stop === WIDE ? bytes[i + 1] === 0xbc || bytes[i + 1] === 0xbd : standing === AS_JSON) return FOLD;
  }
  return 0;
}

/** Where the automaton goes on after a run of digits without a hit. */
let resume = 0;

/** A run of digits that begins at `i`, its first group ending at `j`. */
function digits(bytes: Uint8Array, i: number, j: number, before: number, at: number, start: number, end: number, wanted: number): Kind {
  if (isLetter(before)) {
    if ((wanted & IBAN) !== 0 && j - i >= 2) {
      const to = ibanAt(bytes, i, at, end);
      if (to !== -1) return take(i - 2, to, IBAN);
    }
    if (j - i < longGroup && (j >= end || (classAt(bytes, j) & GAP) === 0)) {
      resume = j;
      return 0;
    }
  }
  if ((wanted & PHONE) !== 0 && (before === 0x2b || before === 0x28)) {
    const to = before === 0x2b ? internationalPhone(bytes, i, start, end) : bracketedPhone(bytes, i, j, end);
    if (to !== -1 && !overlong.seen) return take(i - 1, to, PHONE);
    run.read(bytes, i, j, end);
    const card = (wanted & CARD) !== 0 ? cardAt(bytes, run, 0, start, end) : -1;
    if (card !== -1) return take(i, run.to(card), CARD);
    if (to !== -1) return take(i - 1, to, PHONE);
  } else {
    run.read(bytes, i, j, end);
  }
  return groups(bytes, start, end, wanted);
}

/** Looks for a number that begins with any of the run's groups, the leftmost first. */
function groups(bytes: Uint8Array, start: number, end: number, wanted: number): Kind {
  const { count } = run;
  // A run that was cut is read again from its middle, so that a number on the seam is seen whole.
  resume = run.cut ? run.from(count >>> 1) : run.to(count - 1);
  if (run.to(count - 1) - run.from(0) < fewestDigits) return 0;
  const until = run.cut ? count >>> 1 : count;
  for (let g = 0; g < until; g++) {
    let last = (wanted & CARD) !== 0 ? cardAt(bytes, run, g, start, end) : -1;
    if (last !== -1) return take(run.from(g), run.to(last), CARD);
    if (run.size(g) !== 3) continue;
    last = (wanted & SSN) !== 0 ? ssnAt(bytes, run, g, start, end) : -1;
    if (last !== -1) return take(run.from(g), run.to(last), SSN);
    last = (wanted & PHONE) !== 0 ? usPhoneAt(bytes, run, g, start, end) : -1;
    if (last !== -1) return take(run.from(g), run.to(last), PHONE);
  }
  return 0;
}

function take(start: number, end: number, kind: Kind): Kind {
  hit.start = start;
  hit.end = end;
  return kind;
}
