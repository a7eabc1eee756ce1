import { z } from 'zod';
import { quorum } from '@sallyport/platform-bus';

const at = z.string();

/**
 * What an approval has been through. These are stored, in order, and everything else about an approval is folded from them.
 * No statement text, parameter or comment is in them: those are stored encrypted beside.
 */
export const approvalEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('requested'), at, session: z.string(), command: z.string(), machine: z.string(), owner: z.string(), target: z.string(), environment: z.string(),
    source: z.string(), shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(), binding: z.string(), slice: z.string(),
    quorum: z.array(quorum), expires: z.string(),
  }),
  z.strictObject({ type: z.literal('voted'), at, by: z.string(), vote: z.enum(['approve', 'reject']), groups: z.array(z.string()) }),
  z.strictObject({ type: z.literal('granted'), at, by: z.array(z.string()) }),
  z.strictObject({ type: z.literal('rejected'), at, by: z.string() }),
  z.strictObject({ type: z.literal('expired'), at }),
  z.strictObject({ type: z.literal('withdrawn'), at, why: z.string() }),
  z.strictObject({ type: z.literal('consumed'), at, session: z.string(), command: z.string() }),
]);
export type ApprovalEvent = z.infer<typeof approvalEvent>;
export type Requested = Extract<ApprovalEvent, { type: 'requested' }>;
export type Vote = Extract<ApprovalEvent, { type: 'voted' }>;
