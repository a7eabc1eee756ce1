import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract } from './reply.ts';

export const entitlementKind = z.enum(['standing', 'jit', 'break-glass']);
/** `used-up`: sessions that are in may stay until its end, no other comes in. `superseded`: its document says something else now, by another grant or none. */
export const entitlementState = z.enum(['live', 'used-up', 'expired', 'revoked', 'superseded']);

const entry = z.strictObject({ session: z.string().max(64), machine: z.string().max(64), target: z.string().max(64), role: z.string().max(64).nullable(), source: z.string().max(64) });
export type EntryRequest = z.infer<typeof entry>;

/**
 * `until` is when the session's leave ends (RFC 3339): no lease may go beyond. `record`: what the session shows must be recorded. Refused: `not-entitled`; `ended`, with when and why;
 * `access-requested`, where connecting was taken for asking: `request` is what people are asked for, and connecting again later may do.
 */
export const entryAnswer = z.union([
  z.strictObject({ entitlement: z.string(), kind: entitlementKind, until: z.string(), record: z.boolean() }),
  z.strictObject({ refused: z.enum(['not-entitled', 'ended', 'access-requested']), say: z.string(), request: z.string().nullable() }),
]);
export type EntryAnswer = z.infer<typeof entryAnswer>;

/**
 * By which entitlement sessions may be there; the answers are in the order of the requests. The first leave that a session gets is a use of it, counted and recorded in the
 * transaction that gives it; asked again for the same session it is the same use. `opening` are sessions that begin: only they can take an emergency's leave, or be
 * taken for asking. Errors: `unavailable`: nothing is decided, ask again.
 */
export const identityEnter = contract(subjects.identityEnter, z.strictObject({ opening: z.boolean(), entries: z.array(entry).max(500) }), z.strictObject({ answers: z.array(entryAnswer) }));

export const entitlement = z.strictObject({
  id: z.string(), kind: entitlementKind, state: entitlementState, machine: z.string(), target: z.string(), role: z.string().nullable(),
  /** The Entitlement document and its version, for standing ones. */
  document: z.string().nullable(), documentVersion: z.int().nullable(),
  request: z.string().nullable(), approval: z.string().nullable(), approvedBy: z.array(z.string()), reason: z.string(),
  from: z.string(), until: z.string(),
  /** What made `until` earlier than was asked for. */
  limitedBy: z.string().nullable(),
  uses: z.int().nullable(), used: z.int(), lastUsed: z.string().nullable(),
  ended: z.string().nullable(), why: z.string().nullable(),
});
export type Entitlement = z.infer<typeof entitlement>;

/** `after` is the last id of the page before. Newest first. */
const page = { after: z.string().max(64).nullable().default(null), limit: z.int().min(1).max(1000).default(50) };
const filters = { machine: z.string().max(64).nullable().default(null), target: z.string().max(64).nullable().default(null) };

/** `unusedDays`: live ones that nobody used for so many days. `total` counts all that fit, on every page. */
export const identityEntitlements = contract(
  subjects.identityEntitlements,
  z.strictObject({
    by: caller.nullable(), ...page, ...filters, state: entitlementState.nullable().default(null), kind: entitlementKind.nullable().default(null), role: z.string().max(64).nullable().default(null),
    document: z.string().max(64).nullable().default(null), unusedDays: z.int().min(1).max(10_000).nullable().default(null),
  }),
  z.strictObject({ entitlements: z.array(entitlement), total: z.int(), next: z.string().nullable() }),
);

/** One, with the sessions that came by it, newest first, at most a hundred. Errors: `not-found`. */
export const identityEntitlement = contract(
  subjects.identityEntitlement,
  z.strictObject({ by: caller.nullable(), entitlement: z.string().max(64) }),
  z.strictObject({ entitlement, sessions: z.array(z.strictObject({ session: z.string(), at: z.string() })) }),
);

/**
 * Ends an entitlement now, and the sessions that are there by it. A standing one is not granted again before its document is changed. `by` null: a service does it (a review),
 * which says so by `review`. Needs the role admin or operator, or that the machine is one's own. Errors: `denied`, `not-found`, `ended` (it has ended already).
 */
