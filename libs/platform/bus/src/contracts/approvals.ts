import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { shownParameters } from './parameters.ts';
import { caller, contract, onBehalf, party } from './reply.ts';

export const quorum = z.strictObject({ group: z.string(), count: z.int().min(1) });

/**
 * Errors: `unanswerable`, where the people who could approve are too few; `machine-not-active`.
 *
 * `binding` is the hash of text, parameters, machine, target and policy digest: an approval is good for exactly that. `parameters` are for people's
 * eyes only; the hash is over the bytes that the machine sent.
 */
export const approvalsOpen = contract(
  subjects.approvalsOpen,
  z.strictObject({
    session: z.string(), command: z.string(), machine: z.string(), owner: z.string(), target: z.string(), environment: z.string(), source: z.string(),
    text: z.string(), parameters: shownParameters.nullable(), shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(),
    binding: z.string(), slice: z.string(), quorum: z.array(quorum).min(1), expiresIn: z.int().min(1).max(86_400),
    /** `statementHash`, where a manifest may cover the command; null: people are asked. */
    statement: z.string().nullable().default(null),
    /** Whoever the machine acts for is no second person. */
    ...onBehalf,
  }),
  /** `covered`: people have said yes to a manifest with this statement already: `approval` is that manifest's, and is to be consumed, not waited for. */
  z.strictObject({ approval: z.string(), url: z.string(), expires: z.string(), covered: z.boolean().default(false) }),
);

/** Spends an approval, once; with `statement` one run of that statement of a manifest. Errors: `not-approved`, `spent`, `expired`, `mismatch`, `machine-not-active`. */
export const approvalsConsume = contract(
  subjects.approvalsConsume,
  z.strictObject({ approval: z.string(), session: z.string(), command: z.string(), binding: z.string(), statement: z.string().nullable().default(null) }),
  z.strictObject({ by: z.array(z.string()) }),
);

export const approvalsWithdraw = contract(subjects.approvalsWithdraw, z.strictObject({ approval: z.string(), why: z.string() }), z.strictObject({}));

/** What leave is asked for besides a command of a session; `id` is the asking service's own. */
export const approvalSubject = z.strictObject({ kind: z.enum(['access', 'manifest', 'change']), id: z.string().max(64) });
export type ApprovalSubject = z.infer<typeof approvalSubject>;

/**
 * Asks people for leave for something that is no command of a session. The same rules hold: distinct people, absolute expiry, spent once, and whoever asks may not approve: neither
 * `requester` (`machine:x`, which stands for that machine's owner, or `person:y`) nor `owner`. The same subject asked again with the same binding gets the same approval, whatever became
 * of it; with another binding it gets a new one, and the earlier is withdrawn. Errors: `unanswerable`; `machine-not-active`, where the requester is a machine that is not active (somebody who
 * asks for a suspended machine to work again is a person).
 */
export const approvalsAsk = contract(
  subjects.approvalsAsk,
  z.strictObject({
    subject: approvalSubject, requester: z.string().regex(/^(machine|person):./), owner: z.string().nullable(), machine: z.string().nullable(), target: z.string().nullable(), environment: z.string().nullable(), source: z.string(),
    /** What people read before they say yes: all of it. Kept sealed. */
    text: z.string().max(262_144),
    /** One line without literals or personal data, for lists and notices. */
    shape: z.string().max(500),
    rules: z.array(z.string()), say: z.string().max(500),
    /** SHA-256 (hex) of what exactly is approved. */
    binding: z.string(),
    quorum: z.array(quorum).min(1), expiresIn: z.int().min(1).max(2_592_000),
  }),
  z.strictObject({ approval: z.string(), url: z.string(), expires: z.string() }),
);

/** Spends it, once: who asks again because an answer was lost gets `spent`. `at` is when the last needed person said yes (RFC 3339). Errors: `not-found`, `not-approved`, `spent`, `expired`, `mismatch`, `machine-not-active`. */
export const approvalsSpend = contract(
  subjects.approvalsSpend,
  z.strictObject({ approval: z.string(), subject: approvalSubject, binding: z.string() }),
  z.strictObject({ by: z.array(z.string()), at: z.string() }),
);

export const approvalState = z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'consumed']);
/** Null: what was asked for has no such thing. `subject` is null for a held command, which has all the others. */
export const approval = z.strictObject({
  id: z.string(), state: approvalState, subject: approvalSubject.nullable(),
  /** Whose wish it is: `machine:x` or `person:y`. */
  requester: z.string(),
  /** Of a held command: on whose behalf. */
  behalf: party.nullable().default(null),
  machine: z.string().nullable(), owner: z.string().nullable(), target: z.string().nullable(), environment: z.string().nullable(), source: z.string(), session: z.string().nullable(), command: z.string().nullable(),
  shape: z.string(), effects: z.array(z.string()), rules: z.array(z.string()), say: z.string(), quorum: z.array(quorum), created: z.string(), expires: z.string(),
  votes: z.array(z.strictObject({ by: z.string(), vote: z.enum(['approve', 'reject']), comment: z.string().nullable(), at: z.string() })),
  /** Full text as the machine sent it, or all that is asked for; only in `show`, null in lists. */
  text: z.string().nullable(), parameters: shownParameters.nullable(),
  /** Of a manifest, in `show` only: its statements by place, and how often each ran. `allow`: policy lets it pass without this approval. */
  manifest: z.strictObject({ role: z.string().nullable(), statements: z.array(z.strictObject({ place: z.int(), shape: z.string(), decision: z.enum(['allow', 'hold']), times: z.int(), used: z.int() })) }).nullable().default(null),
});
export type Approval = z.infer<typeof approval>;

/** What is asked for: a held `command`, or what a subject says. */
export const approvalKind = z.enum(['command', ...approvalSubject.shape.kind.options]);
export type ApprovalKind = z.infer<typeof approvalKind>;

/** Newest first; `before` is the last id of the page before. `total` counts all that fit, on every page. */
export const approvalsList = contract(
  subjects.approvalsList,
  z.strictObject({ by: caller, state: approvalState.nullable(), kind: approvalKind.nullable().default(null), before: z.uuid().nullable().default(null), limit: z.int().min(1).max(1000) }),
  z.strictObject({ approvals: z.array(approval), total: z.int() }),
);
export const approvalsShow = contract(subjects.approvalsShow, z.strictObject({ by: caller.nullable(), approval: z.string() }), approval);
/** Errors: `not-found`, `not-pending`, `expired`, `already-voted`, `self-approval`, `not-an-approver`, `machine-not-active`. */
export const approvalsVote = contract(subjects.approvalsVote, z.strictObject({ by: caller, approval: z.string(), vote: z.enum(['approve', 'reject']), comment: z.string().max(2000).nullable() }), approval);

/** `session` is null where `subject` is not: what was asked for is no command of a session. */
export const approvalChanged = z.strictObject({ approval: z.string(), session: z.string().nullable(), subject: approvalSubject.nullable().default(null), state: approvalState, say: z.string() });
