import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { applyUnder, changeTerms, removal } from './change-authority.ts';
import { change } from './identity.ts';
import { caller, contract } from './reply.ts';

export const sinksApply = contract(
  subjects.sinksApply,
  z.strictObject({ by: caller, documents: z.array(z.unknown()), dryRun: z.boolean(), prune: z.boolean(), remove: z.array(removal).max(10_000).default([]), ...applyUnder }),
  z.strictObject({ changes: z.array(change), terms: changeTerms.nullable().default(null) }),
);
export const sinksList = contract(subjects.sinksList, z.strictObject({ name: z.string().nullable() }), z.strictObject({ documents: z.array(z.unknown()) }));

export const sinkCursor = z.strictObject({
  name: z.string(),
  /** Evidence that this sink has not taken is never purged. */
  required: z.boolean(),
  /** The receiver has every leaf before this one; 0 for a sink that is new. */
  nextLeaf: z.int().min(0),
  state: z.enum(['delivering', 'stalled']),
});
export type SinkCursor = z.infer<typeof sinkCursor>;

/**
 * How far each sink is whose document stands, in the order of their names. Who does not get this answer does not know it: nothing may be purged on an
 * `unavailable`. A sink whose document is removed holds back nothing.
 */
export const sinksCursors = contract(subjects.sinksCursors, z.strictObject({}), z.strictObject({ sinks: z.array(sinkCursor) }));
