import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { policyFile } from './policy.ts';
import { caller, contract } from './reply.ts';

const name = z.string().min(1).max(63);
const id = z.uuid();

/** Which machines: all that fit every part that is given. None given: all. */
export const reviewScope = z.strictObject({
  criticality: z.enum(['low', 'medium', 'high', 'critical']).nullable().default(null), team: z.string().min(1).max(200).nullable().default(null), owner: name.nullable().default(null),
  machine: name.nullable().default(null), target: name.nullable().default(null),
});
export type ReviewScope = z.infer<typeof reviewScope>;

/** `opening`: its items are still being found. */
export const campaignState = z.enum(['opening', 'open', 'closed']);
export const campaign = z.strictObject({
  id, title: z.string(), state: campaignState, scope: z.string(), opened: z.string(), openedBy: z.string().nullable(), due: z.string(), stops: z.string(), closed: z.string().nullable(),
  items: z.int(), waiting: z.int(), overdue: z.int(), kept: z.int(), narrowed: z.int(), revoked: z.int(), stopped: z.int(), gone: z.int(),
});
export type Campaign = z.infer<typeof campaign>;

/** `gone`: it ended by itself before anybody decided. `stopped`: nobody decided in time, and access ended. */
export const reviewState = z.enum(['waiting', 'kept', 'narrowed', 'revoked', 'stopped', 'gone']);
export const reviewItem = z.strictObject({
  id, campaign: id, state: reviewState, machine: z.string(), owner: z.string(), criticality: z.string(),
  /** What governs it: an entitlement, or (null) policy alone, on one target, or where the machine was never seen on any, everywhere (null). */
  entitlement: z.string().nullable(), entitlementUntil: z.string().nullable(), target: z.string().nullable(), role: z.string().nullable(),
  /** Rules that permit it something, as they stood when the campaign began, and those of them by which nothing was allowed. */
  granted: z.array(z.string()), unused: z.array(z.string()),
  /** Effects, the first fifty of `usedCount`, with how often and when last. */
  used: z.array(z.strictObject({ verb: z.string(), object: z.string(), commands: z.int(), denied: z.int(), last: z.string() })), usedCount: z.int(), lastUsed: z.string().nullable(),
  reviewers: z.array(z.string()), assigned: z.string().nullable(), due: z.string(), stops: z.string(), overdue: z.boolean(),
  /** The date of the machine's document, and the date by which governance asks for the next review. */
  reviewBy: z.string().nullable(), nextReview: z.string().nullable(),
  decided: z.strictObject({ by: z.string().nullable(), at: z.string(), reason: z.string() }).nullable(),
  /** The change of policy that a decision to narrow (or, where policy alone governs, to revoke) is meant by. It is not applied by the decision. */
  policy: policyFile.nullable(),
  /** What had to end has ended: access of a revoked or stopped item. Null: nothing has to. */
  enforced: z.boolean().nullable(),
});
export type ReviewItem = z.infer<typeof reviewItem>;

/**
 * Opens a campaign. Its items are found at once, or (for thousands of machines) soon: until then it is `opening`. `due`: in so many days; `graceDays`: how long after that access stops.
 * Needs the role admin or auditor. Errors: `denied`, `empty` (nothing is in this scope).
 */
export const reviewOpen = contract(
  subjects.reviewOpen,
  z.strictObject({ by: caller, title: z.string().min(3).max(200).nullable().default(null), scope: reviewScope, dueDays: z.int().min(1).max(365).default(14), graceDays: z.int().min(0).max(365).nullable().default(null) }),
  campaign,
);

/** Newest first; `after` is the last one of the page before. `total` counts all that fit. Errors: `denied`. */
export const reviewList = contract(
  subjects.reviewList,
  z.strictObject({ by: caller, state: campaignState.nullable().default(null), after: id.nullable().default(null), limit: z.int().min(1).max(1000).default(50) }),
  z.strictObject({ campaigns: z.array(campaign), total: z.int() }),
);

/** A campaign and a page of its items, by machine; `mine`: only those that the caller may decide. `after` is the last item of the page before. Errors: `denied`, `not-found`. */
export const reviewShow = contract(
  subjects.reviewShow,
  z.strictObject({ by: caller, campaign: id, state: reviewState.nullable().default(null), machine: name.nullable().default(null), mine: z.boolean().default(false), after: id.nullable().default(null), limit: z.int().min(1).max(500).default(50) }),
  z.strictObject({ campaign, items: z.array(reviewItem), total: z.int() }),
);

/**
 * Decides one item, once: whoever is second is told who was first. `narrow` stores a ready change of policy with the decision and applies nothing. `revoke` ends the entitlement, or where policy
 * alone governs suspends the machine, and the sessions that are there with it. Errors: `denied` (neither the role approver nor a group that approves for this target), `self-review` (the machine's owner, or
 * whoever asked for the entitlement), `assigned` (to somebody else), `decided` (already), `not-found`, `closed`, `unused` (nothing to narrow to), `unavailable`.
 */
export const reviewDecide = contract(
  subjects.reviewDecide,
  z.strictObject({ by: caller, item: id, decision: z.enum(['keep', 'narrow', 'revoke']), reason: z.string().min(3).max(500) }),
  reviewItem,
);

/** Hands an item to one other reviewer, who alone may then decide it or hand it on; so may whoever may open campaigns. Errors: as those of deciding, `not-a-reviewer`. */
export const reviewDelegate = contract(subjects.reviewDelegate, z.strictObject({ by: caller, item: id, to: name, reason: z.string().min(3).max(500) }), reviewItem);

/** Closes a campaign of which nothing waits any more; with items that wait, it is refused: they are decided, or stop. Campaigns close by themselves. Errors: `denied`, `not-found`, `waiting`. */
export const reviewClose = contract(subjects.reviewClose, z.strictObject({ by: caller, campaign: id }), campaign);
