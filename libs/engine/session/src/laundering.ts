import type { MaskPlan, Understanding } from '@sallyport/domain-model';

/** Why a statement is refused that `keepsHidden` is true of. */
export const keepsHiddenSay = 'it would keep values of classified columns in a place that is not classified';

/**
 * True when a command would put values that this session may not see somewhere else (INSERT … SELECT, CREATE TABLE AS, a setting), from
 * where they could be read unmasked. Where the values come from must be proven, if a tagged relation is touched at all. Also true for
 * writing a tagged column back into itself: where the values go is not looked at.
 */
export function keepsHidden({ stores }: Understanding, plan: MaskPlan | null, unmasked: ReadonlySet<string>, touchesTagged: boolean): boolean {
  if (stores === undefined || plan === null) return false;
  const hidden = plan.columns.filter(({ column }) => !unmasked.has(column));
  if (hidden.length === 0) return false;
  return (!stores.proven && touchesTagged) || stores.sources.some((source) => hidden.some(({ column }) => column === source));
}
