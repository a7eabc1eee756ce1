import { EventChain, type Authority, type EventData, type EventType, type On, type Who } from '@sallyport/domain-events';

/** A stored event, as a ledger hands it out. */
export interface StoredLeaf {
  readonly leaf: number;
  readonly bytes: Uint8Array;
}

/** A ledger in memory with fixed ids and clocks: the same story is the same bytes. */
export class StoryLedger {
  readonly leaves: StoredLeaf[] = [];
  #now = Date.UTC(2026, 10, 20, 9);
  #ids = 0;
  readonly #pseq = new Map<string, number>();

  id(): string {
    return `0198c0de-0000-7000-8000-${(++this.#ids).toString(16).padStart(12, '0')}`;
  }

  later(ms: number): void {
    this.#now += ms;
  }

  get now(): number {
    return this.#now;
  }

  chain(producer: string, sid: string | null = null, parties: { readonly who: Who | null; readonly on: On | null } = nobody): Writer {
    const epoch = epochs[producer] ?? '0198c0de-0000-7000-9000-0000000000ff';
    const chain = new EventChain({ tenant: 'default', sid: sid ?? epoch, producer: { id: producer, epoch } }, parties);
    const write = <T extends EventType>(type: T, data: EventData[T], rest: { readonly auth?: Authority | null; readonly who?: Who | null } = {}): void => {
      const pseq = (this.#pseq.get(producer) ?? 0) + 1;
      this.#pseq.set(producer, pseq);
      this.#now += 10;
      const wall = new Date(this.#now).toISOString().replace('Z', '000Z');
      const bytes = chain.write(type, data, { id: this.id(), pseq, wall, monoUs: (this.#now - Date.UTC(2026, 10, 20)) * 1000 }, rest.auth ?? null, [], rest.who === undefined ? undefined : { who: rest.who, on: null });
      this.leaves.push({ leaf: this.leaves.length, bytes });
    };
    return { sid: sid ?? epoch, write, head: () => chain.head };
  }
}

export interface Writer {
  readonly sid: string;
  write<T extends EventType>(type: T, data: EventData[T], rest?: { readonly auth?: Authority | null; readonly who?: Who | null }): void;
  head(): { readonly seq: number; readonly prev: string };
}

const nobody = { who: null, on: null };
const epochs: Readonly<Record<string, string>> = { gateway: '0198c0de-0000-7000-9000-000000000001', identity: '0198c0de-0000-7000-9000-000000000002', approvals: '0198c0de-0000-7000-9000-000000000003', evidence: '0198c0de-0000-7000-9000-000000000004', policy: '0198c0de-0000-7000-9000-000000000005' };

export const person = (name: string): Who => ({ id: `person:${name}`, npid: null, iss: null, tok: null, jti: null, owner: null });
export const machine = (name: string, owner: string | null): Who => ({ id: `machine:${name}`, npid: `np-${name}`, iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner });
export const ledgerDb: On = { target: 'ledger-db', kind: 'postgres', env: 'production' };
export const authority = (approval: string | null = null): Authority => ({ policy: 3, slice: 'slice-3', lease: 'lease-1', approval });

export const command = (id: string, decision: 'allow' | 'deny' | 'hold', verb: string, effects: readonly string[], shape: string, kind: string, rules: readonly string[], say: string | null = null): EventData['command.decided'] => ({ command: id, decision, verb, reading: 'whole', effects, shape, fingerprint: null, kind, rules, say });

/** What an approval may be told otherwise than it was, for specs of what is found. */
export interface Twist {
  readonly approver?: string;
  readonly grantedLater?: boolean;
  readonly otherCommand?: boolean;
  readonly noGrant?: boolean;
  readonly shape?: string;
}

/** A masked read, a denied drop, a held and approved update; before it a login and a change of policy, after it a read of the evidence. */
export function story(twist: Twist = {}): StoryLedger {
  const ledger = new StoryLedger();
  const gateway = ledger.chain('gateway');
  const policy = ledger.chain('policy');
  const identity = ledger.chain('identity');
  const approvals = ledger.chain('approvals');
  const nightly = machine('nightly', 'alice');
  gateway.write('service.started', { service: 'gateway', version: '0.1.0', node: 'v24.0.0' });
  identity.write('config.changed', { kind: 'Machine', name: 'nightly', change: 'created', version: 1, digest: 'd1', previous: null }, { who: person('olga') });
  policy.write('config.changed', { kind: 'Policy', name: 'ledger', change: 'updated', version: 3, digest: 'd3', previous: 'd2' }, { who: person('olga') });
  policy.write('policy.activated', { version: 3, digest: 'set-3', previous: 'set-2', rules: 4 }, { who: person('olga') });
  identity.write('auth.failed', { code: 'token-expired', say: 'the token has expired', issuer: 'https://issuer.test', claims: {}, source: '10.0.0.9', micros: 80, door: 'postgres', session: null });

  const session = ledger.chain('gateway', '0198c0de-0000-7000-8000-00000000aaaa', { who: nightly, on: ledgerDb });
  identity.write('auth.ok', { binding: 'nightly/ci', issuer: 'https://issuer.test', claims: { sub: 'job:nightly' }, source: '10.0.0.7', expires: new Date(ledger.now + 300_000).toISOString(), micros: 90, door: 'postgres', session: session.sid }, { who: nightly });
  session.write('session.opened', { protocol: 'postgres', role: 'ledger', source: '10.0.0.7', client: 'psql', evidence: 'strict', lease: 'lease-1', policy: 3, mask_plan: 'plan-1', key: { kek: '0'.repeat(16), epk: 'AA', iv: 'AA', wrapped: 'AA' } });
  const [read, drop, update] = [ledger.id(), ledger.id(), ledger.id()];
  session.write('command.decided', command(read, 'allow', 'read', ['read ledger.customers'], 'select name, ssn from ledger.customers', 'SELECT', ['read-ledger']), { auth: authority() });
  session.write('mask.applied', { command: read, columns: [{ column: 'ledger.customers.name', tag: 'person.name', action: 'redact', layer: 'oid', cells: 200 }, { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4', layer: 'oid', cells: 200 }] });
  session.write('command.decided', command(drop, 'deny', 'define', ['define ledger.entries'], 'drop table ledger.entries', 'DROP TABLE', ['no-drop'], 'nothing of the ledger is dropped'), { auth: authority() });
  const shape = 'update ledger.accounts set balance = balance + $1 where id = $2';
  session.write('command.decided', command(update, 'hold', 'write', ['write ledger.accounts'], shape, 'UPDATE', ['corrections-need-a-second-person'], 'corrections need a second person'), { auth: authority() });
  held(ledger, approvals, session, { update, shape, nightly }, twist);
  session.write('command.settled', { results: [{ command: read, status: 'SELECT 200', rows: 200, bytes: 9000, micros: 1200, error: null }, { command: update, status: 'UPDATE 1', rows: 1, bytes: 0, micros: 900, error: null }] });
  const { seq, prev } = session.head();
  session.write('session.closed', { final_seq: seq, head: prev, by: 'client', why: 'terminated', commands: 3, denied: 1, held: 1, rows: 201, bytes: 9000 });
  ledger.chain('evidence').write('evidence.read', { what: 'sessions', filter: 'machine=nightly', count: 1 }, { who: person('audra') });
  gateway.write('service.stopped', { service: 'gateway', why: 'signal' });
  return ledger;
}

function held(ledger: StoryLedger, approvals: Writer, session: Writer, { update, shape, nightly }: { readonly update: string; readonly shape: string; readonly nightly: Who }, twist: Twist): void {
  const approval = '0198c0de-0000-7000-8000-00000000bbbb';
  const by = twist.approver ?? 'bob';
  const asked = twist.otherCommand === true ? ledger.id() : update;
  approvals.write('approval.requested', { approval, session: session.sid, command: asked, machine: 'nightly', target: 'ledger-db', shape: twist.shape ?? shape, binding: 'b'.repeat(64), quorum: [{ group: 'dba', count: 1 }], expires: '2026-11-20T09:15:00.000000Z', rules: ['corrections-need-a-second-person'] }, { who: nightly });
  ledger.later(60_000);
  approvals.write('approval.voted', { approval, by, vote: 'approve', groups: ['dba'] }, { who: person(by) });
  const grant = () => approvals.write('approval.granted', { approval, by: [by] }, { who: { ...person('x'), id: 'service:approvals' } });
  if (twist.grantedLater !== true && twist.noGrant !== true) grant();
  approvals.write('approval.consumed', { approval, session: session.sid, command: asked }, { who: nightly });
  session.write('command.decided', command(update, 'allow', 'write', ['write ledger.accounts'], shape, 'UPDATE', ['corrections-need-a-second-person']), { auth: authority(approval) });
  if (twist.grantedLater === true) grant();
}
