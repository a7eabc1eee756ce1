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

/** What a token would be, and how far it is from each binding of its issuer. */
export const tokenExplanation = z.strictObject({
  verdict: z.enum(['machine', 'person', 'refused']),
  /** A code of the closed lists and its sentence; null when the token would be taken now. */
  code: z.string().nullable(), say: z.string().nullable(),
  /** The Issuer document's name; null when the token is not genuine. */
  issuer: z.string().nullable(),
  /** Who it is, also where the verdict is `refused` for its times or the machine's state. */
  machine: z.string().nullable(), binding: z.string().nullable(), person: z.string().nullable(),
  expires: z.string().nullable(),
  /** The first use of the token by this binding, if there was one: from another address it is a replay. */
  used: z.strictObject({ source: z.string(), at: z.string(), mode: z.enum(['bind_first', 'single_use']) }).nullable(),
  /** Nearest first, the nearest twenty. Empty for a token that is not genuine. */
  bindings: z.array(z.strictObject({
    machine: z.string(), binding: z.string(), fits: z.boolean(), audience: z.strictObject({ wanted: z.string(), same: z.boolean() }),
    claims: z.array(z.strictObject({ claim: z.string(), wanted: z.string(), found: z.string().nullable(), same: z.boolean() })),
  })),
});
export type TokenExplanation = z.infer<typeof tokenExplanation>;

/**
 * Says what `identity.resolve` would, without letting anybody in: no `auth.*` event, no use of the token is remembered. Who asked is recorded (`operator.acted`)
 * before it is answered. The token is in no event or log. Errors: `denied` (needs the role admin or operator), `unavailable`.
 */
export const identityExplain = contract(subjects.identityExplain, z.strictObject({ by: caller, token: z.string().max(65_536) }), tokenExplanation);

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
