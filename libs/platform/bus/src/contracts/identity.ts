import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { applyUnder, changeTerms, removal } from './change-authority.ts';
import { behalfSince, caller, contract, onBehalf, party, source } from './reply.ts';

export const actor = z.strictObject({
  machine: z.string(), npid: z.string(), owner: z.string(), issuer: z.string(), tokenHash: z.string(), jti: z.string().nullable(), tokenExpires: z.string(),
});

/** What a client came with that we issued ourselves: a ticket, or an SSH user certificate. Holds no secret. */
export const ticketFacts = z.strictObject({
  kind: z.enum(['ticket', 'ssh-certificate']),
  /** UUIDv7: the id that `token.exchanged` names, and the `jti` of the actor. */
  id: z.string(),
  /** The `[role@]target`s that it was granted for. That of this connection is among them. */
  targets: z.array(z.string()),
  /** OpenSSH extensions of the certificate (`permit-pty`). What is not named here the gateway refuses, whatever policy says. Empty for tickets. */
  extensions: z.array(z.string()),
  /** Through whom, outermost first, as the exchanged tokens said (RFC 8693 `act`): for evidence. On whose behalf is the principal's `behalf`. */
  act: z.array(z.string()),
});
export type TicketFacts = z.infer<typeof ticketFacts>;

/** A verified token is a machine of the inventory, by itself or on somebody's `behalf`, or a person with roles. `ticket` is null for tokens of other issuers. */
export const principal = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('machine'), actor, ticket: ticketFacts.nullable().default(null), ...onBehalf, behalfSince }),
  z.strictObject({ kind: z.literal('person'), person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), tokenExpires: z.string() }),
]);
export type Principal = z.infer<typeof principal>;

/**
 * Keys that the client has **proven** to hold on this very connection, as the door saw it; never what the client only says. Tickets that are bound to
 * a key (`cnf`) are refused without their own here.
 */
export const heldKeys = z.strictObject({
  /** OpenSSH fingerprint `SHA256:…` (unpadded base64) of a plain public key whose signature over this session was verified. */
  ssh: z.string().max(100).nullable().default(null),
  /** `x5t#S256` (RFC 8705): base64url SHA-256 of the DER of the client certificate of this TLS connection. */
  x5t: z.string().max(100).nullable().default(null),
  /** `jkt` (RFC 9449): base64url JWK thumbprint of the key of a DPoP proof that was verified for this request. */
  jkt: z.string().max(100).nullable().default(null),
});
export type HeldKeys = z.infer<typeof heldKeys>;

/**
 * Verifies a credential and tells who it is: a JWT of a trusted issuer, a ticket, or an SSH user certificate. It travels in this request only; it is never
 * stored or logged. A token over 16 384 characters is refused by identity, so that the attempt is recorded.
 *
 * `door` is where it was shown: `postgres`, `ssh`, `api`. `session` is the id that a machine's session will have. `target` and `role` are what the client
 * asks for (`[role@]target`): a ticket or a certificate is refused where they are null or not among its own.
 *
 * `certificate`: the OpenSSH certificate blob in base64, as it came in SSH_MSG_USERAUTH_REQUEST; `token` is then empty. Call it **after** the client's
 * signature by the certified key was verified, once for each connection, never for the query without a signature: each call is a use, counted and recorded.
 *
 * Errors: `unauthenticated` and `unauthorized` (draft, suspended, retired, owner gone) with a sentence that ends in its code in round brackets: one of
 * `tokenRefusals`, `ticketRefusals`, `certificateRefusals` of platform/identity; `unavailable` (the attempt cannot be recorded).
 */
export const identityResolve = contract(
  subjects.identityResolve,
  z.strictObject({
    token: z.string().max(65_536), certificate: z.string().max(16_384).nullable().default(null),
    target: z.string().max(300).nullable().default(null), role: z.string().max(300).nullable().default(null), holds: heldKeys.nullable().default(null),
    door: z.string(), source, session: z.string().nullable(), expect: z.enum(['machine', 'person']),
  }),
  principal,
);

const sshKeyBlob = z.string().min(1).max(4096);
/** `blob` is the certificate in base64, as in the second word of its line; `serial` is decimal. */
const sshCertificate = z.strictObject({ blob: z.string(), serial: z.string(), keyId: z.string(), validFrom: z.string(), expires: z.string() });

