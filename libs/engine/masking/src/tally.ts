import type { MaskAction, MaskCount } from '@sallyport/domain-model';
import { CARD, EMAIL, IBAN, PHONE, SSN } from './detect/find.ts';

/** Counts of one bound result. Labels never hold a value: a computed column is named by its place, not by the client's alias. */
export class Tally {
  readonly #rules: RuleCount[] = [];
  readonly #contents: ContentCount[] = [];

  rule(column: string, tag: string, action: MaskAction, layer: MaskCount['layer']): RuleCount {
    const count: RuleCount = { column, tag, action, layer, cells: 0 };
    this.#rules.push(count);
    return count;
  }

  content(column: string): ContentCount {
    const count = new ContentCount(column);
    this.#contents.push(count);
    return count;
  }

  counts(): readonly MaskCount[] {
    const all: MaskCount[] = [];
    for (const count of this.#rules) if (count.cells > 0) all.push({ ...count });
    for (const count of this.#contents) count.into(all);
    return all;
  }
}

export interface RuleCount {
  readonly column: string;
  readonly tag: string;
  readonly action: MaskAction;
  readonly layer: MaskCount['layer'];
  cells: number;
}

/** The tag under which each detector's hits are counted. */
const tags = [
  [CARD, 'pci.pan', 'last4'],
  [SSN, 'us.ssn', 'last4'],
  [IBAN, 'bank.iban', 'last4'],
  [EMAIL, 'person.email', 'redact'],
  [PHONE, 'person.phone', 'redact'],
] as const;

/** Cells of one column in which each detector found something; `hidden` are those that were replaced by the absent value or whole. */
export class ContentCount {
  readonly column: string;
  readonly #within = new Uint32Array(tags.length);
  readonly #whole = new Uint32Array(tags.length);
  readonly #absent = new Uint32Array(tags.length);

  constructor(column: string) {
    this.column = column;
  }

  /** @param how what became of the cell: hits replaced inside it, replaced whole by a text, or absent */
  add(kinds: number, how: 'within' | 'whole' | 'absent'): void {
    const cells = how === 'within' ? this.#within : how === 'whole' ? this.#whole : this.#absent;
    for (let i = 0; i < tags.length; i++) if ((kinds & (tags[i]?.[0] ?? 0)) !== 0) cells[i] = (cells[i] ?? 0) + 1;
  }

  into(all: MaskCount[]): void {
    tags.forEach(([, tag, within], i) => {
      for (const [cells, action] of [[this.#within[i], within], [this.#whole[i], 'redact'], [this.#absent[i], 'null']] as const) {
        if (cells !== undefined && cells > 0) all.push({ column: this.column, tag, action, layer: 'content', cells });
      }
    });
  }
}
