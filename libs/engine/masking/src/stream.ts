import type { MaskCount, TextMask } from '@sallyport/domain-model';
import { AT, DIGIT, GAP, LOCAL, classAt } from './detect/bytes.ts';
import { AS_TEXT, FOLD, find, hit } from './detect/find.ts';
import { Out } from './detect/out.ts';
import { found, rewrite } from './detect/rewrite.ts';
import { standIn } from './detect/stand-in.ts';
import { foldEscapes } from './escapes.ts';
import { ContentCount } from './tally.ts';

/** A tail that could still become a value: longer than any card with gaps or account in groups, and than most addresses of mail. */
const longestTail = 128;
/** What was shown last and is searched again together with what follows. */
const longestContext = 64;
/** Digits that may be shown of a number whose end has not come, after a silence: fewer than any number that is looked for has. */
const fewDigits = 8;
const nothing = new Uint8Array(0);
const stars = Buffer.from('***');

/**
 * Detectors over a text in pieces. Digits and addresses at its end (in an output: words too) are held back until what follows tells what they are. Terminal escapes, backspaces
 * and zero bytes inside of a value are looked through; a hit is shown without those that stood in it.
 *
 * Not seen: values that a terminal is told to put together in another order than they come (cursor movements), values in pieces with other text
 * between them, and everything that detectors do not see in one cell (`content.ts`). Of a value that comes with pauses, the first letters or at
 * most seven digits are shown. Detectors are an aid, not a boundary.
 */
export class StreamMask implements TextMask {
  readonly #wanted: number;
  readonly #words: boolean;
  readonly #count: ContentCount;
  readonly #out = new Out();
  #context: Uint8Array = nothing;
  #kept: Uint8Array = nothing;

  /** @param wanted detectors, as bits */
  constructor(wanted: number, label: string, kind: 'terminal' | 'output') {
    this.#wanted = wanted;
    this.#words = kind === 'output';
    this.#count = new ContentCount(label);
  }

  get held(): number {
    return this.#kept.length;
  }

  push(bytes: Uint8Array): Uint8Array {
    return this.#advance(bytes, true);
  }

  idle(): Uint8Array {
    let digits = 0;
    for (const byte of this.#kept) if (byte >= 0x30 && byte <= 0x39) digits++;
    return digits >= fewDigits || this.#kept.includes(0x40) ? nothing : this.flush();
  }

  flush(): Uint8Array {
    return this.#kept.length === 0 ? nothing : this.#advance(nothing, false);
  }

  counts(): readonly MaskCount[] {
    const all: MaskCount[] = [];
    this.#count.into(all);
    return all;
  }

  #advance(bytes: Uint8Array, holds: boolean): Uint8Array {
    const from = this.#context.length;
    const all = from + this.#kept.length === 0 ? bytes : Buffer.concat([this.#context, this.#kept, bytes]);
    const folded = foldEscapes(all);
    const until = holds ? folded.bytes.length - openTail(folded.bytes, this.#words) : folded.bytes.length;
    const cut = holds ? Math.max(from, until === folded.bytes.length ? folded.complete : folded.source(until)) : all.length;
    this.#kept = cut === all.length ? nothing : all.slice(cut);
    this.#context = all.slice(Math.max(0, cut - longestContext), cut);
    return this.#masked(all, from, cut, folded, until);
  }

  /** Bytes [from, cut) with every hit replaced; what is before `from` was shown, and is only looked at. */
  #masked(all: Uint8Array, from: number, cut: number, { bytes, source }: ReturnType<typeof foldEscapes>, until: number): Uint8Array {
    let kind = find(bytes, 0, 0, until, this.#wanted, AS_TEXT);
    if (kind === 0) return all.subarray(from, cut);
    this.#out.begin(cut - from + 32);
    let copied = from;
    while (kind !== 0) {
      if (kind === FOLD) return this.#wide(all, from, cut);
      const start = source(hit.start);
      const end = source(hit.end - 1) + 1;
      if (end > from) {
        this.#count.add(kind, 'within');
        this.#out.copy(all, copied, Math.max(copied, start));
        if (start < from) this.#out.copy(stars, 0, stars.length);
        else standIn(kind, bytes, hit.start, hit.end, this.#out);
        copied = Math.min(cut, Math.max(copied, end));
      }
      kind = find(bytes, hit.end, 0, until, this.#wanted, AS_TEXT);
    }
    this.#out.copy(all, copied, cut);
    return this.#out.take();
  }

  /** Full-width digits: rare, and read by the fold of cells, without what was shown before. */
  #wide(all: Uint8Array, from: number, cut: number): Uint8Array {
    const replaced = rewrite(all, from, cut, this.#wanted, 'text');
    if (replaced !== undefined) this.#count.add(found.kinds, 'within');
    return replaced ?? all.subarray(from, cut);
  }
}

/** Bytes at the end that could belong to a value which has not ended. @param words also where they hold no digit and no `@` yet */
function openTail(bytes: Uint8Array, words: boolean): number {
  const least = Math.max(0, bytes.length - longestTail);
  let at = bytes.length;
  let interesting = words;
  for (; at > least; at--) {
    const kind = classAt(bytes, at - 1);
    if ((kind & (DIGIT | AT)) !== 0) interesting = true;
    else if (endsValue(bytes, at, kind)) break;
  }
  return interesting ? bytes.length - at : 0;
}

/** True when no value goes on over the byte before `at`: it is in none, or it is a blank behind something that no number or account ends with. */
function endsValue(bytes: Uint8Array, at: number, kind: number): boolean {
  const byte = bytes[at - 1] ?? 0;
  if (byte === 0x28 || byte === 0x29) return false;
  if ((kind & (GAP | LOCAL)) === 0) return true;
  if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  if (at < 2) return true;
  const before = bytes[at - 2] ?? 0;
  return (classAt(bytes, at - 2) & (DIGIT | GAP)) === 0 && before !== 0x29 && !(before >= 0x41 && before <= 0x5a);
}
