import type { EventData } from '@sallyport/domain-events';
import { authority, command, ledgerDb, machine, person, StoryLedger, type Writer } from './story.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The ids that expectations name. */
export const told = {
  nightlyEntitlement: 'e-nightly', reportEntitlement: 'e-report', archiverEntitlement: 'e-archiver', jit: 'e-jit', glass: 'e-glass', manifest: 'a-manifest', campaign: 'c-1', change: 'ch-1', back: 'ch-2',
  before: '0198c0de-0000-7000-8000-0000000000a1', after: '0198c0de-0000-7000-8000-0000000000a2', deploy: '0198c0de-0000-7000-8000-0000000000a3', emergency: '0198c0de-0000-7000-8000-0000000000a4', report: '0198c0de-0000-7000-8000-0000000000a5',
} as const;

/** The period that holds all of it. */
export const governedPeriod = { from: '2026-11-20T00:00:00Z', to: '2026-12-20T00:00:00Z' };

/** Friday, 20 November 2026, and the four weeks after it, told by five services. */
class House {
  readonly ledger = new StoryLedger();
  readonly gateway = this.ledger.chain('gateway');
  readonly identity = this.ledger.chain('identity');
  readonly approvals = this.ledger.chain('approvals');
  readonly policy = this.ledger.chain('policy');
  readonly governance = this.ledger.chain('governance');
  readonly evidence = this.ledger.chain('evidence');

  at(written: string): void {
    this.ledger.later(Date.parse(written) - this.ledger.now);
  }

  get now(): string {
    return new Date(this.ledger.now).toISOString();
  }

  in(ms: number): string {
    return new Date(this.ledger.now + ms).toISOString();
  }

  session(sid: string, of: string, owner: string, role: string): Writer {
    const who = machine(of, owner);
    this.identity.write('auth.ok', { binding: `${of}/ci`, issuer: 'https://issuer.test', claims: { sub: of }, source: '10.0.0.7', expires: this.in(5 * minute), micros: 90, door: 'postgres', session: sid }, { who });
    const session = this.ledger.chain('gateway', sid, { who, on: ledgerDb });
    session.write('session.opened', { protocol: 'postgres', role, source: '10.0.0.7', client: 'psql 18', evidence: 'strict', lease: 'lease-1', policy: 3, mask_plan: null, key: { kek: '0'.repeat(16), epk: 'AA', iv: 'AA', wrapped: 'AA' } });
    return session;
  }

  run(session: Writer, verb: string, effect: string, approval: string | null = null): string {
    const id = this.ledger.id();
    session.write('command.decided', command(id, 'allow', verb, [effect], `${verb} of ${effect}`, verb.toUpperCase(), ['ledger']), { auth: authority(approval) });
    return id;
  }

  close(session: Writer, by: string, why: string, commands: number): void {
    const { seq, prev } = session.head();
    session.write('session.closed', { final_seq: seq, head: prev, by, why, commands, denied: 0, held: 0, rows: 0, bytes: 0 });
  }

  /** Asked, voted and granted. */
  agree(approval: string, asked: Omit<EventData['approval.requested'], 'approval' | 'binding' | 'expires' | 'quorum'>, requester: ReturnType<typeof person>, by: string): void {
    this.approvals.write('approval.requested', { approval, binding: 'b'.repeat(64), quorum: [{ group: 'ops', count: 1 }], expires: this.in(hour), ...asked }, { who: requester });
    this.ledger.later(2 * minute);
    this.approvals.write('approval.voted', { approval, by, vote: 'approve', groups: ['ops'] }, { who: person(by) });
    this.approvals.write('approval.granted', { approval, by: [by] });
  }

  consume(approval: string, of: Pick<EventData['approval.consumed'], 'session' | 'command' | 'subject' | 'run'>): void {
    this.approvals.write('approval.consumed', { approval, ...of });
  }
}

