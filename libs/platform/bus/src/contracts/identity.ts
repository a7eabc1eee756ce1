import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract, source } from './reply.ts';

export const actor = z.strictObject({
  machine: z.string(), npid: z.string(), owner: z.string(), issuer: z.string(), tokenHash: z.string(), jti: z.string().nullable(), tokenExpires: z.string(),
});

/** A verified token is a machine of the inventory, or a person with roles. */
export const principal = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('machine'), actor }),
  z.strictObject({ kind: z.literal('person'), person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), tokenExpires: z.string() }),
]);
export type Principal = z.infer<typeof principal>;

/**
 * Verifies a token and tells who it is. The token travels in this request only; it is never stored or logged. One over 16 384 characters
 * is refused by identity, so that the attempt is recorded.
 * `door` is where it was shown: `postgres`, `api`. `session` is the id that a machine's session will have.
 * Errors: `unauthenticated` (with the reason), `unauthorized` (draft, suspended, retired, owner gone), `unavailable` (the attempt cannot be recorded).
 */
export const identityResolve = contract(
  subjects.identityResolve,
  z.strictObject({ token: z.string().max(65_536), door: z.string(), source, session: z.string().nullable(), expect: z.enum(['machine', 'person']) }),
  principal,
);

export const change = z.strictObject({ kind: z.string(), name: z.string(), change: z.enum(['created', 'updated', 'removed', 'unchanged']), version: z.int() });
export type Change = z.infer<typeof change>;

/**
 * Applies documents of the kinds that identity owns. All or nothing; `dryRun` changes nothing. `prune` removes what stands and is not in
 * the documents. Errors: `denied` (needs the role admin), `invalid` with one line for each problem: document, path, reason.
 */
export const identityApply = contract(
  subjects.identityApply,
  z.strictObject({ by: caller, documents: z.array(z.unknown()), dryRun: z.boolean(), prune: z.boolean() }),
  z.strictObject({ changes: z.array(change), warnings: z.array(z.string()).default([]) }),
);

export const identityList = contract(subjects.identityList, z.strictObject({ kind: z.string(), name: z.string().nullable() }), z.strictObject({ documents: z.array(z.unknown()) }));
