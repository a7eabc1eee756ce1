/**
 * Every subject, stream and bucket of the bus, in one file. Request/reply subjects are served in a queue group of the service's
 * name; their payloads are in `contracts/`.
 */
export const subjects = {
  identityResolve: 'identity.resolve',
  identityExplain: 'identity.explain',
  identityApply: 'identity.apply',
  identityList: 'identity.list',
  /** Gateways ask identity, which keeps the SSH authorities. */
  identitySshUpstreamCert: 'identity.sshUpstreamCert',
  identitySshHostCert: 'identity.sshHostCert',
  identitySshAuthorities: 'identity.sshAuthorities',

  policyOpen: 'policy.open',
  policyRenew: 'policy.renew',
  policyDecide: 'policy.decide',
  policyApply: 'policy.apply',
  policyGet: 'policy.get',

  maskingPlan: 'masking.plan',
  maskingApply: 'masking.apply',
  maskingList: 'masking.list',

  approvalsOpen: 'approvals.open',
  approvalsConsume: 'approvals.consume',
  approvalsWithdraw: 'approvals.withdraw',
  approvalsList: 'approvals.list',
  approvalsShow: 'approvals.show',
  approvalsVote: 'approvals.vote',

  evidenceSessions: 'evidence.sessions',
  evidenceEvents: 'evidence.events',
  evidenceReplay: 'evidence.replay',
  /** Console asks evidence to record that somebody read or did something. */
  evidenceNote: 'evidence.note',
  /** Evidence records that a pack goes out, and signs for it. */
  evidenceExport: 'evidence.export',
  /** Signed checkpoints and hashes of the log. */
  logCheckpoint: 'evidence.checkpoint',
  logTile: 'evidence.tile',
  logCheckpoints: 'evidence.checkpoints',
  /** Legal holds: list, place, release. */
  evidenceHolds: 'evidence.holds',
  evidenceHold: 'evidence.hold',
  evidenceRelease: 'evidence.release',
  /** Texts of one session, for ever; and what retention would let go. */
  evidenceErase: 'evidence.erase',
  evidenceRetention: 'evidence.retention',
  /** The sinks follow the log. */
  evidenceFollow: 'evidence.follow',

  sinksApply: 'sinks.apply',
  sinksList: 'sinks.list',
  /** The ledger asks how far each sink is, before it lets bodies go. */
  sinksCursors: 'sinks.cursors',

  /** A session must end: payload `SessionClose`. Gateways subscribe with a wildcard for the id. */
  sessionClose: (session: string) => `control.session.${session}.close`,
  /** A gateway says how it is: payload `GatewayHealth`. */
  gatewayHealth: (gateway: string) => `control.gateway.${gateway}.health`,
  /** Leases of the named scope are stale from now on: payload `LeaseChanged`. */
  leaseChanged: 'control.lease.changed',
  /** An approval reached an end: payload `ApprovalChanged`. */
  approvalChanged: 'control.approval.changed',
  /** Everything of this producer's epoch up to pseq is committed: payload `Watermark`. */
  watermark: (producer: string) => `control.watermark.${producer}`,

  /** Where a producer's event messages go (stream INGEST). */
  ingest: (producer: string) => `ingest.${producer}.event`,

  /** Where a committed event is published for those outside (stream EVIDENCE): `command.decided` of tenant `default` on `evidence.v1.default.command.decided`. */
  published: (tenant: string, type: string) => `evidence.v1.${tenant}.${type}`,
} as const;

export const streams = {
  /** Producers to ledger. Private. deny_delete, deny_purge, discard new. */
  ingest: { name: 'INGEST', subjects: ['ingest.>'], consumer: 'ledger' },
  /** Ledger to SIEMs: what is committed, in the ledger's order, byte for byte. deny_delete, deny_purge; the oldest go by age and size. */
  evidence: { name: 'EVIDENCE', subjects: ['evidence.v1.>'] },
} as const;

export const buckets = {
  /** Inventory for the other services: `machine.<name>`, `target.<name>`, `person.<name>`, `group.<name>`, `approvers.<name>`. Written by identity. */
  inventory: 'inventory',
  /** Policy slices by digest. Written by policy. Content is checked by its digest. */
  slices: 'slices',
  /** Mask plans by target name. Written by masking. */
  plans: 'plans',
  /** Public keys of the day that gateways seal session keys to, by retention class. Written by evidence. */
  sealing: 'sealing',
} as const;
