import { classOf, commitmentsOf, fieldClasses, opened, parseDisclosure, type Concealing } from '@sallyport/domain-events';
import type { PackOpening, Redaction } from '@sallyport/engine-evidence';
import { Failure } from '../failure.ts';

/** What is not to be opened in a pack, and why. */
export interface WithholdRule {
  /** A class (`person`), a field of any event (`d.by`), or a field of one type (`approval.voted/d.by`). */
  readonly what: string;
  readonly reason: string;
}

/** `person=the works council has asked for it`. Throws Failure. */
export function parseWithhold(text: string): WithholdRule {
  const at = text.indexOf('=');
  const [what, reason] = [text.slice(0, at), text.slice(at + 1).trim()];
  const known = (fieldClasses as readonly string[]).includes(what) || /^([a-z_]+\.[a-z_]+\/)?(who\.id|d\.[a-z_]+)$/.test(what);
  if (at < 1 || !known || reason === '') throw new Failure('usage', '--withhold is FIELD=REASON', `FIELD is one of ${fieldClasses.join(', ')}, a field like d.by or who.id, or one of a type like approval.voted/d.by; nothing is withheld without a reason`);
  return { what, reason };
}

const gone = 'could not be opened: its ciphertext or its key is gone, or the maker of the pack may not see it';

/** Decides field by field what a pack opens, and keeps count of the rest for `redactions.csv`. */
export class Withholding {
  readonly #rules: readonly WithholdRule[];
  readonly #withheld = new Map<string, { what: string; reason: string; times: number; from: number; to: number }>();

  constructor(rules: readonly WithholdRule[]) {
    this.#rules = rules;
  }

  /** The event as the pack shows it, and what opens it there. */
  of<E extends Concealing & { readonly type: string }>(leaf: number, event: E, disclosures: readonly string[]): { readonly event: E; readonly openings: readonly PackOpening[] } {
    const commitments = commitmentsOf(event);
    if (Object.keys(commitments).length === 0) return { event, openings: [] };
    const kept = disclosures.filter((text) => this.#reason(event.type, parseDisclosure(text)?.path ?? '') === null);
    const { event: shown, withheld } = opened(event, kept);
    for (const path of withheld) this.#count(leaf, event.type, path);
    const paths = new Set(Object.keys(commitments).filter((path) => !withheld.includes(path)));
    return { event: shown, openings: kept.filter((text) => paths.has(parseDisclosure(text)?.path ?? '')).map((disclosure) => ({ index: leaf, disclosure })) };
  }

  /** Fields that are not opened. */
  get count(): number {
    return [...this.#withheld.values()].reduce((sum, { times }) => sum + times, 0);
  }

  redactions(): Redaction[] {
    return [...this.#withheld.values()].map(({ what, reason, times, from, to }) => ({ from, to: to + 1, what: `${what}, ${times} ${times === 1 ? 'time' : 'times'}`, reason }));
  }

  #reason(type: string, path: string): string | null {
    const of = classOf(type, path);
    return this.#rules.find(({ what }) => what === of || what === path || what === `${type}/${path}`)?.reason ?? null;
  }

  #count(leaf: number, type: string, path: string): void {
    const reason = this.#reason(type, path) ?? gone;
    const key = `${type}/${path}/${reason}`;
    const known = this.#withheld.get(key);
    if (known === undefined) this.#withheld.set(key, { what: `field ${path} of ${type}`, reason, times: 1, from: leaf, to: leaf });
    else {
      known.times++;
      known.to = leaf;
    }
  }
}
