import { createPublicKey } from 'node:crypto';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { systemClock, uuidv7 } from '@sallyport/domain-model';
import { newSessionKey, SessionRecorder } from '@sallyport/engine-evidence';
import { connectBus } from '@sallyport/platform-bus';
import { natsJournalBus, openJournal } from '@sallyport/platform-journal';
import { createLog } from '@sallyport/platform-telemetry';

// A gateway's evidence side with nothing else: recorders, journal, bus. Sessions of 1 to 20 commands, eight at a time; every tenth refused, one end for two
// commands. `perSecond` 0: as fast as the ledger confirms, with at most `window` events that it has not.
interface Order {
  readonly nats: string;
  readonly password: string;
  readonly id: string;
  readonly directory: string;
  readonly reader: string;
  readonly perSecond: number;
  readonly window: number;
  readonly seconds: number;
}

const order: Order = JSON.parse(process.argv[2] ?? '{}');
const log = createLog({ service: 'bench', level: 'error' });
const bus = await connectBus({ servers: order.nats, user: 'gateway', password: order.password, name: 'bench', log });
const journal = await openJournal({ directory: order.directory, producer: order.id, bus: natsJournalBus(bus, order.id), log, limits: {} });
const reader = createPublicKey(order.reader);
const rest = '"verb":"read","reading":"whole","effects":["read ledger.entries"],"shape":"SELECT entry_id, amount, currency FROM ledger.entries WHERE account_id = $1 ORDER BY booked_at DESC LIMIT $2","fingerprint":"a0ead580058af585","kind":"SELECT","rules":["read-ledger"],"say":null}';
const auth = { policy: 7, slice: 'c'.repeat(64), lease: uuidv7(), approval: null };

let bytes = 0;
const counted = { ...pass(), append: (event: Uint8Array, blobs: readonly { readonly bytes: Uint8Array }[]) => {
  bytes += event.byteLength + blobs.reduce((sum, blob) => sum + blob.bytes.byteLength, 0);
  return journal.append(event, blobs);
} };

function pass() {
  return {
    producer: journal.producer,
    next: () => journal.next(),
    get local() { return journal.local; },
    get acked() { return journal.acked; },
    get refusing() { return journal.refusing; },
    whenDurable: journal.whenDurable.bind(journal),
  };
}

let sessions = 0;
function* session(): Generator<void> {
  const n = sessions++;
  const who = { id: `machine:m-${String(n % 200).padStart(3, '0')}`, npid: 'n'.repeat(16), iss: 'https://issuer.bench.test', tok: 'a'.repeat(64), jti: null, owner: 'team' };
  const { key, wrapped } = newSessionKey(reader);
  const recorder = new SessionRecorder({ tenant: 'default', session: uuidv7(), who, on: { target: `db-${n % 40}`, kind: 'postgres', env: 'prod' }, log: counted, clock: systemClock, key });
  recorder.record('session.opened', { protocol: 'postgres', role: null, source: '10.1.2.3', client: 'psql 18', evidence: 'strict', lease: auth.lease, policy: 7, mask_plan: null, key: wrapped });
  yield;
  const commands = 1 + (n % 20);
  for (let i = 0; i < commands; i++) {
    const command = uuidv7();
    const denied = i % 10 === 9;
    recorder.decided(command, denied ? 'deny' : 'allow', rest, auth, `select entry_id, amount, currency from ledger.entries where account_id = ${n * 20 + i} order by booked_at desc limit 50`, null);
    yield;
    if (denied) continue;
    recorder.settled({ command, status: 'SELECT 17', rows: 17, bytes: 714, micros: 1200, error: null });
    if (i % 2 === 1 || i === commands - 1) {
      recorder.flush();
      yield;
    }
  }
  recorder.close({ by: 'client', why: 'terminated', commands, denied: Math.floor(commands / 10), held: 0, rows: 17 * commands, bytes: 714 * commands });
  yield;
}

const running = Array.from({ length: 8 }, () => session());
let next = 0;
function write(): void {
  const at = next++ % running.length;
  if (running[at]?.next().done === true) {
    const fresh = session();
    fresh.next();
    running[at] = fresh;
  }
}

const committed = () => journal.state.committed;
const lags: number[] = [];
/** When which event was written: how old the oldest is that the ledger has not. */
const marks: { readonly at: number; readonly pseq: number }[] = [];
const ages: number[] = [];
let nextLook = 0;
function look(): void {
  const now = performance.now();
  if (now < nextLook) return;
  nextLook = now + 20;
  marks.push({ at: now, pseq: journal.state.tail });
  while ((marks[0]?.pseq ?? Number.POSITIVE_INFINITY) <= committed()) marks.shift();
  lags.push(journal.state.tail - committed());
  ages.push(marks[0] === undefined ? 0 : now - marks[0].at);
}

// Compiled code and a filled pipeline before the measured part.
await produce(Math.min(3, order.seconds / 2));
lags.length = ages.length = 0;
process.send?.('begin');
const began = performance.now();
const cpu = process.cpuUsage();
const first = { committed: committed(), tail: journal.state.tail, bytes };
await produce(order.seconds);
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(cpu);
const last = { committed: committed(), tail: journal.state.tail, bytes };
process.send?.('end');
const draining = performance.now();
while (committed() < last.tail && performance.now() - draining < 60_000) await sleep(20);
const drained = (performance.now() - draining) / 1000;
lags.sort((a, b) => a - b);
ages.sort((a, b) => a - b);
const high = (values: readonly number[], share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
process.stdout.write(JSON.stringify({
  seconds, written: last.tail - first.tail, committed: last.committed - first.committed, bytesPerEvent: (last.bytes - first.bytes) / (last.tail - first.tail), cpuMicros: (used.user + used.system) / (last.tail - first.tail),
  lag: { p50: high(lags, 0.5), p99: high(lags, 0.99), most: high(lags, 1) }, ageMs: { p50: high(ages, 0.5), p99: high(ages, 0.99), most: high(ages, 1) }, drained, lost: last.tail - committed(), sessions,
}));
await journal.close();
await bus.close();

async function produce(duration: number): Promise<void> {
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < duration * 1000) {
    look();
    if (order.perSecond > 0) {
      const due = ((performance.now() - start) / 1000) * order.perSecond;
      for (; done < due && journal.refusing === null; done++) write();
      await sleep(2);
    } else {
      for (let i = 0; i < 64 && journal.state.tail - committed() < order.window; i++) write();
      if (journal.state.tail - committed() >= order.window) await sleep(1);
      else await turn();
    }
  }
}