/**
 * A contractor leaves on a Friday; his nightly job is suspended 0.4 seconds later and its session closed; its next connection is refused; a colleague takes it over, somebody else agrees, it works again. Besides:
 * access by request with an approval, emergency access with its review, a manifest, a change with four eyes and one that takes it back, and a review of access with all its ends.
 */
export function governedStory(): StoryLedger {
  const house = new House();
  inventory(house);
  leaving(house);
  takingOver(house);
  byRequest(house);
  emergency(house);
  manifest(house);
  change(house);
  review(house);
  house.at('2026-12-12T08:00:00Z');
  house.evidence.write('evidence.read', { what: 'sessions', filter: '', count: 4 }, { who: person('audra') });
  return house.ledger;
}

type Recorded = EventData['nhi.recorded'];

const job: Recorded = {
  machine: 'nightly', version: 1, kind: 'batch', owner: 'carl', backup_owner: 'dora', team: 'ledger', purpose: 'closes the books every night', business_service: 'general ledger', environment: 'production', criticality: 'high', groups: [],
  vendor: null, contract_end: null, review_by: '2027-01-31', state: 'active', bindings: ['issuer/sallyport (sub)'], source: 'apply',
};

function inventory({ identity }: House): void {
  const olga = { who: person('olga') };
  for (const each of [
    job,
    { ...job, machine: 'ci-deploy', kind: 'ci', owner: 'dora', backup_owner: 'erin', purpose: 'deploys the ledger', criticality: 'critical' },
    { ...job, machine: 'report-agent', kind: 'agent', owner: 'erin', purpose: 'writes the monthly report', criticality: 'medium', vendor: 'Acme Reports', contract_end: '2027-03-31' },
    { ...job, machine: 'archiver', owner: 'erin', purpose: 'moves old entries away', criticality: 'low', business_service: null },
  ]) {
    identity.write('config.changed', { kind: 'Machine', name: each.machine, change: 'created', version: 1, digest: `d-${each.machine}`, previous: null }, olga);
    identity.write('nhi.recorded', each, olga);
  }
  for (const [entitlement, of, role, until] of [[told.nightlyEntitlement, 'nightly', 'ledger', '2027-01-31T00:00:00.000Z'], [told.reportEntitlement, 'report-agent', 'reporting', '2027-01-31T00:00:00.000Z'], [told.archiverEntitlement, 'archiver', 'archive', '2027-01-31T00:00:00.000Z']] as const) {
    identity.write('entitlement.granted', { entitlement, kind: 'standing', machine: of, target: 'ledger-db', role, from: '2026-11-20T09:00:00.000Z', until, uses: null, limited_by: 'the date of review', request: null, approval: null, approved_by: [], reason: 'its job' });
  }
}

/** Friday 17:00. */
function leaving(house: House): void {
  house.at('2026-11-20T16:59:00Z');
  house.governance.write('contract.ending', { of: 'person', name: 'carl', ends: '2026-11-20', days: 1, machines: ['nightly'] });
  const running = house.session(told.before, 'nightly', 'carl', 'ledger');
  house.run(running, 'read', 'read ledger.entries');
  house.at('2026-11-20T17:00:00.350Z');
  house.governance.write('signal.received', { source: 'scim', kind: 'user.deactivated', person: 'carl', ref: 'okta-77', outcome: 'identity is told: left' });
  house.identity.write('person.left', { person: 'carl', source: 'scim', left_at: '2026-11-20T17:00:00.000Z', count: 1, machines: ['nightly'] });
  house.identity.write('nhi.state_changed', { machine: 'nightly', from: 'active', to: 'suspended', why: 'its owner left', until: null });
  house.at('2026-11-20T17:00:00.390Z');
  house.identity.write('nhi.suspended', { machine: 'nightly', why: 'its owner left' });
  house.identity.write('token.revoked', { machine: 'nightly', ids: ['t-1'], count: 1, why: 'its owner left' });
  house.identity.write('nhi.transfer_requested', { machine: 'nightly', owner: 'dora', previous_owner: 'carl', reason: 'carl left' });
  house.at('2026-11-20T17:00:01.300Z');
  house.close(running, 'lease', 'machine-suspended', 1);
  house.at('2026-11-21T02:00:00Z');
  const say = 'machine nightly is suspended since 2026-11-20T17:00Z, because carl left; it needs an owner who accepts it, and somebody else who agrees';
  house.identity.write('auth.failed', { code: 'machine-suspended', say, issuer: 'https://issuer.test', claims: { sub: 'nightly' }, source: '10.0.0.7', micros: 80, door: 'postgres', session: null }, { who: machine('nightly', 'carl') });
  house.gateway.write('session.refused', { protocol: 'postgres', target: 'ledger-db', code: 'unauthenticated', say, source: '10.0.0.7' });
}

