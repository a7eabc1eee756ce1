import { z } from 'zod';

/**
 * Under which change something is applied. `round` is the test that was approved; `approval` is null where the part needed nobody's leave. `binding` is what the caller believes
 * to be applied (`changeBinding` of platform/config): whoever applies computes it by himself, and refuses another with `base-moved`.
 */
export const changeAuthority = z.strictObject({ id: z.uuid(), round: z.int().min(1), approval: z.string().nullable(), binding: z.string() });
export type ChangeAuthority = z.infer<typeof changeAuthority>;

/** What an apply of exactly this would need: the controlled kinds in it, whose approval, and what that would be bound to. */
export const changeTerms = z.strictObject({ kinds: z.array(z.string()), approvers: z.array(z.strictObject({ group: z.string(), count: z.int().min(1) })), binding: z.string() });
export type ChangeTerms = z.infer<typeof changeTerms>;

/** A document that shall stand no more. */
export const removal = z.strictObject({ kind: z.string().max(63), name: z.string().max(63) });
export type Removal = z.infer<typeof removal>;

/** Members that every apply has besides its own. */
export const applyUnder = {
  /** Null: directly, which is refused with `change-required` where a kind of it is controlled. */
  change: changeAuthority.nullable().default(null),
};
