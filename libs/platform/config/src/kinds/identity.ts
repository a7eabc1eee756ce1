import { z } from 'zod';
import { providers } from '../claims/providers.ts';
import { authority, date, document, duration, environment, name } from './common.ts';

const algorithm = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);

/** A token issuer that is trusted to say who somebody is. */
export const issuerDocument = document('Issuer', z.strictObject({
  /** Exact `iss`. */
  issuer: z.url(),
  /** Decides which claims are immutable and which traps are refused. */
  provider: z.enum(providers),
  /** Whom its tokens may be: machines, people, or both. */
  trusts: z.array(z.enum(['machines', 'people'])).min(1),
  /** Either discovery at the issuer's URL, or pinned keys. */
  keys: z.union([
    z.strictObject({ discovery: z.literal(true), ca: authority.optional() }),
    z.strictObject({ jwksUri: z.url(), ca: authority.optional() }),
    z.strictObject({ jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1) }) }),
    /** Signing certificates of a SAML identity provider, or the X.509 authorities of a SPIFFE trust domain. */
    z.strictObject({ certificates: z.array(authority).min(1).max(20) }),
  ]),
  /** Of tokens; not asked of certificates. */
  algorithms: z.array(algorithm).min(1).max(10),
  /** Kubernetes: each token is shown to its cluster as well (TokenReview), which knows of pods and accounts that are gone. */
  tokenReview: z.strictObject({
    /** Address of the API server. */
    server: z.url(),
    ca: authority.optional(),
    /** `file:NAME` or `env:NAME`: a bearer token that may create tokenreviews. */
    credential: z.string().regex(/^(file|env):[A-Za-z0-9_.-]+$/, 'must be file:NAME or env:NAME'),
  }).optional(),
  /** Exact `aud` values accepted; at least one must be in the token. */
  audiences: z.array(z.string().min(1)).min(1),
  clockSkew: duration.default('60s'),
  /** Oldest accepted token, from `iat`. */
  maxTokenAge: duration.default('1h'),
  /** How long the last good keys may serve while the issuer is unreachable; absent: not at all. */
  serveStaleKeysFor: duration.optional(),
  /** For `generic`: which claims never change hands. */
  immutableClaims: z.array(z.string()).default([]),
  /** For people: the claim that is matched with Person.spec.subject. */
  personClaim: z.string().default('sub'),
  /** For people: how `sallyport login` gets a token here, by the device authorization grant (RFC 8628). Absent: people bring their token themselves. */
  login: z.strictObject({
    /** A public client (no secret) of the issuer that may use the device code grant. */
    clientId: z.string().min(1).max(200),
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope without blanks')).max(20).default(['openid', 'offline_access']),
    /** The `audience` parameter, for issuers that want one. */
    audience: z.string().min(1).max(500).optional(),
    /** The `resource` parameter (RFC 8707), for issuers that want one. */
    resource: z.url().optional(),
    /** Which of the issuer's tokens is shown to the console; `id` for issuers whose access tokens are no JWTs. */
    token: z.enum(['access', 'id']).default('access'),
  }).optional(),
}));

export const trustBinding = z.strictObject({
  name,
  /** metadata.name of the Issuer. */
  issuer: name,
  /** Exact `aud` of this binding; must be one of the issuer's. */
  audience: z.string().min(1),
  /** Claims that must be equal, as strings, numbers or booleans. Nested claims by dots, dots in names escaped as `\.`. */
  claims: z.record(z.string().min(1).max(200), z.union([z.string().max(1000), z.number(), z.boolean()])),
  replay: z.enum(['bind_first', 'single_use', 'off']).default('bind_first'),
  /** Why a rule is set aside: needed for `replay: off` and for runs that outsiders can start. */
  justification: z.string().min(20, 'must give the reason in at least 20 characters').max(1000).optional(),
});

