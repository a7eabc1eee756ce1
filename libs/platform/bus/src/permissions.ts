import { inboxPrefix } from './connect.ts';
import { siemOf, type BusUser, type ServiceName } from './services.ts';
import { buckets, streams, subjects } from './subjects.ts';

/** What one user may send and hear. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /**
   * May answer a request that it heard: one message on that request's reply subject, within two minutes. Never for who takes messages of a stream:
   * nats-server remembers the reply subject of each of them, and walks through all that it remembers with each that comes.
   */
  readonly answers: boolean;
}

/** Rights to read a bucket: look at it, get a key, follow it with an ordered consumer. */
const reads = (bucket: string) => [
  `$JS.API.STREAM.INFO.KV_${bucket}`,
  `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
  `$JS.API.CONSUMER.CREATE.KV_${bucket}.>`,
  `$JS.API.CONSUMER.CREATE.KV_${bucket}`,
  `$JS.API.CONSUMER.INFO.KV_${bucket}.*`,
  `$JS.API.CONSUMER.DELETE.KV_${bucket}.*`,
  `$JS.FC.KV_${bucket}.>`,
];
const writes = (bucket: string) => [...reads(bucket), `$KV.${bucket}.>`];
const emits = (producer: string) => [subjects.ingest(producer)];

/** The ledger's consumer, which exists: to look at it, to ask it for messages, to acknowledge them. */
const consumes = (stream: string, consumer: string) => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  `$JS.ACK.${stream}.${consumer}.>`,
];

/** To append to EVIDENCE, and to look where it ends. */
const publishesEvidence = [streams.evidence.subjects[0], `$JS.API.STREAM.INFO.${streams.evidence.name}`, `$JS.API.STREAM.MSG.GET.${streams.evidence.name}`];

/** What people ask of use and of reviews. */
const aboutUse = [subjects.governanceUsage, subjects.governancePropose, subjects.governanceSimulate, subjects.reviewOpen, subjects.reviewList, subjects.reviewShow, subjects.reviewDecide, subjects.reviewDelegate, subjects.reviewClose];

/** Who answers requests. The ledger does too, and has its callers' inboxes for it. */
const answering: readonly BusUser[] = ['policy', 'approvals', 'masking', 'identity', 'governance', 'sinks'];

const anySession = 'control.session.*.close';
const reading = [...reads(buckets.inventory), ...reads(buckets.slices), ...reads(buckets.plans), ...reads(buckets.sealing)];

const publishes = (gateways: readonly string[]): Record<ServiceName, readonly string[]> => ({
  gateway: [
    ...gateways.flatMap(emits), ...gateways.map(subjects.gatewayHealth), subjects.identityResolve, subjects.identitySshUpstreamCert, subjects.identitySshHostCert, subjects.identitySshAuthorities, subjects.policyOpen, subjects.policyRenew, subjects.maskingPlan,
    subjects.approvalsOpen, subjects.approvalsConsume, subjects.approvalsWithdraw, subjects.approvalsShow, ...reading,
  ],
  policy: [...emits('policy'), subjects.maskingPlan, subjects.maskingList, subjects.identityList, subjects.approvalsSpend, subjects.approvalsShow, subjects.identityEnter, subjects.leaseChanged, anySession, ...reads(buckets.inventory), ...reads(buckets.plans), ...writes(buckets.slices)],
  approvals: [...emits('approvals'), subjects.identityList, subjects.policyDecide, subjects.approvalChanged, ...reads(buckets.inventory)],
  masking: [...emits('masking'), subjects.identityList, subjects.approvalsSpend, subjects.approvalsShow, subjects.leaseChanged, ...reads(buckets.inventory), ...writes(buckets.plans)],
  identity: [...emits('identity'), subjects.approvalsManifest, subjects.approvalsAsk, subjects.approvalsSpend, subjects.approvalsWithdraw, subjects.approvalsShow, subjects.leaseChanged, anySession, ...writes(buckets.inventory)],
  evidence: [...emits('evidence'), subjects.watermark('*'), ...consumes(streams.ingest.name, streams.ingest.consumer), ...publishesEvidence, ...reads(buckets.inventory), ...writes(buckets.sealing), subjects.sinksCursors, `${inboxPrefix('console')}.>`, `${inboxPrefix('sinks')}.>`, `${inboxPrefix('governance')}.>`],
  governance: [...emits('governance'), ...reads(buckets.plans), subjects.identityMachineSuspend, subjects.evidenceFollow, subjects.identityApply, subjects.policyApply, subjects.maskingApply, subjects.maskingList, subjects.sinksApply, subjects.sinksList, subjects.identityList, subjects.identitySignal, subjects.identityEntitlements, subjects.identityEntitlement, subjects.identityRevoke, subjects.identityBreakGlasses, subjects.policyGet, subjects.approvalsAsk, subjects.approvalsSpend, subjects.approvalsWithdraw, subjects.approvalsShow, ...reads(buckets.inventory)],
  sinks: [...emits('sinks'), subjects.identityList, subjects.approvalsSpend, subjects.approvalsShow, subjects.evidenceFollow, subjects.logCheckpoints, subjects.logTile],
  console: [
    subjects.identityCandidates, subjects.identityCandidate, subjects.identityCandidateDecide, subjects.identityCandidateAdopt, subjects.identityImport,
    subjects.identityResolve, subjects.identityExplain, subjects.identityApply, subjects.identityList, subjects.identityMachines, subjects.identityMachine, subjects.identityMachineSuspend, subjects.identityMachineRetire, subjects.identityMachineTransfer, subjects.identityMachineAccept, subjects.identityMachineAgree, subjects.identityPeople, subjects.identityPerson, subjects.identityEntitlements, subjects.identityEntitlement, subjects.identityRevoke, subjects.identityAsk, subjects.identityRequests, subjects.identityWithdraw, subjects.identityBreakGlasses, subjects.identityReviewGlass, subjects.identitySshAuthorities, subjects.policyDecide, subjects.policyApply, subjects.policyGet, subjects.maskingApply, subjects.maskingList, subjects.maskingPlan,
    subjects.approvalsList, subjects.approvalsShow, subjects.approvalsVote, subjects.approvalsManifest, subjects.evidenceSessions, subjects.evidenceEvents, subjects.evidenceReplay, subjects.evidenceNote, subjects.evidenceExport, subjects.evidenceHolds, subjects.evidenceHold, subjects.evidenceRelease, subjects.evidenceErase, subjects.evidenceRetention, subjects.logCheckpoint, subjects.logTile, subjects.governanceStatus, subjects.changesPropose, subjects.changesTest, subjects.changesActivate, subjects.changesRollBack, subjects.changesWithdraw, subjects.changesList, subjects.changesShow, subjects.governanceDirectories, subjects.governanceDirectoryAdd, subjects.governanceDirectoryRotate, subjects.governanceDirectoryRevoke, subjects.governanceSignals, subjects.governanceImportHr, subjects.governanceDetections, subjects.governanceDismiss, subjects.sinksApply, subjects.sinksList,
    ...aboutUse,
    anySession, ...reads(buckets.inventory),
  ],
});

const hears = (gateways: readonly string[]): Record<ServiceName, readonly string[]> => ({
  gateway: [anySession, subjects.leaseChanged, subjects.approvalChanged, ...gateways.map(subjects.watermark)],
  policy: ['policy.*', subjects.leaseChanged, subjects.watermark('policy')],
  approvals: ['approvals.*', anySession, subjects.watermark('approvals')],
  masking: ['masking.*', subjects.watermark('masking')],
  identity: ['identity.*', subjects.approvalChanged, subjects.watermark('identity')],
  evidence: ['evidence.*', subjects.watermark('evidence')],
  governance: ['governance.*', subjects.approvalChanged, subjects.watermark('governance')],
  sinks: ['sinks.*', subjects.watermark('sinks')],
  console: [subjects.approvalChanged, subjects.gatewayHealth('*')],
});

/**
 * The least rights of each user. Nobody but `bootstrap` may make, change or delete a stream or a durable consumer, and nobody at
 * all may purge or delete INGEST or EVIDENCE or a message of them.
 */
export function permissions(user: BusUser, gateways: readonly string[], siems: readonly string[] = []): Permissions {
  const inbox = `${inboxPrefix(user)}.>`;
  if (user === 'bootstrap') {
    const manage = ['CREATE', 'UPDATE', 'INFO'].flatMap((verb) => [streams.ingest.name, streams.evidence.name, ...Object.values(buckets).map((bucket) => `KV_${bucket}`)].map((stream) => `$JS.API.STREAM.${verb}.${stream}`));
    const durable = [`${streams.ingest.name}.${streams.ingest.consumer}`, ...siems.map((name) => `${streams.evidence.name}.${siemOf(name).consumer}`)];
    const consumers = ['CREATE', 'DURABLE.CREATE', 'INFO'].flatMap((verb) => durable.map((consumer) => `$JS.API.CONSUMER.${verb}.${consumer}`));
    return { publish: ['$JS.API.INFO', ...manage, ...consumers], subscribe: [inbox], answers: false };
  }
  return { publish: ['$JS.API.INFO', ...publishes(gateways)[user]], subscribe: [inbox, ...hears(gateways)[user]], answers: answering.includes(user) };
}

/** A SIEM may take the messages of its own consumer, acknowledge them, and look how far it is. It hears its own inbox and nothing else. */
export function siemPermissions(name: string): Permissions {
  const { user, consumer } = siemOf(name);
  const { name: stream } = streams.evidence;
  return {
    publish: [`$JS.API.CONSUMER.INFO.${stream}.${consumer}`, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, `$JS.ACK.${stream}.${consumer}.>`],
    subscribe: [`${inboxPrefix(user)}.>`],
    answers: false,
  };
}
