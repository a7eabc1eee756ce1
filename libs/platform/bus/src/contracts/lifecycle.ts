import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { machineUsage } from './inventory.ts';
import { caller, contract } from './reply.ts';

/** What is said of a person. `session-revoked`: whoever logged in as this person before has to log in anew; the person is not gone by it. */
export const signalKind = z.enum(['left', 'returned', 'session-revoked']);
export const signalSource = z.enum(['scim', 'ssf', 'hr', 'contract', 'directory', 'operator']);

/**
 * Somebody left, is back, or has to log in anew. `person` is one of a Person's `directoryIds`, or a name of the inventory. What follows for machines happens before the answer, in one
 * transaction with the events of it: privileged ones are suspended at once, others when the grace is over, and their sessions end. The same word twice changes nothing, and nor does one
 * that is older than what its source said last. Each source speaks for itself: somebody is gone while any of them says so.
 * `session-revoked` ends what was logged in before the end of the second of `at`: the person's tokens, and sessions of machines that act for the person by them. Its `at` is taken as now where it
 * is more than five minutes ahead; what was revoked until later already is not changed by it. No machine is suspended.
 * `person` of the answer is null where nobody is meant: recorded, and no error. Errors: `unavailable`: tell it again; `invalid`: `at` is no moment or more than a day ahead (tell it when
 * the day has come), or the source is `contract` or `operator`, which are not told here.
 */
export const identitySignal = contract(
  subjects.identitySignal,
  z.strictObject({
    source: signalSource, kind: signalKind, person: z.string().min(1).max(320),
    /** When they left or came back, or when the session ended, as the source says; RFC 3339. */
    at: z.string(),
    /** The sender's own id of this word, for evidence. */
    ref: z.string().max(320).nullable(),
    reason: z.string().max(500),
  }),
  /** `suspended` and `attention`: machines of this person that came to stand so by this word. */
  z.strictObject({ person: z.string().nullable(), changed: z.boolean(), suspended: z.array(z.string()), attention: z.array(z.string()) }),
);

/** Of a person whose logins were revoked, as the inventory bucket shows it under `login.NAME`: those from before this moment, RFC 3339, are not good any more. */
export const loginsRevoked = z.strictObject({ before: z.iso.datetime() });

/** `draft` does not work yet; `active` and `attention` work, and nothing new is granted to the latter; `suspended` does not work, `retired` never again. */
export const machineState = z.enum(['draft', 'active', 'attention', 'suspended', 'retired']);
const criticality = z.enum(['low', 'medium', 'high', 'critical']);
const name = z.string().min(1).max(63);
const reason = z.string().min(3).max(300);

/** Somebody is asked to answer for a machine. Times are RFC 3339. */
export const transfer = z.strictObject({
  id: z.string(), newOwner: z.string(), backupOwner: z.string().nullable(), previousOwner: z.string(), reason: z.string(),
  /** Null where it followed from somebody's leaving. */
  requestedBy: z.string().nullable(), requested: z.string(), state: z.enum(['requested', 'accepted', 'done', 'replaced', 'withdrawn']), accepted: z.string().nullable(), ended: z.string().nullable(),
  agreed: z.array(z.strictObject({ person: z.string(), groups: z.array(z.string()), at: z.string() })),
});
export type ShownTransfer = z.infer<typeof transfer>;

/** What holds a machine back besides its document; `until` is when attention becomes a suspension. */
const held = z.strictObject({ cause: z.string(), state: z.enum(['attention', 'suspended', 'retired']), why: z.string(), since: z.string(), until: z.string().nullable() });

/** A machine with all that is known of it now. */
export const shownMachine = z.strictObject({
  name: z.string(), version: z.int(), kind: z.string(), purpose: z.string(), team: z.string().nullable(), businessService: z.string().nullable(), environment: z.string(), criticality,
  groups: z.array(z.string()), reviewBy: z.string(), vendor: z.strictObject({ name: z.string(), contractEnd: z.string().nullable() }).nullable(),
  owner: z.string(), backupOwner: z.string(),
  /** Since when they are gone; null while they are here. */
  ownerGone: z.string().nullable(), backupGone: z.string().nullable(),
  /** The state that it works by, and what its document says. */
  state: machineState, documentState: z.string(),
  held: z.array(held), transfer: transfer.nullable(),
  /** When and from where it came; null: never. */
  usage: machineUsage.nullable(),
  bindings: z.array(z.strictObject({ name: z.string(), issuer: z.string(), audience: z.string(), claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), replay: z.string() })),
});
export type ShownMachine = z.infer<typeof shownMachine>;

/** In the order of names; `total` counts all that fit, `next` is what `after` has to be for the next page. Errors: `unavailable`. */
export const identityMachines = contract(
  subjects.identityMachines,
  z.strictObject({ by: caller, state: machineState.nullable(), owner: name.nullable(), criticality: criticality.nullable(), after: name.nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ machines: z.array(shownMachine), total: z.int(), next: z.string().nullable() }),
);

