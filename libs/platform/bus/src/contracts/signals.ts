import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { signalKind, signalSource } from './lifecycle.ts';
import { caller, contract } from './reply.ts';

/** Lower case, digits and inner dashes: it stands in addresses. */
export const directoryName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower case letters, digits and inner dashes, at most 63');
/** SHA-256 (hex) of the bearer token, which only whoever asked for it has. */
export const tokenDigest = z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the token, in hex');

/** Where security events come from: whose they are, with which keys, for whom. `poll`: where to fetch them, where they are not pushed; `credential` names the token for it. */
export const transmitter = z.strictObject({
  issuer: z.string().min(1).max(500), jwksUri: z.string().min(1).max(1000), audience: z.string().min(1).max(500),
  /** PEM text of the authority of its servers; null for the system's. */
  authority: z.string().max(65_536).nullable().default(null),
  poll: z.string().min(1).max(1000).nullable().default(null), credential: z.string().regex(/^(file|env):[A-Za-z0-9_.-]+$/, 'must be file:NAME or env:NAME').nullable().default(null),
});
export type Transmitter = z.infer<typeof transmitter>;

/** Who tells us of people: a directory by SCIM, or a transmitter of security events. Never the token. */
export const directory = z.strictObject({
  name: z.string(), kind: z.enum(['scim', 'ssf']), state: z.enum(['active', 'revoked']), added: z.strictObject({ by: z.string(), at: z.string() }),
  /** When it was heard last, to the minute; RFC 3339. */
  seen: z.string().nullable(),
  users: z.int(), inactive: z.int(), transmitter: transmitter.nullable(),
  /** Why nothing can be fetched from it, in a few words. */
  fault: z.string().nullable(),
});
export type Directory = z.infer<typeof directory>;

/** Needs the role admin, auditor or operator. Errors of all of these: `denied`, `unavailable`. */
export const governanceDirectories = contract(subjects.governanceDirectories, z.strictObject({ by: caller }), z.strictObject({ directories: z.array(directory) }));
/** Needs the role admin, as those below. Errors: `exists`, `invalid`. */
export const governanceDirectoryAdd = contract(
  subjects.governanceDirectoryAdd,
  z.strictObject({ by: caller, name: directoryName, tokenHash: tokenDigest, transmitter: transmitter.nullable().default(null) }),
  z.strictObject({ directory }),
);
/** Another token from now on; the old one is worth nothing. Gives a revoked one its rights back. Errors: `not-found`. */
export const governanceDirectoryRotate = contract(subjects.governanceDirectoryRotate, z.strictObject({ by: caller, name: directoryName, tokenHash: tokenDigest }), z.strictObject({ directory }));
/** It is not heard any more. What it told stays. Errors: `not-found`. */
export const governanceDirectoryRevoke = contract(subjects.governanceDirectoryRevoke, z.strictObject({ by: caller, name: directoryName }), z.strictObject({ directory }));

/** What was told of a person, and what came of it. `ids` are the sender's, and empty once it was told on; `person` is whom of the inventory it meant. */
export const keptSignal = z.strictObject({
  id: z.string(), source: signalSource, origin: z.string(), kind: signalKind, ids: z.array(z.string()), person: z.string().nullable(),
  at: z.string(), received: z.string(), told: z.string().nullable(), attempts: z.int(), outcome: z.string(), suspended: z.int(), attention: z.int(),
});
export type KeptSignal = z.infer<typeof keptSignal>;
/** Newest first; `before` is the id of the last one of the page before. Needs the role admin or auditor. */
export const governanceSignals = contract(
  subjects.governanceSignals,
  z.strictObject({ by: caller, pending: z.boolean(), before: z.string().nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ signals: z.array(keptSignal), total: z.int(), pending: z.int() }),
);

/**
 * The HR file: who is gone, or will be after a last day. All of it or nothing; the same file twice changes nothing. `unmatched` are lines whose id nobody of the inventory
 * has: who left is kept by the hash of the id, and counts as soon as somebody has it. Needs the role admin. Errors: `invalid`, with the lines that cannot be read.
 */
export const governanceImportHr = contract(
  subjects.governanceImportHr,
  z.strictObject({ by: caller, text: z.string().max(900_000), dryRun: z.boolean() }),
  z.strictObject({
    rows: z.int(), left: z.array(z.strictObject({ line: z.int(), person: z.string().nullable(), at: z.string() })), returned: z.array(z.strictObject({ line: z.int(), person: z.string().nullable() })),
    /** Lines with a last day that is still to come, and those of which nothing follows. */
    planned: z.int(), unchanged: z.int(), unmatched: z.array(z.int()),
  }),
);

export const detectionKind = z.enum(['human_use', 'shared_binding', 'replay', 'new_behaviour']);
/** What looks wrong: `say` is one line, `facts` what was seen. `session` is where it was seen first. */
export const detection = z.strictObject({
  id: z.string(), kind: detectionKind, machine: z.string().nullable(), session: z.string().nullable(), say: z.string(), facts: z.array(z.string()), first: z.string(), last: z.string(), count: z.int(),
  state: z.enum(['open', 'dismissed']), dismissed: z.strictObject({ by: z.string(), at: z.string(), reason: z.string() }).nullable(),
});
export type Detection = z.infer<typeof detection>;
/** Newest first; `before` is the id of the last one of the page before. Needs the role admin, auditor or operator. */
export const governanceDetections = contract(
  subjects.governanceDetections,
  z.strictObject({ by: caller, state: z.enum(['open', 'dismissed']).nullable(), kind: detectionKind.nullable(), machine: z.string().max(63).nullable(), before: z.string().nullable(), limit: z.int().min(1).max(1000) }),
  z.strictObject({ detections: z.array(detection), total: z.int() }),
);
/** It was looked at. Needs the role operator. Errors: `not-found`, `not-pending`. */
export const governanceDismiss = contract(subjects.governanceDismiss, z.strictObject({ by: caller, detection: z.string(), reason: z.string().min(3).max(300) }), z.strictObject({ detection }));
