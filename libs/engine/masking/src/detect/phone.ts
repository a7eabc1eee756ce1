import { ALNUM, DIGIT, classAt } from './bytes.ts';
import { DOT, LINE, MIXED, NO_GAP, gap, readGap } from './gap.ts';
import type { Run } from './run.ts';
import { standsAlone } from './ssn.ts';

/** ITU-T E.164: at most 15 digits with the country code. Fewer than 8 is taken for a signed number. */
const fewest = 8;
const most = 15;
const nanp = 11;

/** The last look at an international number saw more than 15 digits in a row: it may be something else. */
export const overlong = { seen: false };

/**
 * The end of an international number whose first digit is at `at`, right after a `+`; -1 when it is none. Country code 1 has exactly
 * eleven digits with an area code from 2 on (so `+10 2026-11-22`, a time zone and a date, is none). Of a longer run the longest
 * beginning of at most 15 digits is taken: the rest may be another number, and hiding a little more is the safe side.
 */
export function internationalPhone(bytes: Uint8Array, at: number, start: number, end: number): number {
  overlong.seen = false;
  const first = bytes[at] ?? 0;
  if (first === 0x30 || (at - 2 >= start && (classAt(bytes, at - 2) & ALNUM) !== 0)) return -1;
  let digits = 0;
  let area = 0;
  let best = -1;
  let dots = NO_GAP;
  for (;;) {
    while (at < end && (classAt(bytes, at) & DIGIT) !== 0) {
      if (++digits === 2) area = bytes[at] ?? 0;
      at++;
    }
    if (digits > most) {
      overlong.seen = true;
      break;
    }
    if (first === 0x31 ? digits === nanp && area >= 0x32 : digits >= fewest) best = at;
    const next = nextGroup(bytes, at, end);
    // A point stands between all groups or between none: `+25.50 1000` is an amount.
    if (next === -1 || (dots !== NO_GAP && (dots === DOT) !== (gap.kind === DOT))) break;
    dots = gap.kind;
    at = next;
  }
  return best;
}

/** Where the next group of digits begins, past a gap, brackets around an area code, or both; a new line is another value. */
function nextGroup(bytes: Uint8Array, at: number, end: number): number {
  if (readGap(bytes, at, end)) return gap.kind === LINE ? -1 : gap.next;
  gap.kind = MIXED;
  for (let taken = 0; taken < 4 && at < end; taken++, at++) {
    const byte = bytes[at] ?? 0;
    if ((classAt(bytes, at) & DIGIT) !== 0) return taken === 0 ? -1 : at;
    if (byte !== 0x20 && byte !== 0x28 && byte !== 0x29 && byte !== 0x2d) return -1;
  }
  return at < end && (classAt(bytes, at) & DIGIT) !== 0 ? at : -1;
}

/** The last group of a US number 3-3-4 that begins with group g, or -1. The area begins with 2 to 9, the exchange (of made-up numbers too) with 1 to 9. */
export function usPhoneAt(bytes: Uint8Array, run: Run, g: number, start: number, end: number): number {
  if (run.size(g) !== 3 || run.size(g + 1) !== 3 || run.size(g + 2) !== 4) return -1;
  if ((bytes[run.from(g)] ?? 0) < 0x32 || (bytes[run.from(g + 1)] ?? 0) < 0x31) return -1;
  const kind = run.before(g + 2);
  const withOne = g === 1 && run.size(0) === 1 && bytes[run.from(0)] === 0x31;
  if (withOne) return standsAlone(bytes, run, 0, g + 2, kind, start, end) ? g + 2 : -1;
  return standsAlone(bytes, run, g, g + 2, kind, start, end) ? g + 2 : -1;
}

/** The end of `(555) 123-4567` whose first digit is at `at`, right after the bracket; -1 when it is none. */
export function bracketedPhone(bytes: Uint8Array, at: number, groupEnd: number, end: number): number {
  if (groupEnd - at !== 3 || (bytes[at] ?? 0) < 0x32 || bytes[groupEnd] !== 0x29) return -1;
  let next = groupEnd + 1;
  if ((next >= end || (classAt(bytes, next) & DIGIT) === 0) && !readGap(bytes, next, end)) return -1;
  if ((classAt(bytes, next) & DIGIT) === 0) next = gap.next;
  const exchange = solid(bytes, next, end);
  if (exchange !== 3 || (bytes[next] ?? 0) < 0x31 || !readGap(bytes, next + 3, end)) return -1;
  const last = gap.next;
  return solid(bytes, last, end) === 4 ? last + 4 : -1;
}

/** How many digits stand at `at`, counted to five. */
function solid(bytes: Uint8Array, at: number, end: number): number {
  let to = at;
  while (to < end && to - at < 5 && (classAt(bytes, to) & DIGIT) !== 0) to++;
  return to - at;
}
