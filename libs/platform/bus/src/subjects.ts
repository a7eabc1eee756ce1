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
  /** Who came and is bound to no machine; what directories and files name. */
  identityCandidates: 'identity.candidates',
  identityCandidate: 'identity.candidate',
  identityCandidateDecide: 'identity.candidateDecide',
  identityCandidateAdopt: 'identity.candidateAdopt',
  identityImport: 'identity.import',

  /** Somebody left, or is back: who keeps directories tells identity. */
  identitySignal: 'identity.signal',
  /** Machines and people as they stand, with what people do to them. */
  identityMachines: 'identity.machines',
  identityMachine: 'identity.machine',
  identityMachineSuspend: 'identity.machineSuspend',
  identityMachineRetire: 'identity.machineRetire',
  identityMachineTransfer: 'identity.machineTransfer',
  identityMachineAccept: 'identity.machineAccept',
  identityMachineAgree: 'identity.machineAgree',
  identityPeople: 'identity.people',
  identityPerson: 'identity.person',

  /** By which entitlement sessions may be there. */
  identityEnter: 'identity.enter',
  identityEntitlements: 'identity.entitlements',
  identityEntitlement: 'identity.entitlement',
  identityRevoke: 'identity.revoke',
  /** Access that a machine does not have, asked for by people on its behalf. */
  identityAsk: 'identity.ask',
  identityRequests: 'identity.requests',
  identityWithdraw: 'identity.withdraw',
  identityBreakGlasses: 'identity.breakGlasses',
  identityReviewGlass: 'identity.reviewGlass',

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
  /** Leave for what is no command of a session: access, a list of statements, a change. */
  approvalsAsk: 'approvals.ask',
  approvalsSpend: 'approvals.spend',
  /** Leave for many statements of one machine at once. */
  approvalsManifest: 'approvals.manifest',
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

  /** How far governance has read the ledger. */
  governanceStatus: 'governance.status',
  /** What machines used; the least policy that would have allowed it; what a draft would have decided about the past. */
  governanceUsage: 'governance.usage',
  governancePropose: 'governance.propose',
  governanceSimulate: 'governance.simulate',
  /** Reviews of access. */
  reviewOpen: 'governance.reviewOpen',
  reviewList: 'governance.reviewList',
  reviewShow: 'governance.reviewShow',
  reviewDecide: 'governance.reviewDecide',
  reviewDelegate: 'governance.reviewDelegate',
  reviewClose: 'governance.reviewClose',
  /** Changes that more than one person makes. */
  changesPropose: 'governance.changePropose',
  changesTest: 'governance.changeTest',
  changesActivate: 'governance.changeActivate',
  changesRollBack: 'governance.changeRollBack',
  changesWithdraw: 'governance.changeWithdraw',
  changesList: 'governance.changeList',
  changesShow: 'governance.changeShow',
  /** Who tells us of people, what they told, and the HR file. */
  governanceDirectories: 'governance.directories',
  governanceDirectoryAdd: 'governance.directoryAdd',
  governanceDirectoryRotate: 'governance.directoryRotate',
  governanceDirectoryRevoke: 'governance.directoryRevoke',
  governanceSignals: 'governance.signals',
  governanceImportHr: 'governance.importHr',
  /** What looks wrong. */
  governanceDetections: 'governance.detections',
  governanceDismiss: 'governance.dismiss',

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
  /** Inventory for the other services: `machine.<name>`, `target.<name>`, `person.<name>`, `group.<name>`, `approvers.<name>`, `governance.default`. Written by identity. */
  inventory: 'inventory',
  /** Policy slices by digest. Written by policy. Content is checked by its digest. */
  slices: 'slices',
  /** Mask plans by target name. Written by masking. */
  plans: 'plans',
  /** Public keys of the day that gateways seal session keys to, by retention class. Written by evidence. */
  sealing: 'sealing',
} as const;
