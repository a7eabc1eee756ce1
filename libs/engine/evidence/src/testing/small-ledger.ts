import { generateKeyPairSync } from 'node:crypto';
import { uuidv7 } from '@sallyport/domain-model';
import { EventChain } from '@sallyport/domain-events';
import { newSessionKey } from '../session-key.ts';
import { SessionRecorder } from '../session-recorder.ts';
import type { StoredEvent } from '../verify.ts';
import { FakeLog, tickingClock } from './fake-log.ts';

export const reader = generateKeyPairSync('x25519');
const who = { id: 'machine:nightly-ledger', npid: 'n1', iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'team-ledger' };
const on = { target: 'ledger-db', kind: 'postgres', env: 'prod' };
const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers"],"shape":"select $1","fingerprint":null,"kind":"SELECT","rules":["r1"],"say":null}';

/** Two sessions whose events alternate, and a heartbeat of the producer, as a gateway would write them. */
export function smallLedger(commands = 3): StoredEvent[] {
  const log = new FakeLog(uuidv7());
  const clock = tickingClock();
  const sessions = [open(log, clock), open(log, clock)];
  for (let i = 0; i < commands; i++) {
    for (const session of sessions) {
      const command = uuidv7();
      session.decided(command, 'allow', rest, null, `select '${i}'`, null);
      session.settled({ command, status: 'SELECT 1', rows: 1, bytes: 10, micros: 100, error: null });
    }
  }
  const own = new EventChain({ tenant: 'default', sid: log.producer.epoch, producer: log.producer }, { who: null, on: null });
  log.append(own.write('producer.heartbeat', { pseq: log.events.length, sessions: 2 }, { id: uuidv7(), pseq: log.next(), wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }), []);
  for (const session of sessions) session.close({ by: 'client', why: 'terminated', commands, denied: 0, held: 0, rows: commands, bytes: 10 * commands });
  return log.events;
}

function open(log: FakeLog, clock: ReturnType<typeof tickingClock>): SessionRecorder {
  const { key, wrapped } = newSessionKey(reader.publicKey);
  const session = new SessionRecorder({ tenant: 'default', session: uuidv7(), who, on, log, clock, key });
  session.record('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: 'psql', evidence: 'strict', lease: 'l1', policy: 1, mask_plan: null, key: wrapped });
  return session;
}
