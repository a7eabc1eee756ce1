// CPU of one recorded decision in the hot path, without journal or bus. Run: node --conditions=@sallyport/source bench/recorder.ts
import { generateKeyPairSync } from 'node:crypto';
import { systemClock, uuidv7, type EvidenceLog } from '@sallyport/domain-model';
import { newSessionKey } from '../src/session-key.ts';
import { SessionRecorder } from '../src/session-recorder.ts';

const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers","read ledger.accounts"],"shape":"SELECT abalance FROM pgbench_accounts WHERE aid = $1","fingerprint":"a0ead580058af585","kind":"SELECT","rules":["read-ledger"],"say":null}';
const auth = { policy: 7, slice: 'a'.repeat(64), lease: uuidv7(), approval: null };
const who = { id: 'machine:nightly-ledger', npid: 'b'.repeat(64), iss: 'https://issuer.test', tok: 'c'.repeat(64), jti: 'j', owner: 'team-ledger' };

let position = 0;
let bytes = 0;
const log: EvidenceLog = {
  producer: { id: 'gw-1', epoch: uuidv7() },
  next: () => position + 1,
  append: (event) => {
    bytes += event.byteLength;
    return ++position;
  },
  local: 0,
  acked: 0,
  whenDurable: () => undefined,
  refusing: null,
};

const { key } = newSessionKey(generateKeyPairSync('x25519').publicKey);
const recorder = new SessionRecorder({ tenant: 'default', session: uuidv7(), who, on: { target: 'ledger-db', kind: 'postgres', env: 'prod' }, log, clock: systemClock, key });
const command = uuidv7();

measure('decided, no blob', () => recorder.decided(command, 'allow', rest, auth, null, null));
measure('decided, text sealed', () => recorder.decided(command, 'allow', rest, auth, 'SELECT abalance FROM pgbench_accounts WHERE aid = 12345', null));
const parameters = Buffer.from('0000000512345');
measure('decided, text and parameters sealed', () => recorder.decided(command, 'allow', rest, auth, 'SELECT abalance FROM pgbench_accounts WHERE aid = $1', parameters));
measure('settled, batched', () => recorder.settled({ command, status: 'SELECT 1', rows: 1, bytes: 12, micros: 180, error: null }));
measure('uuidv7', () => uuidv7());
process.stdout.write(`${Math.round(bytes / position)} bytes an event\n`);

function measure(name: string, once: () => unknown): void {
  const rounds: number[] = [];
  for (let round = 0; round < 9; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < 50_000; i++) once();
    const used = process.cpuUsage(before);
    rounds.push((used.user + used.system) / 50_000);
  }
  rounds.sort((a, b) => a - b);
  process.stdout.write(`${name.padEnd(40)} ${rounds[4]?.toFixed(2)} µs (best ${rounds[0]?.toFixed(2)})\n`);
}
