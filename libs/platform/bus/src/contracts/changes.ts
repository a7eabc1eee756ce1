import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { quorum } from './approvals.ts';
import { removal } from './change-authority.ts';
import { change as plannedChange } from './identity.ts';
import { policyFile } from './policy.ts';
import { caller, contract } from './reply.ts';

/**
 * `proposed`: to be tested, or its test failed, or what it was tested against has moved. `waiting`: people are asked. `approved`: may be activated. `activating`: some of its
 * parts may be in force; it is carried on until all are. The others are ends.
 */
export const changeState = z.enum(['proposed', 'waiting', 'approved', 'rejected', 'activating', 'activated', 'withdrawn']);
export type ChangeState = z.infer<typeof changeState>;

/** What one service has to do of a change, as it was last tested. */
export const changePart = z.strictObject({
  owner: z.string(),
  changes: z.array(plannedChange), warnings: z.array(z.string()),
  /** The kinds of it that need leave, and whose; none where it needs nobody's. */
  kinds: z.array(z.string()), approvers: z.array(quorum),
  binding: z.string(), approval: z.string().nullable(), approvalState: z.string().nullable(), approvedBy: z.array(z.string()),
  applied: z.boolean(),
});

export const changeSummary = z.strictObject({
  id: z.string(), state: changeState, title: z.string(), ticket: z.string().nullable(), author: z.string(), kinds: z.array(z.string()), count: z.int(), digest: z.string(),
  /** Why it stands where it stands. */
  say: z.string(),
  round: z.int(), rollsBack: z.string().nullable(), rolledBackBy: z.string().nullable(), created: z.string(), changed: z.string(),
});
export type ChangeSummary = z.infer<typeof changeSummary>;

export const changeView = changeSummary.extend({
  documents: z.array(z.unknown()), policies: z.array(policyFile), remove: z.array(removal), prune: z.boolean(),
  parts: z.array(changePart),
  /** Everything that it changes, line by line, as approvers read it; null before its first good test. */
  diff: z.string().nullable(),
  /** Decisions of recorded commands that would have been others; null while nobody simulated it. */
  changedDecisions: z.int().nullable(),
  activatedBy: z.string().nullable(),
});
export type ChangeView = z.infer<typeof changeView>;

/** Errors of all that follow: `denied` (needs the role admin), `not-found`, `invalid`, `unavailable`. */
export const changesPropose = contract(
  subjects.changesPropose,
  z.strictObject({
    by: caller, title: z.string().min(3).max(200), ticket: z.string().min(1).max(100).nullable(),
    documents: z.array(z.unknown()).max(10_000), policies: z.array(policyFile).max(1_000), remove: z.array(removal).max(10_000).default([]), prune: z.boolean(),
  }),
  changeView,
);

/** Tries it in every service that owns a part, and asks for the approvals that it needs: those of earlier tests are withdrawn. Also: `not-open`. */
export const changesTest = contract(subjects.changesTest, z.strictObject({ by: caller, change: z.string() }), changeView);

/** Puts it in force. Also: `not-approved`, `base-moved` (test it anew), `not-open`; what a service says that refuses. Again is safe. */
export const changesActivate = contract(subjects.changesActivate, z.strictObject({ by: caller, change: z.string() }), changeView);

/** Proposes, under the same control, what stood before an activated change. Also: `not-activated`, `already-rolled-back` (such a change is under way or in force). */
export const changesRollBack = contract(subjects.changesRollBack, z.strictObject({ by: caller, change: z.string(), ticket: z.string().min(1).max(100).nullable() }), changeView);

/** Ends one that is not in force, and its approvals. Also: `not-open`. */
export const changesWithdraw = contract(subjects.changesWithdraw, z.strictObject({ by: caller, change: z.string(), why: z.string().min(1).max(500) }), changeView);

/** Newest first; `before` is the id of the last one of the page before. `total` counts all that the filter lets through. */
export const changesList = contract(
  subjects.changesList,
  z.strictObject({ by: caller, state: changeState.nullable(), before: z.string().nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ changes: z.array(changeSummary), total: z.int() }),
);
/** Needs the role admin, approver or auditor. */
export const changesShow = contract(subjects.changesShow, z.strictObject({ by: caller, change: z.string() }), changeView);
