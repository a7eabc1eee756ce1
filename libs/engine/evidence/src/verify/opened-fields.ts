import { commitmentsOf, parseDisclosure, type Envelope } from '@sallyport/domain-events';
import { sha256 } from '../merkle/sha256.ts';
import { toBase64, utf8 } from '../note/text.ts';
import { openingsOf, type PackOpening } from '../pack/openings.ts';
import { place } from '../pack/places.ts';
import type { Say } from './faults.ts';

const file = place.openings;

/** The concealed fields of the events that are shown, and what opens them: SPEC.md, section 4, rule 15. Leaves are told in their order. */
export class OpenedFields {
  readonly #say: Say;
  readonly #lines: Generator<PackOpening | null>;
  readonly #withheld = new Map<string, number>();
  #next: PackOpening | null = null;
  #opened = 0;

  constructor(openings: Uint8Array, say: Say) {
    this.#say = say;
    this.#lines = openingsOf(openings);
    this.#advance();
  }

  get opened(): number {
    return this.#opened;
  }

  get withheld(): number {
    return [...this.#withheld.values()].reduce((sum, n) => sum + n, 0);
  }

  /** An event that is shown. */
  event(leaf: number, event: Envelope): void {
    const commitments = commitmentsOf(event);
    const open = new Set<string>();
    for (const { disclosure } of this.#of(leaf)) {
      const path = parseDisclosure(disclosure)?.path ?? '';
      if (!Object.hasOwn(commitments, path) || commitments[path] !== base64url(sha256(utf8(disclosure)))) this.#say('opening', 'it opens nothing that this event commits to', { file, leaf, id: event.id, sid: event.sid, seq: event.seq });
      else open.add(path);
      this.#opened++;
    }
    for (const path of Object.keys(commitments)) if (!open.has(path)) this.#count(`${path} of ${event.type}`);
  }

  /** Whatever is still there is of a leaf that shows nothing. */
  finish(): string[] {
    this.#skip(Number.POSITIVE_INFINITY);
    if (this.#opened + this.withheld === 0) return [];
    const names = [...this.#withheld].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, n]) => `${what} (${n})`);
    return [`${this.#opened} concealed fields are opened and fit what their events commit to; ${names.length === 0 ? 'none is withheld' : `withheld: ${names.join(', ')}`}`];
  }

  #of(leaf: number): PackOpening[] {
    this.#skip(leaf);
    const own: PackOpening[] = [];
    while (this.#next?.index === leaf) {
      own.push(this.#next);
      this.#advance();
    }
    return own;
  }

  #skip(to: number): void {
    while (this.#next !== null && this.#next.index < to) {
      this.#say('opening', 'it opens a leaf that shows no event', { file, leaf: this.#next.index });
      this.#opened++;
      this.#advance();
    }
  }

  #advance(): void {
    this.#next = null;
    for (;;) {
      const { done, value } = this.#lines.next();
      if (done === true) return;
      if (value !== null) {
        this.#next = value;
        return;
      }
      this.#say('opening', 'a line is not in its one form, or not in its place', { file });
    }
  }

  #count(what: string): void {
    this.#withheld.set(what, (this.#withheld.get(what) ?? 0) + 1);
  }
}

function base64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
