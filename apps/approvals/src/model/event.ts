import { z } from 'zod';
import { approvalSubject, party, quorum } from '@sallyport/platform-bus';

const at = z.string();

/** The run of one statement of a manifest: which, and the how manieth of how many. */
const statementRun = z.strictObject({ place: z.int(), use: z.int(), times: z.int(), shape: z.string() });
export type StatementRun = z.infer<typeof statementRun>;

/**
 * What an approval has been through. These are stored, in order, and everything else about an approval is folded from them.
 * No statement text, parameter or comment is in them: those are stored encrypted beside. Runs of a manifest's statements but the last are counted apart: they may be thousands.
 */
export const approvalEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('requested'), at, session: z.string().nullable(), command: z.string().nullable(), machine: z.string().nullable(), owner: z.string().nullable(), target: z.string().nullable(),
    environment: z.string().nullable(), source: z.string(), shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(), binding: z.string(), slice: z.string().nullable(),
    quorum: z.array(quorum), expires: z.string(),
    /** Null for a held command, as in all requests before there were others. */
    subject: approvalSubject.nullable().default(null),
    /** `machine:x` or `person:y`; null is the machine of a held command. */
    requester: z.string().nullable().default(null),
    /** On whose behalf the machine of a held command acts; absent: its own. */
    behalf: party.optional(),
  }),
  z.strictObject({ type: z.literal('voted'), at, by: z.string(), vote: z.enum(['approve', 'reject']), groups: z.array(z.string()) }),
  z.strictObject({ type: z.literal('granted'), at, by: z.array(z.string()) }),
  z.strictObject({ type: z.literal('rejected'), at, by: z.string() }),
  z.strictObject({ type: z.literal('expired'), at }),
  z.strictObject({ type: z.literal('withdrawn'), at, why: z.string(), by: z.enum(['machine', 'service']).default('machine') }),
  z.strictObject({ type: z.literal('consumed'), at, session: z.string().nullable(), command: z.string().nullable(), run: statementRun.optional() }),
]);
export type ApprovalEvent = z.infer<typeof approvalEvent>;
export type Requested = Extract<ApprovalEvent, { type: 'requested' }>;
export type Vote = Extract<ApprovalEvent, { type: 'voted' }>;

/** Whose wish it is, as evidence names parties. */
export const requesterOf = ({ requester, machine }: Requested): string => requester ?? `machine:${machine ?? ''}`;
