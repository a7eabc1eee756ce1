import { randomBytes, type KeyObject } from 'node:crypto';
import { EventChain, type EventData, type EventType } from '@sallyport/domain-events';
import { instant } from '@sallyport/domain-model';
import { newSessionKey, type DayKey } from '@sallyport/engine-evidence';
import type { Producer } from './producer.ts';

/** A UUIDv7 of any time: the product's own never go back. */
export function uuidOf(at: number): string {
  const time = at.toString(16).padStart(12, '0');
  const hex = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

export interface OldSession {
  readonly at: number;
  readonly reader: KeyObject;
  readonly day: DayKey | null;
  readonly machine?: string;
  readonly target?: string;
  readonly text?: string;
}

/** A whole session of one command, as it was at some time. @returns its id */
export function oldSession(producer: Producer, { at, reader, day, machine = 'nightly-ledger', target = 'ledger-db', text = "select * from customers where ssn = '123-45-6789'" }: OldSession): string {
  const sid = uuidOf(at);
  const { key, wrapped } = newSessionKey(reader, day);
  const who = { id: `machine:${machine}`, npid: 'n1', iss: null, tok: null, jti: null, owner: null };
  const chain = new EventChain({ tenant: 'default', sid, producer: producer.producer }, { who, on: { target, kind: 'postgres', env: 'prod' } });
  let step = 0;
  const write = <T extends EventType>(type: T, data: EventData[T], sealed: ReturnType<typeof key.seal> | null = null) => {
    const wall = at + step++;
    const bytes = chain.write(type, data, { id: uuidOf(wall), pseq: producer.next(), wall: instant(wall), monoUs: step }, null, sealed === null ? [] : [sealed.ref]);
    producer.append(bytes, sealed === null ? [] : [sealed]);
  };
  write('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: 'psql', evidence: 'strict', lease: 'l1', policy: 1, mask_plan: null, key: wrapped });
  const command = uuidOf(at);
  write('command.decided', { command, decision: 'allow', verb: 'read', reading: 'whole', effects: ['read ledger.customers'], shape: 'select $1', fingerprint: null, kind: 'SELECT', rules: ['r1'], say: null }, key.seal('text', text));
  write('command.settled', { results: [{ command, status: 'SELECT 1', rows: 1, bytes: 10, micros: 100, error: null }] });
  write('session.closed', { final_seq: 3, head: chain.head.prev, by: 'client', why: 'terminated', commands: 1, denied: 0, held: 0, rows: 1, bytes: 10 });
  return sid;
}
