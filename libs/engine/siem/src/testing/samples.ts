import { EventChain, type Authority, type BlobRef, type EventData, type EventType, type On, type Who } from '@sallyport/domain-events';
import type { SignedCheckpoint, StoredEvent } from '../stored-event.ts';

/** A sample has its bytes. */
export interface Sample extends StoredEvent {
  readonly bytes: Uint8Array;
}

const id = (n: number) => `01936000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const digest = (letter: string) => letter.repeat(64);

export const sid = id(900);
export const machine: Who = { id: 'machine:nightly-ledger', npid: 'np_7q2f', iss: 'https://token.example', tok: digest('a'), jti: 'jti-1', owner: 'person-0042' };
export const alice: Who = { id: 'person:alice', npid: null, iss: 'https://idp.example', tok: null, jti: null, owner: null };
export const ledgerDb: On = { target: 'ledger-db', kind: 'postgres', env: 'prod' };
export const authority: Authority = { policy: 42, slice: digest('b'), lease: 'lease-1', approval: null };
const blob: BlobRef = { role: 'text', ct_sha256: digest('c'), off: 0, len: 812 };

/** Data of one event of each type, as the services write them. A spec sees to it that none is missing. */
export const samples: { readonly [T in EventType]: EventData[T] } = {
  'auth.ok': { binding: 'nightly', issuer: 'https://token.example', claims: { sub: 'repo:bank/ledger' }, source: '10.0.0.7', expires: '2026-11-23T05:00:00Z', micros: 812, door: 'postgres', session: sid },
  'auth.failed': { code: 'expired', say: 'the token has expired', issuer: 'https://token.example', claims: {}, source: '2001:db8::7', micros: 90, door: 'postgres', session: null },
  'auth.replay': { binding: 'nightly', jti: 'jti-1', source: '10.0.0.8', first_source: '10.0.0.7', door: 'postgres', session: sid },
  'token.exchanged': { kind: 'ssh-certificate', id: id(930), serial: '1112223334445556661', binding: 'nightly-ledger/oidc', targets: ['reader@ledger-db'], key: 'ssh:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU', uses: null, sources: ['10.0.0.7'], extensions: ['permit-pty'], act: [], expires: '2026-11-23T05:00:00.000000Z', source: '10.0.0.7' },
  'token.refused': { code: 'target-unknown', say: 'there is no such target', binding: 'nightly-ledger/oidc', source: '10.0.0.7' },
  'token.revoked': { machine: 'nightly-ledger', ids: [id(930)], count: 1, why: 'its state was set to suspended' },
  'ssh.certified': { kind: 'login', serial: '1112223334445556662', key: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU', principals: ['deploy'], gateway: null, session: sid, machine: 'nightly-ledger', target: 'bastion', expires: '2026-11-23T05:00:00.000000Z' },
  'session.opened': { protocol: 'postgres', role: 'reporting', source: '10.0.0.7', client: 'psql 18', evidence: 'strict', lease: 'lease-1', policy: 42, mask_plan: 'plan-7', key: { kek: '0011223344556677', epk: 'EPK-SECRET', iv: 'IV-SECRET', wrapped: 'WRAPPED-SECRET' } },
  'session.refused': { protocol: 'postgres', target: 'ledger-db', code: 'no_binding', say: 'no binding fits', source: '10.0.0.9' },
  'session.closed': { final_seq: 9, head: digest('d'), by: 'client', why: 'terminated', commands: 4, denied: 1, held: 1, rows: 120, bytes: 4096 },
  'session.abandoned': { session: id(901), last_seq: 5, why: 'the gateway started anew' },
  'command.decided': { command: id(910), decision: 'deny', verb: 'write', reading: 'sql', effects: ['write public.accounts'], shape: 'update accounts set note = $1 where id = $2', fingerprint: 'f00d', kind: 'UPDATE', rules: ['no-writes'], say: 'writes need a ticket' },
  'command.settled': { results: [{ command: id(910), status: 'ok', rows: 3, bytes: 120, micros: 900, error: null }, { command: id(911), status: 'failed', rows: 0, bytes: 0, micros: 80, error: '42P01' }] },
  'command.refused': { request: id(912), code: 'withdrawn', say: 'the request was withdrawn', what: 'UPDATE' },
  'recording.started': { command: id(910), kind: 'terminal', columns: 120, rows: 40, term: 'xterm-256color' },
  'recording.segment': { command: id(910), index: 3, from_us: 1_200_000, to_us: 2_100_000, bytes: 4096 },
  'recording.ended': { command: id(910), segments: 4, bytes: 16_384, whole: false, why: 'limit' },
  'content.passed': { command: id(910), direction: 'write', bytes: 4096, sha256: digest('7'), from: 0, to: 4096 },
  'mask.applied': { command: id(910), columns: [{ column: 'public.accounts.pan', tag: 'pci.pan', action: 'last4', layer: 'oid', cells: 12 }] },
  'mask.failed_closed': { command: id(910), why: 'a column without provenance' },
  'approval.requested': { approval: 'ap-1', session: sid, command: id(910), machine: 'machine:nightly-ledger', target: 'ledger-db', shape: 'delete from t where id = $1', binding: digest('e'), quorum: [{ group: 'dba', count: 2 }], expires: '2026-11-23T05:00:00Z', rules: ['deletes'] },
  'approval.voted': { approval: 'ap-1', by: 'person:alice', vote: 'approve', groups: ['dba'] },
  'approval.granted': { approval: 'ap-1', by: ['person:alice', 'person:bob'] },
  'approval.rejected': { approval: 'ap-1', by: 'person:bob' },
  'approval.expired': { approval: 'ap-1' },
  'approval.withdrawn': { approval: 'ap-1', why: 'the session ended' },
  'approval.consumed': { approval: 'ap-1', session: sid, command: id(910) },
  'approval.refused': { approval: 'ap-1', by: 'person:mallory', code: 'own_request', say: 'nobody approves for themselves' },
  'approval.notified': { approval: 'ap-1', state: 'requested', attempts: 2, ok: false },
  'config.changed': { kind: 'Target', name: 'ledger-db', change: 'updated', version: 7, digest: digest('f'), previous: digest('1') },
  'config.refused': { kind: 'Policy', name: 'base', code: 'invalid', say: 'a rule does not parse' },
  'policy.activated': { version: 43, digest: digest('2'), previous: digest('3'), rules: 12 },
  'nhi.suspended': { machine: 'machine:nightly-ledger', why: 'its owner left' },
  'operator.acted': { action: 'approval.vote', object: 'ap-1', ok: false, code: 'denied' },
  'evidence.read': { what: 'sessions', filter: 'machine=nightly', count: 12 },
  'evidence.exported': { origin: 'sallyport.local/default/1', manifest: digest('6'), scope: 'all', from: 0, to: 700, count: 700 },
  'log.gap': { producer: 'gw-1', epoch: id(920), from: 10, to: 12 },
  'log.rollback': { origin: 'sallyport.local/default/1', lost_size: 900, lost_root: 'cm9vdA==', size: 700, next_origin: 'sallyport.local/default/2' },
  'log.verify_failed': { origin: 'sallyport.local/default/1', size: 900, signed_root: 'cm9vdA==', root: 'b3RoZXI=' },
  'log.witness_refused': { origin: 'sallyport.local/default/1', size: 700, witness: 'witness.example/w1', witness_size: 900, why: 'ahead' },
  'key.rotated': { log: 'sallyport.local/default', old: 'sallyport.local/default+00000001+AQ==', new: 'sallyport.local/default+00000002+AQ==', note: 'a signed note' },
  'key.created': { use: 'session.closed', key: 'gw-1+00000003+AQ==' },
  'key.conflict': { producer: 'gw-2', epoch: id(921), key: 'gw-1+00000003+AQ==', why: 'other-producer', other: 'gw-1' },
  'log.equivocation': { sid, seq: 4, kept: digest('4'), other: digest('5') },
  'service.started': { service: 'evidence', version: '0.1.0', node: 'v24.0.0' },
  'service.stopped': { service: 'evidence', why: 'SIGTERM' },
  'producer.heartbeat': { pseq: 812, sessions: 3 },
  'evidence.interrupted': { since: '2026-11-23T03:50:00.000000Z', until: '2026-11-23T04:00:00.000000Z', why: 'the evidence journal cannot be written: ENOSPC', refused: 12 },
  'producer.silent': { producer: 'gw-1', epoch: id(920), last_pseq: 812, since: '2026-11-23T03:59:20.000000Z' },
  'producer.heard': { producer: 'gw-1', epoch: id(920), last_pseq: 812, seconds: 95 },
  'clock.status': { source: 'chrony', synchronised: true, offset_us: -210, error_us: 900, step_us: 0 },
  'hold.placed': { hold: id(930), reason: 'case 2026-17', session: null, machine: 'nightly-ledger', target: null, from: '2026-01-01T00:00:00.000Z', to: null },
  'hold.release_requested': { hold: id(930), reason: 'case 2026-17 is closed' },
  'hold.released': { hold: id(930), requested_by: 'alice' },
  'retention.changed': { class: 'standard', days: 300, previous: 396 },
  'retention.purged': { table: 'event_body_201911', class: 'events', from: '2019-11-01T00:00:00.000Z', to: '2019-12-01T00:00:00.000Z', delivered: 900, leaves: [[0, 700], [703, 812]], part: 1, parts: 1 },
  'erasure.requested': { session: sid, reason: 'request 2026-3' },
  'erasure.confirmed': { session: sid, requested_by: 'alice' },
  'key.destroyed': { key: 'standard/2026-11-23/00aa11bb22cc33dd', class: 'standard', day: '2026-11-23', why: 'erased', sessions: [sid], kept: 12, next: 'standard/2026-11-23/44ee55ff00aa11bb' },
  'sink.watermark': { sink: 'splunk', from: 700, next: 812, delivered: 100, filtered: 12, lag: 0 },
  'sink.stalled': { sink: 'splunk', next: 812, code: 'unavailable', attempts: 5, lag: 90 },
  'sink.recovered': { sink: 'splunk', next: 812, attempts: 6, seconds: 61 },
  'sink.rewound': { sink: 'splunk', from: 812, next: 700 },
  'nhi.recorded': {
    machine: 'nightly-ledger', version: 3, kind: 'batch', owner: 'alice', backup_owner: 'bob', team: 'ledger', purpose: 'closes the books every night', business_service: 'general ledger', environment: 'production',
    criticality: 'high', groups: ['batch'], vendor: 'Acme Batch', contract_end: '2027-03-31', review_by: '2027-01-31', state: 'active', bindings: ['github/sallyport (repository_id, environment)'], source: 'apply',
  },
  'nhi.state_changed': { machine: 'nightly-ledger', from: 'active', to: 'attention', why: 'its owner left', until: '2026-11-30T04:00:00.000Z' },
  'nhi.transfer_requested': { machine: 'nightly-ledger', owner: 'bob', previous_owner: 'alice', reason: 'alice left' },
  'nhi.owner_accepted': { machine: 'nightly-ledger', owner: 'bob', previous_owner: 'alice', approval: id(940) },
  'nhi.reactivated': { machine: 'nightly-ledger', owner: 'bob', approval: id(940), approved_by: ['carol'] },
  'nhi.imported': { source: 'csv', found: 120, drafted: 7, known: 113, digest: digest('1') },
  'nhi.candidate': { candidate: id(941), issuer: 'https://token.example', claims: { repository_id: '42' }, source: '10.0.0.7' },
  'nhi.candidate_decided': { candidate: id(941), decision: 'blocked', machine: null },
  'signal.received': { source: 'scim', kind: 'user.deactivated', person: 'alice', ref: 'scim-7', outcome: 'left' },
  'person.left': { person: 'alice', source: 'scim', left_at: '2026-11-20T17:00:00.000Z', count: 1, machines: ['nightly-ledger'] },
  'person.returned': { person: 'alice', source: 'scim' },
  'person.sessions_revoked': { person: 'alice', source: 'ssf', before: '2026-11-20T17:00:01.000000Z' },
  'contract.ending': { of: 'person', name: 'alice', ends: '2026-12-01', days: 7, machines: ['nightly-ledger'] },
  'entitlement.granted': {
    entitlement: id(942), kind: 'jit', machine: 'nightly-ledger', target: 'ledger-db', role: 'reporting', from: '2026-11-23T04:00:00.000Z', until: '2026-11-23T08:00:00.000Z', uses: 3, limited_by: 'the contract of alice',
    request: id(943), approval: id(940), approved_by: ['carol'], reason: 'month end',
  },
  'entitlement.used': { entitlement: id(942), session: sid, machine: 'nightly-ledger', left: 2 },
  'entitlement.expired': { entitlement: id(942), machine: 'nightly-ledger', target: 'ledger-db', why: 'time' },
  'entitlement.revoked': { entitlement: id(942), machine: 'nightly-ledger', target: 'ledger-db', why: 'a review said so', review: id(944) },
  'entitlement.requested': { request: id(943), path: 'month-end', machine: 'nightly-ledger', target: 'ledger-db', role: 'reporting', seconds: 14_400, uses: 3, reason: 'month end', by_connecting: false, approval: id(940) },
  'entitlement.refused': { request: id(943), machine: 'nightly-ledger', target: 'ledger-db', role: 'reporting', code: 'no-path', say: 'nothing lets this machine ask for this role' },
  'entitlement.unused': { entitlement: id(942), machine: 'nightly-ledger', target: 'ledger-db', days: 61 },
  'breakglass.opened': { entitlement: id(942), machine: 'nightly-ledger', target: 'ledger-db', reason: 'the ledger is stuck', by: 'bob', until: '2026-11-23T05:00:00.000Z' },
  'breakglass.reviewed': { entitlement: id(942), machine: 'nightly-ledger', finding: 'justified', say: 'the incident is known' },
  'approval.manifest': { approval: id(940), manifest: digest('2'), count: 12, runs: 30, machine: 'nightly-ledger', target: 'ledger-db' },
  'review.opened': { campaign: id(944), scope: 'criticality high', items: 14, due: '2026-12-15', grace_days: 14 },
  'review.item': { campaign: id(944), item: id(945), machine: 'nightly-ledger', entitlement: id(942), target: 'ledger-db', role: 'reporting', reviewers: ['carol'], used: ['read ledger.entries'], used_count: 1, unused: ['modify ledger.entries'], last_used: '2026-11-22T02:00:00.000Z' },
  'review.decided': { campaign: id(944), item: id(945), machine: 'nightly-ledger', decision: 'narrow', reason: 'it only reads', policy: digest('3') },
  'review.delegated': { campaign: id(944), item: id(945), machine: 'nightly-ledger', to: 'ann', reason: 'she knows it' },
  'review.overdue': { campaign: id(944), item: id(945), machine: 'nightly-ledger', due: '2026-12-15', stops: '2026-12-29' },
  'review.stopped': { campaign: id(944), item: id(945), machine: 'nightly-ledger', entitlement: id(942) },
  'review.closed': { campaign: id(944), kept: 10, narrowed: 2, revoked: 1, stopped: 1 },
  'policy.proposed': { machine: 'nightly-ledger', from: '2026-10-24T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z', digest: digest('3'), rules: 4 },
  'policy.simulated': { digest: digest('3'), from: '2026-10-24T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z', commands: 81_212, changed: 2 },
  'detect.human_use': { machine: 'nightly-ledger', session: sid, signs: ['a terminal', 'psql with its prompt'] },
  'detect.shared_binding': { machine: 'nightly-ledger', binding: 'nightly-ledger/oidc', runtimes: ['10.0.0.7', '10.9.0.3'] },
  'detect.replay': { machine: 'nightly-ledger', binding: 'nightly-ledger/oidc', source: '10.9.0.3', first_source: '10.0.0.7', count: 3 },
  'detect.new_behaviour': { machine: 'nightly-ledger', target: 'ledger-db', effect: 'remove ledger.entries', session: sid },
  'detect.stale': { machine: 'nightly-ledger', last_used: '2026-09-01T02:00:00.000Z', days: 83, level: 'flag' },
  'detect.orphan': { machine: 'nightly-ledger', owner: 'mallory' },
  'detect.dismissed': { detection: id(960), kind: 'human_use', machine: 'nightly-ledger', reason: 'case 12' },
  'change.proposed': { change: id(946), title: 'ledger may be read by reporting', ticket: 'CHG-1', kinds: ['policy'], count: 2, digest: digest('4'), rolls_back: null },
  'change.tested': { change: id(946), ok: true, say: 'fits', warnings: 0, changed_decisions: 2 },
  'change.approved': { change: id(946), approval: id(940), by: ['carol'] },
  'change.rejected': { change: id(946), approval: id(940), by: 'carol' },
  'change.activated': { change: id(946), digest: digest('4'), approval: id(940) },
  'change.withdrawn': { change: id(946), why: 'not needed any more' },
};

/** A checkpoint with the signatures of a log and a witness, as far as their form goes. */
export const head: SignedCheckpoint = {
  origin: 'sallyport.local/default/1', size: 20, root: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', signedAt: Date.UTC(2026, 10, 23, 4, 0, 10),
  note: 'sallyport.local/default/1\n20\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— sallyport.local/default Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example/w1 fBGn0pzmTBE=\n',
};

/** Written in the chain of a session; everything else is in that of its producer. */
const inSession = /^(session\.(opened|closed)|command\.|mask\.)/;
export const epoch = id(920);

/** A stored event of that type, as a producer writes it; `over` replaces parts of its data. */
export function stored<T extends EventType>(type: T, over: Partial<EventData[T]> = {}, leaf = 17, parties: { readonly who: Who | null; readonly on: On | null } = partiesOf(type)): Sample {
  return { ...write(type, { ...samples[type], ...over }, parties), leaf };
}

/** Any text in the places where a stranger's text can stand: type stays known, names and reasons are free. */
export function hostile(words: string): Sample {
  return write('command.refused', { request: words, code: words, say: words, what: words }, { who: { ...machine, id: words, npid: words }, on: { target: words, kind: words, env: words } });
}

function write<T extends EventType>(type: T, data: EventData[T], parties: { readonly who: Who | null; readonly on: On | null }): Sample {
  const chain = new EventChain({ tenant: 'default', sid: inSession.test(type) ? sid : epoch, producer: { id: 'gw-1', epoch } }, parties, { seq: 3, prev: digest('9') });
  const bytes = chain.write(type, data, { id: id(1), pseq: 4, wall: '2026-11-23T03:59:59.123456Z', monoUs: 81 }, authority, inSession.test(type) ? [blob] : []);
  return { bytes, leaf: 17, receivedAt: Date.UTC(2026, 10, 23, 4, 0, 0, 5), previousId: id(0), proof: { origin: 'sallyport.local/default/1', size: 20, root: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' } };
}

function partiesOf(type: EventType): { readonly who: Who | null; readonly on: On | null } {
  if (/^(session|command|mask|auth)\./.test(type)) return { who: machine, on: type.startsWith('auth.') ? null : ledgerDb };
  return /^(log|key|retention|clock|service|producer|sink)\./.test(type) ? { who: null, on: null } : { who: alice, on: null };
}