/**
 * One machine with its history, the newest first, the newest five hundred of each: also of a machine that was removed, whose `machine` is null. Errors: `not-found`, `unavailable`.
 */
export const identityMachine = contract(
  subjects.identityMachine,
  z.strictObject({ by: caller, machine: name }),
  z.strictObject({
    machine: shownMachine.nullable(),
    versions: z.array(z.strictObject({ version: z.int(), change: z.string(), digest: z.string(), author: z.string(), at: z.string() })),
    statuses: z.array(z.strictObject({ at: z.string(), cause: z.string(), state: z.string(), why: z.string(), since: z.string(), until: z.string().nullable(), person: z.string().nullable(), by: z.string() })),
    transfers: z.array(transfer),
  }),
);

const after = z.strictObject({ machine: name, state: machineState, changed: z.boolean() });

/** Stops it at once; it works again when its owner has accepted it and somebody else agreed. `by` null: a review did it, which `review` names. Errors: `denied` (admin, operator), `not-found`, `machine-retired`, `unavailable`. */
export const identityMachineSuspend = contract(subjects.identityMachineSuspend, z.strictObject({ by: caller.nullable(), machine: name, reason, review: z.string().max(64).nullable().default(null) }), after);
/** For ever: a new machine has another name. Errors: `denied` (admin), `not-found`, `unavailable`. */
export const identityMachineRetire = contract(subjects.identityMachineRetire, z.strictObject({ by: caller, machine: name, reason }), after);

/**
 * Asks somebody to answer for a machine, in place of whoever was asked before: also its owner, where it only has to work again. Whoever asks may not agree later.
 * Errors: `denied` (admin, operator, its owner and backup owner), `not-found`, `machine-retired`, `person-unknown`, `owner-left`, `backup-same`, `unavailable`.
 */
export const identityMachineTransfer = contract(subjects.identityMachineTransfer, z.strictObject({ by: caller, machine: name, to: name, backup: name.nullable(), reason }), transfer);
/**
 * The new owner answers for it from now on, as soon as others agree; good for fourteen days. `backup` is who stands in, where it cannot be who did before.
 * Errors: `denied` (only who was asked), `not-found`, `nothing-asked`, `backup-needed`, `unavailable`.
 */
export const identityMachineAccept = contract(subjects.identityMachineAccept, z.strictObject({ by: caller, machine: name, backup: name.nullable() }), transfer);
/**
 * Somebody else agrees: neither the new owner nor the one before nor who asked for it. When all that have to did (Governance.reactivation; without it one administrator or approver), it
 * works again, under a new version of its document. Errors: `self-approval`, `not-an-approver`, `not-found`, `nothing-asked`, `not-accepted`, `expired`, `already-voted`, `owner-left`,
 * `backup-needed`, `contract-over`, `unavailable`.
 */
export const identityMachineAgree = contract(subjects.identityMachineAgree, z.strictObject({ by: caller, machine: name }), z.strictObject({ transfer, state: machineState }));

export const shownPerson = z.strictObject({
  name: z.string(), displayName: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), employment: z.string().nullable(), contractEnd: z.string().nullable(), directoryIds: z.array(z.string()),
  /** Null while they are here; else since when, and who says so first. */
  gone: z.strictObject({ since: z.string(), source: z.string() }).nullable(),
  /** The last word of each source. */
  words: z.array(z.strictObject({ source: z.string(), change: z.enum(['left', 'returned']), at: z.string() })),
  /** Logins from before this moment are refused; null: none was revoked. */
  loginsFrom: z.string().nullable().default(null),
  /** How many machines they answer for that are not retired. */
  machines: z.int(),
});
export type ShownPerson = z.infer<typeof shownPerson>;

/** In the order of names, as machines are. Errors: `unavailable`. */
export const identityPeople = contract(
  subjects.identityPeople,
  z.strictObject({ by: caller, gone: z.boolean().nullable(), after: name.nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ people: z.array(shownPerson), total: z.int(), next: z.string().nullable() }),
);

/**
 * An operator's own word about somebody. `session-revoked` ends what was logged in until now. `returned` takes back every directory's word, too; not what documents say. What was suspended meanwhile stays so.
 * Errors: `denied` (left, session-revoked: admin, operator; returned: admin, and never about oneself), `not-found`, `document-says-left`, `unavailable`.
 */
export const identityPerson = contract(
  subjects.identityPerson,
  z.strictObject({ by: caller, person: name, kind: signalKind, reason }),
  z.strictObject({ person: z.string(), changed: z.boolean(), suspended: z.array(z.string()), attention: z.array(z.string()) }),
);
