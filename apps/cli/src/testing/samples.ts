import { EventChain } from '@sallyport/domain-events';
import type { Approval, Session } from '../shapes.ts';

export const approvalId = '0198c0de-0000-7000-8000-00000000000a';
export const sessionId = '0198c0de-0000-7000-8000-00000000000b';

export const approval = (change: Partial<Approval> = {}): Approval => ({
  id: approvalId, state: 'pending', subject: null, requester: 'machine:ci-deploy', behalf: null, machine: 'ci-deploy', owner: 'olga', target: 'ledger-db', environment: 'production', source: '10.0.0.7', session: sessionId, command: '0198c0de-0000-7000-8000-00000000000c',
  shape: 'alter table ledger.accounts add column note text', effects: ['define ledger.accounts'], rules: ['ddl-needs-approval'], say: 'changes of structure need a second person',
  quorum: [{ group: 'dba', count: 2 }], created: '2026-11-22T10:00:00.000000Z', expires: '2099-01-01T00:00:00.000000Z',
  votes: [{ by: 'alice', vote: 'approve', comment: 'change 4711', at: '2026-11-22T10:01:00.000000Z' }],
  text: 'alter table ledger.accounts\n  add column note text', parameters: null, manifest: null, ...change,
});

export const session = (change: Partial<Session> = {}): Session => ({
  id: sessionId, machine: 'nightly-ledger', target: 'ledger-db', protocol: 'postgres', opened: '2026-11-22T10:00:00.000000Z', closed: null, end: null, commands: 12, denied: 1, held: 0, rows: 1000, bytes: 4096, ...change,
});

/** The stored bytes of a closed session of three events, in their chain, as base64. */
export function storedSession(): string[] {
  const chain = new EventChain({ tenant: 'default', sid: sessionId, producer: { id: 'gateway', epoch: '0198c0de-0000-7000-8000-0000000000ff' } }, { who: { id: 'machine:nightly-ledger', npid: null, iss: null, tok: null, jti: null, owner: 'olga' }, on: { target: 'ledger-db', kind: 'postgres', env: 'production' } });
  const stamp = (n: number) => ({ id: `0198c0de-0000-7000-8000-0000000001${String(n).padStart(2, '0')}`, pseq: n, wall: `2026-11-22T10:00:0${n}.000000Z`, monoUs: n * 1000 });
  const opened = chain.write('session.opened', { protocol: 'postgres', role: null, source: '10.0.0.7', client: 'psql', evidence: 'strict', lease: 'l', policy: 3, mask_plan: null, key: { kek: '0'.repeat(16), epk: 'AA', iv: 'AA', wrapped: 'AA' } }, stamp(1));
  const decided = chain.write('command.decided', { command: '0198c0de-0000-7000-8000-0000000000c1', decision: 'deny', verb: 'define', reading: 'whole', effects: ['define ledger.customers'], shape: 'drop table ledger.customers', fingerprint: null, kind: 'DROP TABLE', rules: ['no-drops'], say: 'tables are not dropped here' }, stamp(2));
  const { seq, prev } = chain.head;
  const closed = chain.write('session.closed', { final_seq: seq, head: prev, by: 'client', why: 'terminate', commands: 1, denied: 1, held: 0, rows: 0, bytes: 0 }, stamp(3));
  return [opened, decided, closed].map((bytes) => bytes.toString('base64'));
}

/** The session's events, as pages of one event. */
export const pageOf = (events: readonly string[]) => (query: URLSearchParams) => {
  const at = query.get('after') === null ? 0 : Number(query.get('after'));
  return { body: { events: events.slice(at, at + 1).map((bytes) => ({ at, received: '2026-11-22T10:00:00.000000Z', bytes })), next: at + 1 < events.length ? at + 1 : null } };
};