/** Monday. */
function takingOver(house: House): void {
  house.at('2026-11-23T09:00:00Z');
  const [dora, frank] = [{ who: person('dora') }, { who: person('frank') }];
  house.identity.write('nhi.owner_accepted', { machine: 'nightly', owner: 'dora', previous_owner: 'carl', approval: 'transfer-1' }, dora);
  house.ledger.later(5 * minute);
  house.identity.write('config.changed', { kind: 'Machine', name: 'nightly', change: 'updated', version: 2, digest: 'd-nightly-2', previous: 'd-nightly' }, frank);
  house.identity.write('nhi.recorded', { ...job, version: 2, owner: 'dora', backup_owner: 'erin', source: 'transfer' }, frank);
  house.identity.write('nhi.state_changed', { machine: 'nightly', from: 'suspended', to: 'active', why: 'dora accepted it, frank agreed', until: null }, frank);
  house.identity.write('nhi.reactivated', { machine: 'nightly', owner: 'dora', approval: 'transfer-1', approved_by: ['frank'] }, frank);
  house.at('2026-11-24T02:00:00Z');
  const works = house.session(told.after, 'nightly', 'dora', 'ledger');
  house.run(works, 'read', 'read ledger.entries');
  house.run(works, 'write', 'write ledger.balances');
  house.ledger.later(10 * minute);
  house.close(works, 'client', 'terminated', 2);
  house.at('2026-11-24T03:00:00Z');
  const report = house.session(told.report, 'report-agent', 'erin', 'reporting');
  house.run(report, 'read', 'read ledger.entries');
  house.close(report, 'client', 'terminated', 1);
}

/** Access by request: two hours granted, half an hour used. */
function byRequest(house: House): void {
  house.at('2026-11-24T10:00:00Z');
  const deploy = machine('ci-deploy', 'dora');
  house.identity.write('entitlement.requested', { request: 'r-1', path: 'deploys', machine: 'ci-deploy', target: 'ledger-db', role: 'owner', seconds: 7200, uses: 1, reason: 'release 12', by_connecting: false, approval: null }, { who: deploy });
  const subject = { kind: 'access', id: 'r-1' } as const;
  house.agree('a-access', { session: null, command: null, machine: 'ci-deploy', target: 'ledger-db', shape: 'ci-deploy as owner on ledger-db for 2 h', rules: ['accessPath:deploys'], subject }, deploy, 'frank');
  house.consume('a-access', { session: null, command: null, subject });
  const [from, until] = [house.now, house.in(2 * hour)];
  house.identity.write('entitlement.granted', { entitlement: told.jit, kind: 'jit', machine: 'ci-deploy', target: 'ledger-db', role: 'owner', from, until, uses: 1, limited_by: null, request: 'r-1', approval: 'a-access', approved_by: ['frank'], reason: 'release 12' }, { who: deploy });
  house.identity.write('entitlement.used', { entitlement: told.jit, session: told.deploy, machine: 'ci-deploy', left: 0 }, { who: deploy });
  house.identity.write('entitlement.expired', { entitlement: told.jit, machine: 'ci-deploy', target: 'ledger-db', why: 'uses' }, { who: deploy });
  const session = house.session(told.deploy, 'ci-deploy', 'dora', 'owner');
  house.run(session, 'define', 'define ledger.entries');
  house.ledger.later(30 * minute);
  house.close(session, 'client', 'terminated', 1);
}

