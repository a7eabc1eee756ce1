import type { BoundMasks, CellMask, ColumnRef, MaskPlan, ResultMasker } from '@sallyport/domain-model';
import { content } from './content.ts';
import { cover, effective } from './cover.ts';
import { bitOf } from './detect/find.ts';
import { scrub } from './scrub.ts';
import { StreamMask } from './stream.ts';
import { Tally } from './tally.ts';
import { Tokens } from './token.ts';
import { Verdicts } from './verdict.ts';

/**
 * The masker of one session. Binding decides about each column once; after that a cell costs one call.
 *
 * Masking reduces exposure; it is not an access boundary. Who may put conditions on a column can find its values by asking (`where ssn
 * like '1%'`), so a column that must not be known must not be granted.
 *
 * @param plan null when nothing is classified: everything passes
 * @param tokenKey at least 32 bytes when the plan has a token rule, else unused. Throws TokenKeyError.
 */
export function createMasker(plan: MaskPlan | null, tokenKey: Uint8Array): ResultMasker {
  if (plan === null) return nothing;
  const verdicts = new Verdicts(plan);
  const tokens = plan.columns.some((column) => column.action === 'token') ? new Tokens(tokenKey) : null;
  const wanted = plan.detectors.reduce((bits, name) => bits | bitOf[name], 0);
  return {
    plan: plan.id,
    bind: (columns, statement, unmasked) => bind(columns, statement.touchesTagged, unmasked, verdicts, tokens, wanted),
    stream: (label, kind) => new StreamMask(wanted, label, kind),
    scrub: (text) => scrub(text, wanted, plan.columns.length > 0),
  };
}

function bind(columns: readonly ColumnRef[], touchesTagged: boolean, unmasked: ReadonlySet<string>, verdicts: Verdicts, tokens: Tokens | null, wanted: number): BoundMasks {
  const tally = new Tally();
  const hides = verdicts.hides(unmasked);
  let ruled = false;
  const cells = columns.map((column, index): CellMask | null => {
    const verdict = verdicts.of(column, touchesTagged, unmasked, hides);
    switch (verdict.kind) {
      case 'pass':
        return null;
      case 'detect':
        return content(column, wanted, tally.content(label(column, index)));
      case 'mask': {
        ruled = true;
        const count = tally.rule(label(column, index), verdict.tag, effective(column.type, verdict.action), verdict.layer);
        return cover(column, verdict.tag, verdict.action, tokens, count);
      }
      default:
        return verdict satisfies never;
    }
  });
  return { cells, ruled, counts: () => tally.counts() };
}

/** The column's own name, or its place: an alias is the client's text and may hold a value. */
function label(column: ColumnRef, index: number): string {
  return column.origin === 'none' || column.origin === 'unknown' ? `#${index + 1}` : column.origin;
}

const nothing: ResultMasker = {
  plan: null,
  bind: (columns) => ({ cells: columns.map(() => null), ruled: false, counts: () => [] }),
  scrub: (text) => text,
};