export const identityRevoke = contract(
  subjects.identityRevoke,
  z.strictObject({ by: caller.nullable(), entitlement: z.string().max(64), why: z.string().min(3).max(500), review: z.string().max(64).nullable().default(null) }),
  entitlement,
);

export const accessState = z.enum(['pending', 'granted', 'rejected', 'expired', 'withdrawn', 'refused']);
export const accessRequest = z.strictObject({
  id: z.string(), kind: z.enum(['jit', 'break-glass']), state: accessState, path: z.string(), machine: z.string(), target: z.string(), role: z.string().nullable(),
  seconds: z.int(), uses: z.int().nullable(), reason: z.string(), requester: z.string(), byConnecting: z.boolean(),
  approval: z.string().nullable(), url: z.string().nullable(), created: z.string(), expires: z.string(), decided: z.string().nullable(), say: z.string().nullable(),
  /** What was granted. */
  entitlement: z.string().nullable(),
});
export type AccessRequest = z.infer<typeof accessRequest>;

/**
 * A person asks for access on a machine's behalf, or (`breakGlass`) breaks the glass: in an emergency, with the path's quorum for it, which may be nobody. Needs the role operator or admin, or
 * that the machine is one's own. Errors: `denied`, `no-path` (nothing lets this machine ask for that), `machine-not-active`, `too-long`, `too-many-uses`, `already-asked` (with the id of the request that
 * is open), `already-entitled`, `rate-limited`, `unanswerable`.
 */
export const identityAsk = contract(
  subjects.identityAsk,
  z.strictObject({
    by: caller, machine: z.string().max(64), target: z.string().max(64), role: z.string().max(64).nullable(), seconds: z.int().min(60).max(31_536_000).nullable(), uses: z.int().min(1).max(1000).nullable(),
    reason: z.string().min(10).max(500), breakGlass: z.boolean().default(false),
  }),
  accessRequest,
);

export const identityRequests = contract(
  subjects.identityRequests,
  z.strictObject({ by: caller, ...page, ...filters, state: accessState.nullable().default(null), kind: z.enum(['jit', 'break-glass']).nullable().default(null), request: z.string().max(64).nullable().default(null) }),
  z.strictObject({ requests: z.array(accessRequest), total: z.int(), next: z.string().nullable() }),
);

/** What somebody asked for is not wanted any more. By whoever asked, the machine's owner, operators and administrators. Errors: `denied`, `not-found`, `not-pending`. */
export const identityWithdraw = contract(subjects.identityWithdraw, z.strictObject({ by: caller, request: z.string().max(64), why: z.string().min(3).max(500) }), accessRequest);

export const brokenGlass = z.strictObject({
  entitlement, by: z.string(), approvedBy: z.array(z.string()), due: z.string(), overdue: z.boolean(),
  review: z.strictObject({ by: z.string(), at: z.string(), finding: z.enum(['justified', 'not-justified']), say: z.string() }).nullable(),
});
export type BrokenGlass = z.infer<typeof brokenGlass>;

/** `open`: only those whose review is open; the longest overdue first. `overdue` counts all that are. */
export const identityBreakGlasses = contract(
  subjects.identityBreakGlasses,
  z.strictObject({ by: caller.nullable(), ...page, ...filters, open: z.boolean() }),
  z.strictObject({ glasses: z.array(brokenGlass), total: z.int(), overdue: z.int(), next: z.string().nullable() }),
);

/**
 * The review of an emergency, once: by an approver, auditor or administrator who neither asked for it nor said yes to it, nor owns the machine where the machine itself asked.
 * Nothing else closes it. Errors: `denied`, `own-request`, `not-found`, `reviewed` (already).
 */
export const identityReviewGlass = contract(
  subjects.identityReviewGlass,
  z.strictObject({ by: caller, entitlement: z.string().max(64), finding: z.enum(['justified', 'not-justified']), say: z.string().min(10).max(2000) }),
  brokenGlass,
);