/** Emergency access: one hour granted, a quarter of it used, reviewed the day after by somebody else. */
function emergency(house: House): void {
  house.at('2026-11-25T22:00:00Z');
  const erin = { who: person('erin') };
  house.identity.write('entitlement.requested', { request: 'r-2', path: 'glass', machine: 'nightly', target: 'ledger-db', role: 'owner', seconds: 3600, uses: null, reason: 'the ledger is stuck, INC-9', by_connecting: false, approval: null }, erin);
  const [from, until] = [house.now, house.in(hour)];
  house.identity.write('entitlement.granted', { entitlement: told.glass, kind: 'break-glass', machine: 'nightly', target: 'ledger-db', role: 'owner', from, until, uses: null, limited_by: null, request: 'r-2', approval: null, approved_by: [], reason: 'the ledger is stuck, INC-9' }, erin);
  house.identity.write('breakglass.opened', { entitlement: told.glass, machine: 'nightly', target: 'ledger-db', reason: 'the ledger is stuck, INC-9', by: 'erin', until }, erin);
  house.identity.write('entitlement.used', { entitlement: told.glass, session: told.emergency, machine: 'nightly', left: null });
  const session = house.session(told.emergency, 'nightly', 'dora', 'owner');
  house.run(session, 'execute', 'execute ledger.unlock');
  house.ledger.later(15 * minute);
  house.close(session, 'client', 'terminated', 1);
  house.at('2026-11-25T23:00:00.100Z');
  house.identity.write('entitlement.expired', { entitlement: told.glass, machine: 'nightly', target: 'ledger-db', why: 'time' });
  house.at('2026-11-26T08:00:00Z');
  house.identity.write('breakglass.reviewed', { entitlement: told.glass, machine: 'nightly', finding: 'justified', say: 'INC-9 is known' }, { who: person('frank') });
}

/** Two statements approved at once; one of them has run. */
function manifest(house: House): void {
  house.at('2026-11-26T09:00:00Z');
  const nightly = machine('nightly', 'dora');
  const subject = { kind: 'manifest', id: 'm-1' } as const;
  house.approvals.write('approval.manifest', { approval: told.manifest, manifest: 'm'.repeat(64), count: 2, runs: 2, machine: 'nightly', target: 'ledger-db' }, { who: nightly });
  house.agree(told.manifest, { session: null, command: null, machine: 'nightly', target: 'ledger-db', shape: 'manifest of 2 statements', rules: ['deletes'], subject }, nightly, 'frank');
  const session = house.session('0198c0de-0000-7000-8000-0000000000a6', 'nightly', 'dora', 'ledger');
  const id = house.ledger.id();
  const shape = 'delete from ledger.entries where month = $1';
  const held = { verb: 'write', effects: ['write ledger.entries'], kind: 'DELETE', rules: ['deletes'] };
  session.write('command.decided', command(id, 'hold', held.verb, held.effects, shape, held.kind, held.rules), { auth: authority() });
  house.consume(told.manifest, { session: session.sid, command: id, subject, run: { place: 1, use: 1, times: 1, shape } });
  session.write('command.decided', command(id, 'allow', held.verb, held.effects, shape, held.kind, held.rules), { auth: authority(told.manifest) });
  session.write('command.settled', { results: [{ command: id, status: 'DELETE 4', rows: 4, bytes: 0, micros: 90, error: null }] });
  const { seq, prev } = session.head();
  session.write('session.closed', { final_seq: seq, head: prev, by: 'client', why: 'terminated', commands: 1, denied: 0, held: 1, rows: 4, bytes: 0 });
}

/** A change of policy with four eyes, and one that takes it back. */
function change(house: House): void {
  house.at('2026-11-30T09:00:00Z');
  fourEyes(house, told.change, 'a-change-1', 4, null);
  house.ledger.later(day);
  fourEyes(house, told.back, 'a-change-2', 5, told.change);
}