/**
 * A certificate for one login of a gateway at an SSH target, on a key that the gateway made for this session: the target's sshd trusts the authority
 * (`TrustedUserCAKeys`), and no key of ours lies anywhere. Valid for at most five minutes, which is for logging in: a session that is open stays open.
 * Recorded as `ssh.certified` before it is given. `publicKey` is the plain key blob in base64. Errors: `denied` (machine or target unknown or not active),
 * `invalid`, `unsupported` (identity has no authority), `unavailable`.
 */
export const identitySshUpstreamCert = contract(
  subjects.identitySshUpstreamCert,
  z.strictObject({
    session: z.string().max(64), machine: z.string().max(64), target: z.string().max(64),
    /** Account on the target: the certificate's one principal. */
    login: z.string().max(64),
    publicKey: sshKeyBlob,
    extensions: z.array(z.enum(['permit-pty', 'permit-port-forwarding'])).max(2).default([]),
    /** The address that the target sees; null where it is not known. */
    sourceAddress: z.string().max(64).nullable().default(null),
    seconds: z.int().min(10).max(300).default(120),
  }),
  sshCertificate,
);

/**
 * A host certificate for a gateway's own SSH host key, so that clients trust one `@cert-authority` line. `names` are the host names or addresses by which
 * clients reach it; each must be among those that identity was set up for. Valid for a day: ask again after half of it. Recorded as `ssh.certified`.
 * Errors: `denied` (a name that is not ours to certify), `invalid`, `unsupported`, `unavailable`.
 */
export const identitySshHostCert = contract(
  subjects.identitySshHostCert,
  z.strictObject({ gateway: z.string().max(64), publicKey: sshKeyBlob, names: z.array(z.string().max(253)).min(1).max(32) }),
  sshCertificate,
);

/** Public keys of the authorities, as `authorized_keys` has them (`ssh-ed25519 AAAA… comment`): who signs gateways' host keys, and who signs logins at targets. Null: there is none. */
export const identitySshAuthorities = contract(subjects.identitySshAuthorities, z.strictObject({}), z.strictObject({ host: z.string().nullable(), upstream: z.string().nullable(), names: z.array(z.string()) }));

/** What a token would be, and how far it is from each binding of its issuer. */
export const tokenExplanation = z.strictObject({
  verdict: z.enum(['machine', 'person', 'refused']),
  /** A code of the closed lists and its sentence; null when the token would be taken now. */
  code: z.string().nullable(), say: z.string().nullable(),
  /** The Issuer document's name; null when the token is not genuine. */
  issuer: z.string().nullable(),
  /** Who it is, also where the verdict is `refused` for its times or the machine's state. */
  machine: z.string().nullable(), binding: z.string().nullable(), person: z.string().nullable(),
  /** On whose behalf the machine would come with it. */
  behalf: party.nullable().default(null),
  expires: z.string().nullable(),
  /** The first use of the token by this binding, if there was one: from another address it is a replay. */
  used: z.strictObject({ source: z.string(), at: z.string(), mode: z.enum(['bind_first', 'single_use']) }).nullable(),
  /** Nobody's yet: the candidate that it is, or (`new`, without an id) would become when it is shown at a door. Null for all others. */
  candidate: z.strictObject({ id: z.string().nullable(), state: z.enum(['new', 'open', 'adopted', 'blocked', 'dismissed']), attempts: z.int(), firstSeen: z.string().nullable(), lastSeen: z.string().nullable() }).nullable().default(null),
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
 * the documents, `remove` what it names. Errors: `denied` (needs the role admin), `invalid` with one line for each problem: document, path, reason; `change-required`, and for
 * what comes with a change `base-moved` and those of `approvals.spend`. The same change again, once it is applied, is fine and does nothing.
 */
export const identityApply = contract(
  subjects.identityApply,
  z.strictObject({ by: caller, documents: z.array(z.unknown()), dryRun: z.boolean(), prune: z.boolean(), remove: z.array(removal).max(10_000).default([]), ...applyUnder }),
  z.strictObject({ changes: z.array(change), warnings: z.array(z.string()).default([]), terms: changeTerms.nullable().default(null) }),
);

export const identityList = contract(subjects.identityList, z.strictObject({ kind: z.string(), name: z.string().nullable() }), z.strictObject({ documents: z.array(z.unknown()) }));
