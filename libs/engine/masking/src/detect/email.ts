import { LABEL, LOCAL, classes, isLetter } from './bytes.ts';

/** Where the local part before the `@` at `at` begins; `at` itself when there is none. Looks no further back than `from`. */
export function localStart(bytes: Uint8Array, from: number, at: number): number {
  const table = classes;
  let left = at;
  while (left > from && ((table[bytes[left - 1] ?? 0] ?? 0) & LOCAL) !== 0) left--;
  return left;
}

/** The end of a host name with at least one point and a label of letters after it, beginning at `at`; -1 when there is none. */
export function domainEnd(bytes: Uint8Array, at: number, end: number): number {
  const table = classes;
  let label = at;
  let named = false;
  let to = at;
  for (; to < end; to++) {
    if (((table[bytes[to] ?? 0] ?? 0) & LABEL) !== 0) continue;
    if (bytes[to] !== 0x2e || to === label) break;
    named ||= label > at && isName(bytes, label, to);
    label = to + 1;
  }
  named ||= label > at && isName(bytes, label, to);
  if (!named) return -1;
  return to === label ? to - 1 : to; // a point at the end belongs to the sentence
}

function isName(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from] ?? 0;
  return to - from >= 2 && (isLetter(first) || first >= 0x80);
}
