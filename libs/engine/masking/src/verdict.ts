import type { ColumnRef, ColumnTag, MaskAction, MaskCount, MaskPlan } from '@sallyport/domain-model';

/** What is to become of one result column. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'detect' }
  | { readonly kind: 'mask'; readonly tag: string; readonly action: MaskAction; readonly layer: MaskCount['layer'] };

const pass: Verdict = { kind: 'pass' };
const detect: Verdict = { kind: 'detect' };
const unknown: Verdict = { kind: 'mask', tag: 'unknown', action: 'redact', layer: 'unknown' };

/** Decides about columns by a plan; made once for a plan. */
export class Verdicts {
  readonly #tags: ReadonlyMap<string, ColumnTag>;

  constructor(plan: MaskPlan) {
    this.#tags = new Map(plan.columns.map((tag) => [tag.column, tag]));
  }

  /** True when a tagged column of the plan is not in `unmasked`: something may still have to be hidden. */
  hides(unmasked: ReadonlySet<string>): boolean {
    if (unmasked.size === 0) return this.#tags.size > 0;
    for (const column of this.#tags.keys()) if (!unmasked.has(column)) return true;
    return false;
  }

  /**
   * In this order:
   * 1. the server names a tagged column: its rule, or pass when this session may see it;
   * 2. the server names a relation that the catalogue does not know: hidden, since it may hold a copy of anything;
   * 3. lineage names a tagged column that may not be seen: hidden, whatever the server says;
   * 4. the server names another column of a base table: its content is its own, so detectors;
   * 5. the column is computed or comes through a view: clean when lineage proves it or no tagged relation is read; else hidden.
   *
   * @param hides the answer of `hides` for `unmasked`
   */
  of(column: ColumnRef, touchesTagged: boolean, unmasked: ReadonlySet<string>, hides: boolean): Verdict {
    const own = this.#tags.get(column.origin);
    if (own !== undefined) return unmasked.has(own.column) ? pass : { kind: 'mask', tag: own.tag, action: own.action, layer: 'origin' };
    if (!hides) return this.#allSeen(column) ? pass : detect;
    if (column.origin === 'unknown') return unknown;
    const inherited = this.#inherited(column, unmasked);
    if (inherited !== null) return inherited;
    if (this.#allSeen(column)) return pass;
    if (column.origin !== 'none' && column.derived !== true) return detect;
    return touchesTagged && column.lineage?.proven !== true ? unknown : detect;
  }

  /**
   * The rule of the tagged columns that reach this one by lineage, or null. A computed value is not the column's value: its last four
   * characters may be any four of it, and tokens of single characters are a code book. So what would show a part is redacted.
   */
  #inherited(column: ColumnRef, unmasked: ReadonlySet<string>): Verdict | null {
    let tag: string | null = null;
    let action: MaskAction = 'null';
    for (const source of column.lineage?.sources ?? []) {
      const own = this.#tags.get(source);
      if (own === undefined || unmasked.has(source)) continue;
      if (own.action !== 'null') action = 'redact';
      tag = tag === null || tag === own.tag ? own.tag : 'several';
    }
    return tag === null ? null : { kind: 'mask', tag, action, layer: 'lineage' };
  }

  /** Nothing reaches the column but tagged columns, and (the caller knows) this session may see them. */
  #allSeen(column: ColumnRef): boolean {
    const { lineage } = column;
    return lineage !== null && lineage.proven && lineage.sources.length > 0 && lineage.sources.every((source) => this.#tags.has(source));
  }
}
