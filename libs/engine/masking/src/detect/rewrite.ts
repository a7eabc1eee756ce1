import { AS_JSON, AS_TEXT, FOLD, FOLDED, type Kind, find, hit } from './find.ts';
import { type Fold, Window, foldJson, foldText, overlap } from './fold.ts';
import { JsonPlace } from './json-place.ts';
import { Out } from './out.ts';
import { standIn } from './stand-in.ts';

const out = new Out();
const window = new Window();
const place = new JsonPlace();

/** What the last rewrite or search found, as detector bits. */
export const found = { kinds: 0 };

/**
 * Bytes [start, end) with every hit replaced inside its text, or undefined when there is none. JSON stays JSON: a hit inside a string
 * stays in the string, a number becomes a string.
 */
export function rewrite(bytes: Uint8Array, start: number, end: number, wanted: number, as: 'text' | 'json'): Uint8Array | undefined {
  found.kinds = 0;
  const standing = as === 'json' ? AS_JSON : AS_TEXT;
  let kind = find(bytes, start, start, end, wanted, standing);
  if (kind === 0) return undefined;
  begin(start, end);
  let copied = start;
  while (kind !== 0) {
    if (kind === FOLD) return rewriteFolded(bytes, start, end, wanted, as);
    copied = replace(bytes, copied, end, hit.start, hit.end, kind, bytes, hit.start, hit.end, as);
    kind = find(bytes, Math.max(copied, hit.end), start, end, wanted, standing);
  }
  out.copy(bytes, copied, end);
  return out.take();
}

/** True when the folded bytes hold a hit. For cells that are hidden whole if anything is found in them. */
export function holds(bytes: Uint8Array, start: number, end: number, wanted: number, fold: Fold): boolean {
  found.kinds = 0;
  windows(bytes, start, end, wanted, fold, (kind) => {
    found.kinds |= kind;
  });
  return found.kinds !== 0;
}

/** The same on bytes as they stand; folds by itself when full-width forms turn up. */
export function holdsPlain(bytes: Uint8Array, start: number, end: number, wanted: number): boolean {
  const kind = find(bytes, start, start, end, wanted, AS_TEXT);
  if (kind === FOLD) return holds(bytes, start, end, wanted, foldText);
  found.kinds = kind;
  return kind !== 0;
}

function rewriteFolded(bytes: Uint8Array, start: number, end: number, wanted: number, as: 'text' | 'json'): Uint8Array | undefined {
  begin(start, end);
  found.kinds = 0;
  let copied = start;
  windows(bytes, start, end, wanted, as === 'json' ? foldJson : foldText, (kind) => {
    const from = window.source(hit.start);
    if (from < copied) return; // inside what was already replaced (the rest of a JSON number)
    copied = replace(bytes, copied, end, from, window.source(hit.end), kind, window.bytes, hit.start, hit.end, as);
  });
  if (found.kinds === 0) return undefined;
  out.copy(bytes, copied, end);
  return out.take();
}

/** Runs the automaton over the folded cell, window by window. A hit in the overlap is left to the next window, which sees what follows it. */
function windows(bytes: Uint8Array, start: number, end: number, wanted: number, fold: Fold, on: (kind: Kind) => void): void {
  for (let at = start; at < end; ) {
    window.length = 0;
    fold(bytes, at, end, window);
    const seam = window.next < end ? window.length - overlap : window.length;
    let next = seam;
    for (let kind = find(window.bytes, 0, 0, window.length, wanted, FOLDED); kind !== 0; ) {
      if (hit.start >= seam) break;
      const to = hit.end;
      on(kind);
      next = Math.max(next, to);
      kind = find(window.bytes, to, 0, window.length, wanted, FOLDED);
    }
    at = window.source(next);
  }
}

function begin(start: number, end: number): void {
  out.begin(end - start + 32);
  place.begin(start);
}

/**
 * Copies up to the hit [from, to) and writes its stand-in, made of `read` [readFrom, readTo) (the same bytes, folded). Returns where
 * copying goes on.
 */
function replace(bytes: Uint8Array, copied: number, end: number, from: number, to: number, kind: Kind, read: Uint8Array, readFrom: number, readTo: number, as: 'text' | 'json'): number {
  found.kinds |= kind;
  if (as === 'text' || place.inString(bytes, from)) {
    out.copy(bytes, copied, from);
    standIn(kind, read, readFrom, readTo, out);
    return to;
  }
  const token = place.token(bytes, copied, from, to, end);
  out.copy(bytes, copied, token);
  out.byte(0x22);
  standIn(kind, read, readFrom, readTo, out);
  out.byte(0x22);
  return place.tokenEnd;
}