function fourEyes(house: House, id: string, approval: string, version: number, rollsBack: string | null): void {
  const erin = { who: person('erin') };
  house.governance.write('change.proposed', { change: id, title: rollsBack === null ? 'reporting reads balances' : 'back to before', ticket: rollsBack === null ? 'CHG-7' : null, kinds: ['Policy'], count: 1, digest: `content-${version}`, rolls_back: rollsBack }, erin);
  house.governance.write('change.tested', { change: id, ok: true, say: 'fits', warnings: 0, changed_decisions: 2 }, erin);
  const subject = { kind: 'change', id: `${id}/1/policy` } as const;
  house.agree(approval, { session: null, command: null, machine: null, target: null, shape: `change ${id}`, rules: ['changeControl:policy'], subject }, person('erin'), 'frank');
  house.governance.write('change.approved', { change: id, approval, by: ['frank'] });
  house.ledger.later(minute);
  house.consume(approval, { session: null, command: null, subject });
  house.policy.write('config.changed', { kind: 'Policy', name: 'ledger', change: 'updated', version, digest: `p-${version}`, previous: `p-${version - 1}` }, { ...erin, auth: { policy: null, slice: null, lease: null, approval } });
  house.policy.write('policy.activated', { version, digest: `set-${version}`, previous: `set-${version - 1}`, rules: 4 }, erin);
  house.governance.write('change.activated', { change: id, digest: `content-${version}`, approval }, erin);
}

/** Four items: kept, narrowed, revoked, and one that nobody decided. */
function review(house: House): void {
  house.at('2026-12-01T08:00:00Z');
  const gina = { who: person('gina') };
  const campaign = told.campaign;
  house.governance.write('review.opened', { campaign, scope: 'all machines', items: 4, due: '2026-12-08', grace_days: 3 });
  const items = [
    ['i-1', 'nightly', told.nightlyEntitlement, 'ledger', ['read ledger.entries', 'write ledger.balances'], []],
    ['i-2', 'report-agent', told.reportEntitlement, 'reporting', ['read ledger.entries'], ['read ledger.customers']],
    ['i-3', 'ci-deploy', null, null, ['define ledger.entries'], []],
    ['i-4', 'archiver', told.archiverEntitlement, 'archive', [], ['write ledger.entries']],
  ] as const;
  for (const [item, of, entitlement, role, used, unused] of items) {
    house.governance.write('review.item', { campaign, item, machine: of, entitlement, target: 'ledger-db', role, reviewers: ['gina'], used, used_count: used.length, unused, last_used: used.length === 0 ? null : '2026-11-24T02:00:00.000Z' });
  }
  house.ledger.later(day);
  const decided = (item: string, of: string, decision: 'keep' | 'narrow' | 'revoke', reason: string) => house.governance.write('review.decided', { campaign, item, machine: of, decision, reason, policy: decision === 'narrow' ? 'd'.repeat(64) : null }, gina);
  decided('i-1', 'nightly', 'keep', 'it needs both');
  decided('i-2', 'report-agent', 'narrow', 'it reads entries only');
  decided('i-3', 'ci-deploy', 'revoke', 'by request is enough');
  house.identity.write('entitlement.revoked', { entitlement: 'e-deploy-old', machine: 'ci-deploy', target: 'ledger-db', why: 'a review said so', review: campaign });
  house.at('2026-12-09T00:00:00Z');
  house.governance.write('review.overdue', { campaign, item: 'i-4', machine: 'archiver', due: '2026-12-08', stops: '2026-12-11' });
  house.at('2026-12-11T00:00:00Z');
  house.governance.write('review.stopped', { campaign, item: 'i-4', machine: 'archiver', entitlement: told.archiverEntitlement });
  house.identity.write('entitlement.revoked', { entitlement: told.archiverEntitlement, machine: 'archiver', target: 'ledger-db', why: 'nobody reviewed it in time', review: campaign });
  house.governance.write('review.closed', { campaign, kept: 1, narrowed: 1, revoked: 1, stopped: 1 });
}