const machineSpec = z.strictObject({
  kind: z.enum(['service', 'ci', 'batch', 'agent']),
  owner: name,
  backupOwner: name,
  team: z.string().optional(),
  /** What of the business stops when it stops. */
  businessService: z.string().min(1).max(200).optional(),
  /** Who runs it, where that is another firm; it does not work beyond that firm's contract. */
  vendor: z.strictObject({ name: z.string().min(1).max(200), contractEnd: date.optional() }).optional(),
  purpose: z.string().min(10, 'must say what the machine is for, in at least 10 characters'),
  environment,
  criticality: z.enum(['low', 'medium', 'high', 'critical']),
  groups: z.array(name).default([]),
  state: z.enum(['draft', 'active', 'suspended', 'retired']).default('draft'),
  reviewBy: date,
  /**
   * On whose behalf it may act (RFC 8693, `actor_token`): people by name or by their groups, other machines by name. Absent: nobody's. What it does then must be allowed
   * to both.
   */
  actsFor: z.strictObject({ people: z.array(name).max(200).default([]), groups: z.array(name).max(50).default([]), machines: z.array(name).max(50).default([]) }).optional(),
  bindings: z.array(trustBinding).default([]),
});
export const machineDocument = document('Machine', machineSpec);

/**
 * A machine as identity shows it to the other services: in the state that it works by, whatever its document says. In `attention` it works on, and nothing new is granted to it:
 * nobody answers for it at the moment, or its review has lapsed.
 */
export const shownMachineDocument = document('Machine', machineSpec.extend({ state: z.enum(['draft', 'active', 'attention', 'suspended', 'retired']) }));

export const personDocument = document('Person', z.strictObject({
  displayName: z.string().min(1),
  /** metadata.name of the Issuer and the exact value of its person claim. */
  issuer: name,
  subject: z.string().min(1),
  roles: z.array(z.enum(['admin', 'approver', 'auditor', 'operator'])).default([]),
  active: z.boolean().default(true),
  /** Groups that policies name: `principal is Person in Group::"…"`. For what machines may do on this person's behalf; a person has no sessions of their own. */
  groups: z.array(name).max(50).optional(),
  /** Directories name people by their own ids: SCIM `externalId` or `userName`, a security event's subject, a line of the HR file. Compared exactly. */
  directoryIds: z.array(z.string().min(1).max(320)).max(10).optional(),
  employment: z.enum(['employee', 'contractor']).optional(),
  /** The last day, for contractors. Afterwards this person answers for nothing any more. */
  contractEnd: date.optional(),
}));

/** A group of machines, of people, or of both; policies name it as `Group::"…"`. */
export const groupDocument = document('Group', z.strictObject({ purpose: z.string().min(1) }));

/** People who may approve; policies name it in `@approvers`. */
export const approverGroupDocument = document('ApproverGroup', z.strictObject({ members: z.array(name).min(1) }));

export const targetDocument = document('Target', z.strictObject({
  kind: z.enum(['postgres', 'ssh']),
  address: z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65535) }),
  tls: z.strictObject({ mode: z.enum(['verify-full', 'verify-ca', 'off']).default('verify-full'), ca: authority.optional(), serverName: z.string().optional() }).default({ mode: 'verify-full' }),
  /** `file:NAME` or `env:NAME`: where the gateway finds the credential. Never the credential. */
  credential: z.string().regex(/^(file|env):[A-Za-z0-9_.-]+$/, 'must be file:NAME or env:NAME'),
  environment,
  tags: z.array(name).default([]),
  /** What a session needs besides the policy's leave to connect: with `entitlement` a live one for machine, target and role; with `policy` nothing. */
  access: z.enum(['policy', 'entitlement']).default('policy'),
  evidence: z.enum(['strict', 'spool']).default('strict'),
  /** Class by which the texts of its sessions are kept; the evidence service knows the classes. */
  retention: name.default('standard'),
  settings: z.record(z.string(), z.unknown()).default({}),
}));

export type IssuerDocument = z.infer<typeof issuerDocument>;
export type MachineDocument = z.infer<typeof machineDocument>;
export type ShownMachineDocument = z.infer<typeof shownMachineDocument>;
export type TrustBinding = z.infer<typeof trustBinding>;
export type PersonDocument = z.infer<typeof personDocument>;
export type GroupDocument = z.infer<typeof groupDocument>;
export type ApproverGroupDocument = z.infer<typeof approverGroupDocument>;
export type TargetDocument = z.infer<typeof targetDocument>;
