import type { Digest, Instant, MachineName, SessionId, TargetName } from './ids.ts';

/** Who acts: a machine of the inventory, as proven by a token. Contains no secret. */
export interface Actor {
  readonly machine: MachineName;
  /** Stable key of the proof: hash of issuer and immutable claims. Survives a rename of the machine. */
  readonly npid: string;
  readonly owner: string;
  readonly issuer: string;
  /** SHA-256 of the token. The token itself is never kept. */
  readonly tokenHash: Digest;
  readonly jti: string | null;
  /** When the token expires; a session may outlive it only within its lease. */
  readonly tokenExpires: Instant;
}

/** Somebody of the inventory on whose behalf a machine acts: a person, or another machine. */
export interface Party {
  readonly kind: 'person' | 'machine';
  readonly name: string;
}

export const sameParty = (a: Party | null, b: Party | null): boolean => a?.kind === b?.kind && a?.name === b?.name;

/** `person:alice`, `machine:nightly-ledger`: as evidence names parties. */
export const partyId = ({ kind, name }: Party): string => `${kind}:${name}`;

/** Where the connection comes from, as the socket says. */
export interface Source {
  readonly address: string;
  readonly port: number;
  /** What the client calls itself (application_name, user agent). Claimed, not proven. */
  readonly client: string | null;
}

/** A proxied system as the data plane needs it. */
export interface Target {
  readonly name: TargetName;
  /** Protocol id: `postgres`. */
  readonly kind: string;
  readonly address: { readonly host: string; readonly port: number };
  /** `verify-full` needs a name match, `verify-ca` only the chain, `off` is accepted by configuration for loopback addresses only. */
  readonly tls: { readonly mode: 'verify-full' | 'verify-ca' | 'off'; readonly ca: string | null; readonly serverName: string | null };
  /** Reference of the credential to lease, `file:ledger-db` or `env:NAME`. Never the credential. */
  readonly credential: string;
  readonly environment: string;
  readonly tags: readonly string[];
  readonly evidence: EvidenceMode;
  /** Retention class of the texts of its sessions. Absent: `standard`. */
  readonly retention?: string;
  /** Protocol-specific settings, parsed by the adapter. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * `strict`: what may change something waits until its event is durable locally and acknowledged by the bus; what only reads
 * is forwarded at once and its result waits. `spool`: durable locally is enough while the spool has room.
 */
export type EvidenceMode = 'strict' | 'spool';

/**
 * The decision point's short-lived answer for one session. Verified by the gateway before use; past `expires` every
 * command is refused until it is renewed.
 */
export interface Lease {
  readonly id: string;
  readonly session: SessionId;
  readonly machine: MachineName;
  readonly target: TargetName;
  /** Role asked for in `[role@]target`, or null. */
  readonly role: string | null;
  /** Whom the machine acts for; absent: itself alone. A lease for the one is no lease for the other. */
  readonly behalf?: Party;
  /** Digest of the policy slice that rules this session; the text is fetched by digest. */
  readonly slice: Digest;
  /** Version of the whole policy set, for evidence. */
  readonly policyVersion: number;
  readonly maskPlan: string | null;
  /** The entitlement that the session is there by; null where its target needs none. */
  readonly entitlement: string | null;
  /** What the session shows must be recorded, or not be shown: it is there by an emergency's leave. */
  readonly record: boolean;
  /** Never beyond the end of the entitlement. */
  readonly expires: Instant;
}
