import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { applyUnder, changeTerms } from './change-authority.ts';
import { behalfSince, caller, contract, onBehalf, source } from './reply.ts';
import { change } from './identity.ts';

export const leaseRequest = z.strictObject({
  session: z.string(), machine: z.string(), npid: z.string(), target: z.string(), role: z.string().nullable(), protocol: z.string(), source, ...onBehalf, behalfSince,
});
export type LeaseRequest = z.infer<typeof leaseRequest>;

/** `lease` is a compact JWS (EdDSA) over the domain's Lease, by the decision point's key; typ `sallyport-lease+jwt`. */
export const grant = z.strictObject({ lease: z.string(), slice: z.string() });

/** The least policy version that an answer may come from: the highest that the gateway has seen. */
const atLeast = z.int().min(0).default(0);

/**
 * Asks for a lease. On somebody's behalf both are asked about, and both must be allowed to connect. Errors: `denied` (no rule permits connect, machine not active, unknown target, no entitlement where the
 * target needs one, not allowed to act for that party) with the reason; `access-requested` (connecting was
 * taken for asking: later it may do; the sentence names the request); `behind` (this process of the decision
 * point has not loaded that policy version yet) and `unavailable`: ask again.
 */
export const policyOpen = contract(subjects.policyOpen, leaseRequest.extend({ atLeast }), grant);

/**
 * Renews many at once; the answers are in the order of the requests. `refused` ends a session. `unavailable` is about that one session (whether it is still entitled cannot be said now): ask again.
 * Errors: `behind`, `unavailable`: ask again.
 */
export const policyRenew = contract(
  subjects.policyRenew,
  z.strictObject({ leases: z.array(leaseRequest).max(500), atLeast }),
  z.strictObject({ answers: z.array(z.union([grant, z.strictObject({ refused: z.string() }), z.strictObject({ unavailable: z.string() })])) }),
);

const decision = z.enum(['allow', 'deny', 'hold']);
/** What is decided for one of the two parties by itself. */
const side = z.strictObject({ decision, say: z.string().nullable(), rules: z.array(z.string()) });

/**
 * Explains: what would be decided for this machine's text on this target, and by which rules. On somebody's behalf `sides` has both by themselves, and `effects` name whose they are (`of`). Never used
 * in the data path.
 */
export const policyDecide = contract(
  subjects.policyDecide,
  z.strictObject({ machine: z.string(), target: z.string(), role: z.string().nullable(), text: z.string(), searchPath: z.array(z.string()).nullable(), at: z.string().nullable(), source: z.string().nullable(), ...onBehalf }),
  z.strictObject({
    decision: z.enum(['allow', 'deny', 'hold']), say: z.string().nullable(), rules: z.array(z.string()),
    /** Null where the machine acts for itself. */
    sides: z.strictObject({ machine: side, behalf: side }).nullable().default(null),
    statements: z.array(z.strictObject({
      shape: z.string(), decision: z.enum(['allow', 'deny', 'hold']), say: z.string().nullable(), rules: z.array(z.string()),
      effects: z.array(z.strictObject({ effect: z.string(), decision: z.enum(['allow', 'deny', 'hold']), rules: z.array(z.string()), say: z.string().nullable(), of: z.enum(['machine', 'behalf']).default('machine') })),
    })),
    context: z.record(z.string(), z.unknown()),
  }),
);

export const policyFile = z.strictObject({ name: z.string(), text: z.string() });

/** Replaces the policy set. Checked against the schema first; errors: `invalid` with file, line and reason; and as those of `identity.apply`. */
export const policyApply = contract(
  subjects.policyApply,
  z.strictObject({ by: caller, files: z.array(policyFile), dryRun: z.boolean(), ...applyUnder }),
  z.strictObject({ changes: z.array(change), version: z.int(), digest: z.string(), warnings: z.array(z.string()), terms: changeTerms.nullable().default(null) }),
);

export const policyGet = contract(subjects.policyGet, z.strictObject({ version: z.int().nullable() }), z.strictObject({ version: z.int(), digest: z.string(), files: z.array(policyFile) }));

/**
 * Leases in this scope are stale; null means any. Published by policy, identity and masking. With `policy` it tells that this policy version is in force: then
 * only leases of lower versions are stale, and no answer of a lower version is taken any more. With `behalf` only sessions on that party's behalf are meant.
 */
export const leaseChanged = z.strictObject({ machine: z.string().nullable(), target: z.string().nullable(), ...onBehalf, why: z.string(), policy: z.int().min(0).nullable().default(null) });
