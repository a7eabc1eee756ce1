import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { shownParameters } from './parameters.ts';
import { caller, contract } from './reply.ts';

export const quorum = z.strictObject({ group: z.string(), count: z.int().min(1) });

/**
 * `binding` is the hash of text, parameters, machine, target and policy digest: an approval is good for exactly that. `parameters` are for people's
 * eyes only; the hash is over the bytes that the machine sent.
 */
export const approvalsOpen = contract(
  subjects.approvalsOpen,
  z.strictObject({
    session: z.string(), command: z.string(), machine: z.string(), owner: z.string(), target: z.string(), environment: z.string(), source: z.string(),
    text: z.string(), parameters: shownParameters.nullable(), shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(),
    binding: z.string(), slice: z.string(), quorum: z.array(quorum).min(1), expiresIn: z.int().min(1).max(86_400),
  }),
  z.strictObject({ approval: z.string(), url: z.string(), expires: z.string() }),
);

/** Spends an approval, once. Errors: `not-approved`, `spent`, `expired`, `mismatch`. */
export const approvalsConsume = contract(
  subjects.approvalsConsume,
  z.strictObject({ approval: z.string(), session: z.string(), command: z.string(), binding: z.string() }),
  z.strictObject({ by: z.array(z.string()) }),
);

export const approvalsWithdraw = contract(subjects.approvalsWithdraw, z.strictObject({ approval: z.string(), why: z.string() }), z.strictObject({}));

export const approvalState = z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'consumed']);
export const approval = z.strictObject({
  id: z.string(), state: approvalState, machine: z.string(), owner: z.string(), target: z.string(), environment: z.string(), source: z.string(), session: z.string(), command: z.string(),
  shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(), quorum: z.array(quorum), created: z.string(), expires: z.string(),
  votes: z.array(z.strictObject({ by: z.string(), vote: z.enum(['approve', 'reject']), comment: z.string().nullable(), at: z.string() })),
  /** Full text as the machine sent it; only in `show`, null in lists. */
  text: z.string().nullable(), parameters: shownParameters.nullable(),
});
export type Approval = z.infer<typeof approval>;

export const approvalsList = contract(subjects.approvalsList, z.strictObject({ by: caller, state: approvalState.nullable(), limit: z.int().min(1).max(1000) }), z.strictObject({ approvals: z.array(approval) }));
export const approvalsShow = contract(subjects.approvalsShow, z.strictObject({ by: caller.nullable(), approval: z.string() }), approval);
/** Errors: `not-found`, `not-pending`, `expired`, `already-voted`, `self-approval`, `not-an-approver`. */
export const approvalsVote = contract(subjects.approvalsVote, z.strictObject({ by: caller, approval: z.string(), vote: z.enum(['approve', 'reject']), comment: z.string().max(2000).nullable() }), approval);

export const approvalChanged = z.strictObject({ approval: z.string(), session: z.string(), state: approvalState, say: z.string() });
