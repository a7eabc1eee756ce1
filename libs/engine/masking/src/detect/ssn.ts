import { ALNUM, classAt } from './bytes.ts';
import { MIXED } from './gap.ts';
import type { Run } from './run.ts';

/**
 * The last group of a US social security number that begins with group g, or -1: 3-2-4 digits with the same gap twice, never area
 * 000, 666 or 9xx, group 00 or serial 0000. Nine digits without gaps are not taken for one: too many other numbers look so.
 */
export function ssnAt(bytes: Uint8Array, run: Run, g: number, start: number, end: number): number {
  if (run.size(g) !== 3 || run.size(g + 1) !== 2 || run.size(g + 2) !== 4) return -1;
  const kind = run.before(g + 1);
  if (kind === MIXED || kind !== run.before(g + 2) || !standsAlone(bytes, run, g, g + 2, kind, start, end)) return -1;
  const area = number(bytes, run.from(g), 3);
  if (area === 0 || area === 666 || area >= 900) return -1;
  return number(bytes, run.from(g + 1), 2) === 0 || number(bytes, run.from(g + 2), 4) === 0 ? -1 : g + 2;
}

/** Groups first to last touch no letter, and the groups around them hang on by another kind of gap, if at all. */
export function standsAlone(bytes: Uint8Array, run: Run, first: number, last: number, kind: number, start: number, end: number): boolean {
  if (first > 0 ? run.before(first) === kind : run.from(0) > start && (classAt(bytes, run.from(0) - 1) & ALNUM) !== 0) return false;
  if (last + 1 < run.count) return run.before(last + 1) !== kind;
  return run.to(last) >= end || (classAt(bytes, run.to(last)) & ALNUM) === 0;
}

function number(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) value = value * 10 + (bytes[at + i] ?? 0) - 0x30;
  return value;
}
