import { z } from 'zod';
import { approvalKind, change, party, policyFile, sessionState, shownParameters } from '@sallyport/platform-bus';

/** Ids of sessions and approvals are UUIDs; nothing else goes into a subject or a query. */
export const byId = z.strictObject({ id: z.uuid() });
const name = z.string().min(1).max(63);
/** A name of the inventory. */
export const named = name;
export const byName = z.strictObject({ name });
const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

export const applyBody = z.strictObject({
  documents: z.array(z.unknown()).max(10_000),
  policies: z.array(policyFile).max(1_000).default([]),
  dryRun: z.boolean().default(false),
  prune: z.boolean().default(false),
});
export const plan = z.strictObject({ changes: z.array(change), warnings: z.array(z.string()), dryRun: z.boolean() });

export const ofKind = z.strictObject({ kind: z.string().max(63) });
export const ofKindAndName = z.strictObject({ kind: z.string().max(63), name });
export const documents = z.strictObject({ documents: z.array(z.unknown()) });

export const tokenBody = z.strictObject({ token: z.string().min(1).max(65_536) });

export const policyQuery = z.strictObject({ version: z.coerce.number().int().min(1).optional() });
export const explainBody = z.strictObject({
  machine: name, target: name, role: name.nullable().default(null), text: z.string().min(1).max(1_048_576),
  searchPath: z.array(z.string().max(63)).max(64).nullable().default(null), at: z.string().max(32).nullable().default(null), source: z.string().max(64).nullable().default(null), behalf: party.nullable().default(null),
});

export const approvalsQuery = z.strictObject({ state: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'consumed']).optional(), kind: approvalKind.optional(), before: z.uuid().optional(), limit: limit(1_000, 50) });
export const voteBody = z.strictObject({ comment: z.string().max(2_000).nullable().default(null) });

/** A moment in UTC, to the millisecond at most. */
const moment = z.union([z.iso.datetime({ precision: 3 }), z.iso.datetime({ precision: 0 }), z.iso.date()]).transform((text) => new Date(text).toISOString());

export const sessionsQuery = z.strictObject({
  machine: name.optional(), target: name.optional(), open: z.enum(['true', 'false']).optional(), before: z.string().max(64).optional(), limit: limit(1_000, 50),
  state: sessionState.optional(), from: moment.optional(), to: moment.optional(),
});
export const killBody = z.strictObject({ reason: z.string().min(1).max(200).default('ended by an operator') });
export const killed = z.strictObject({ session: z.string() });

/** Evidence's answer; bound parameters also as people read them, where the protocol of the session has a way to show them. */
export const sessionReplay = z.strictObject({
  events: z.array(z.strictObject({ bytes: z.string(), openings: z.array(z.string()), texts: z.array(z.strictObject({ role: z.string(), text: z.string().nullable(), parameters: shownParameters.nullable() })) })),
  unreadable: z.string().nullable(),
});

export const eventsQuery = z.strictObject({ session: z.uuid().optional(), after: z.coerce.number().int().min(0).optional(), limit: limit(2_000, 500) });

export const leavesQuery = z.strictObject({ after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER - 1).optional(), limit: limit(2_000, 500) });
export const leaves = z.strictObject({ leaves: z.array(z.strictObject({ leaf: z.int(), received: z.string(), bytes: z.string(), sha256: z.string(), openings: z.array(z.string()) })), absent: z.array(z.strictObject({ from: z.int(), to: z.int(), pruned: z.boolean() })), next: z.int().nullable() });

/** Nothing here is secret: a login begins with it. */
export const loginAnswer = z.strictObject({
  issuers: z.array(z.strictObject({
    name: z.string(), issuer: z.string(), clientId: z.string(), scopes: z.array(z.string()), audience: z.string().nullable(), resource: z.string().nullable(), token: z.enum(['access', 'id']),
  })),
});
export const me = z.strictObject({ person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), tokenExpires: z.string().nullable() });
export const healthAnswer = z.strictObject({ version: z.string(), services: z.array(z.strictObject({ service: z.string(), ok: z.boolean(), say: z.string() })) });
export const problem = z.strictObject({ error: z.strictObject({ code: z.string(), say: z.string(), requestId: z.string() }) });

export const checkpointQuery = z.strictObject({ size: z.coerce.number().int().min(0).optional(), stamped: z.enum(['true', 'false']).optional() });
export const tileQuery = z.strictObject({ level: z.coerce.number().int().min(0).max(6), index: z.coerce.number().int().min(0), width: z.coerce.number().int().min(1).max(256) });
