import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { change } from './identity.ts';
import { caller, contract } from './reply.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2027-03-31');
const text = (most: number) => z.string().min(1).max(most);

/** When and from where a machine came in, over all of its bindings. The newest first, sixteen of each. `lastUsed` may be a minute behind. Times are RFC 3339. */
export const machineUsage = z.strictObject({
  firstUsed: z.string(), lastUsed: z.string(), sources: z.array(z.string()), doors: z.array(z.string()),
  /** What clients called themselves before they were let in; empty for doors that learn it later. */
  clients: z.array(z.string()),
  bindings: z.array(z.strictObject({ binding: z.string(), firstUsed: z.string(), lastUsed: z.string() })),
});
export type MachineUsage = z.infer<typeof machineUsage>;

export const candidateState = z.enum(['open', 'adopted', 'blocked', 'dismissed']);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const claims = z.record(z.string().min(1).max(200), z.union([z.string().max(1000), z.number(), z.boolean()]));

/** Somebody who came with a genuine token of an issuer that is trusted for machines, and whom no binding names. */
export const candidate = z.strictObject({
  /** UUIDv7: in the order in which they were first seen. */
  id: z.string(),
  /** Name of the Issuer document, and its `iss`. */
  issuer: z.string(), iss: z.string(), audience: z.string(),
  /** What never changes hands: what a trust binding must match. */
  claims: z.record(z.string(), scalar),
  /** Claims of its last token, as evidence has them. */
  seen: z.record(z.string(), z.string()),
  state: candidateState, firstSeen: z.string(), lastSeen: z.string(), attempts: z.int(), sources: z.array(z.string()), doors: z.array(z.string()),
  machine: z.string().nullable(), decided: z.strictObject({ by: z.string(), at: z.string(), reason: z.string().nullable() }).nullable(),
});
export type CandidateSeen = z.infer<typeof candidate>;

/** Newest first. `total` counts all that are in this state and of this issuer; `before` is the id of the last one of the page before. Errors: `denied` (needs a role), `unavailable`. */
export const identityCandidates = contract(
  subjects.identityCandidates,
  z.strictObject({ by: caller, state: candidateState.nullable(), issuer: z.string().max(63).nullable(), before: z.uuid().nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ candidates: z.array(candidate), total: z.int() }),
);
/** `binding` is what adopting it would write. Errors: `denied`, `not-found`. */
export const identityCandidate = contract(subjects.identityCandidate, z.strictObject({ by: caller, candidate: z.uuid() }), z.strictObject({ candidate, binding: z.record(z.string(), z.unknown()) }));

/** Later attempts of who is blocked are refused as `blocked`; who is dismissed is only listed no more. `open` takes either back. Errors: `denied` (needs the role admin), `not-found`, `conflict` (adopted meanwhile). */
export const identityCandidateDecide = contract(
  subjects.identityCandidateDecide,
  z.strictObject({ by: caller, candidate: z.uuid(), decision: z.enum(['block', 'dismiss', 'reopen']), reason: z.string().max(500).nullable() }),
  candidate,
);

/** What a machine's document says besides its bindings; what is left out is the document's own default. */
export const machineFacts = z.strictObject({
  kind: z.enum(['service', 'ci', 'batch', 'agent']), owner: text(320), backupOwner: text(320), team: text(200).nullable(), purpose: text(2000), businessService: text(200).nullable(),
  environment: text(20), criticality: text(20), groups: z.array(text(63)).max(50), reviewBy: day, vendor: text(200).nullable(), vendorContractEnd: day.nullable(),
});
export type MachineFacts = z.infer<typeof machineFacts>;

/**
 * Makes a draft Machine of a candidate, in one transaction with the decision. `owner` and `backupOwner` are names of Persons or their `directoryIds`. `claims` go into the binding besides the immutable ones, or in
 * place of the narrowing that its last token suggests. Errors: those of `identity.apply`; `not-found`, `conflict` (decided meanwhile, or the name is taken).
 */
export const identityCandidateAdopt = contract(
  subjects.identityCandidateAdopt,
  z.strictObject({ by: caller, candidate: z.uuid(), name: text(63), facts: machineFacts, claims: claims.nullable(), justification: text(1000).nullable(), dryRun: z.boolean() }),
  z.strictObject({ document: z.unknown(), changes: z.array(change), warnings: z.array(z.string()) }),
);

export const importSource = z.enum(['csv', 'entra', 'github', 'kubernetes']);

/** One identity as a directory or a file names it. */
export const foundIdentity = z.strictObject({
  /** For people: a line of the file, a name of the directory. */
  ref: text(300),
  /** What never changes: by it the next import finds the machine again. */
  stable: text(300),
  /** A name is made of it. */
  name: text(300),
  kind: z.enum(['service', 'ci', 'batch', 'agent']),
  /** Whom the directory names as owners: names of Persons or their `directoryIds`. The first that is known and active is the owner, the next one the backup. */
  owners: z.array(text(320)).max(50),
  backupOwners: z.array(text(320)).max(50),
  facts: machineFacts.omit({ kind: true, owner: true, backupOwner: true }).partial(),
  binding: z.strictObject({ issuer: text(63), audience: text(500).nullable(), claims }).nullable(),
});
export type FoundIdentity = z.infer<typeof foundIdentity>;

/** What is written where a directory does not say. */
export const importDefaults = z.strictObject({ owner: text(320).nullable(), backupOwner: text(320).nullable(), environment: text(20).nullable(), criticality: text(20).nullable(), reviewBy: day.nullable(), team: text(200).nullable() });
export type ImportDefaults = z.infer<typeof importDefaults>;

/** One part of an import: up to 200 identities. All of it is in one transaction with `nhi.imported`. */
export const maxImported = 200;

/**
 * Drafts machines of what was found, and never activates one. Who is known already (by the stable id of an earlier import, or because a binding matches the same claims that never change) stays as it is.
 * What cannot be drafted is told in `refused`, and the rest is drafted. Errors: `denied` (needs the role admin), those of `identity.apply` for the whole.
 */
export const identityImport = contract(
  subjects.identityImport,
  z.strictObject({ by: caller, source: importSource, found: z.array(foundIdentity).min(1).max(maxImported), defaults: importDefaults, dryRun: z.boolean() }),
  z.strictObject({
    drafted: z.array(z.strictObject({ ref: z.string(), machine: z.string() })), known: z.array(z.strictObject({ ref: z.string(), machine: z.string() })),
    refused: z.array(z.strictObject({ ref: z.string(), code: z.string(), say: z.string() })), warnings: z.array(z.string()),
    /** What was drafted, as it could be applied. */
    documents: z.array(z.unknown()),
    /** SHA-256 of what was found, as `nhi.imported` has it. */
    digest: z.string(),
  }),
);
