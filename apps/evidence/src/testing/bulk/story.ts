import type { KeyObject } from 'node:crypto';
import { EventChain, type On, type Who } from '@sallyport/domain-events';
import { instant, uuidv7, type Clock, type EvidenceLog, type Position, type SealedBlob } from '@sallyport/domain-model';
import { newSessionKey, SessionRecorder } from '@sallyport/engine-evidence';

/** One event with what the ledger's tables say of it. */
export interface BulkEvent {
  readonly id: string;
  readonly sid: string;
  readonly seq: number;
  readonly producer: string;
  readonly epoch: string;
  readonly pseq: number;
  readonly type: string;
  readonly who: string | null;
  readonly target: string | null;
  /** Microseconds since 1970. */
  readonly wall: number;
  readonly bytes: Uint8Array;
  readonly blobs: readonly SealedBlob[];
}

/** A session as its row says it. Moments are microseconds since 1970. */
export interface BulkSession {
  readonly sid: string;
  readonly producer: string;
  readonly epoch: string;
  readonly state: 'open' | 'closed' | 'refused' | 'abandoned';
  readonly machine: string;
  readonly target: string;
  readonly opened: number;
  readonly closed: number | null;
  readonly ended: string | null;
  readonly commands: number;
  readonly denied: number;
  readonly held: number;
  readonly rows: number;
  readonly bytes: number;
  readonly lastSeq: number;
  readonly abandonedSeq: number | null;
}

export interface StoryOptions {
  readonly leaves: number;
  /** Milliseconds since 1970: the first event, and what all come before. */
  readonly from: number;
  readonly to: number;
  /** X25519, public. */
  readonly reader: KeyObject;
  readonly seed?: number;
  /** Of the last sessions so many stay open. */
  readonly open?: number;
}

/** How a house uses its machines: few do most, each has few targets. */
const machineCount = 200;
const targetCount = 40;
/** Sessions at a time; their events stand in the ledger in turns. */
const atOnce = 16;
/** A gateway starts anew after so many events. */
const perStart = 200_000;
/** Sessions that share a key, which in production none do: making one costs more than a session's events. */
const perKey = 500;

/**
 * Events of many sessions over a long time, by the recorder that gateways use: chains, counters, sealed texts and all. In the order of the
 * ledger. The same seed gives the same story but for ids and keys. Of events about 6.6 to a session.
 */
export class Story {
  readonly #of: StoryOptions;
  readonly #random: () => number;
  readonly #gateways: [BulkLog, BulkLog];
  readonly #ended: BulkSession[] = [];
  readonly #events: BulkEvent[] = [];
  readonly #clock: Clock;
  #now: number;
  #count = 0;
  #sessions = 0;
  #sealing: { readonly key: ReturnType<typeof newSessionKey>; uses: number };

  constructor(of: StoryOptions) {
    this.#of = of;
    this.#random = numbers(of.seed ?? 1);
    this.#now = of.from;
    const step = (of.to - of.from) / of.leaves;
    this.#clock = { now: () => (this.#now += step), monoUs: () => Math.round((this.#now - of.from) * 1000) };
    this.#gateways = [new BulkLog('gw-1', uuidv7(of.from), this.#events), new BulkLog('gw-2', uuidv7(of.from), this.#events)];
    this.#sealing = { key: newSessionKey(of.reader), uses: 0 };
  }

  /** How many sessions it has told so far. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Pieces of the story: events in order, and sessions that have come to their end by then. The last piece has those that are still open. */
  *pieces(events: number): Generator<{ readonly events: readonly BulkEvent[]; readonly sessions: readonly BulkSession[] }> {
    let running: Generator<void>[] = [];
    while (this.#count < this.#of.leaves) {
      while (running.length < atOnce) running.push(this.#session());
      running = running.filter((session) => this.#count >= this.#of.leaves || session.next().done !== true);
      if (this.#events.length >= events) yield this.#take();
    }
    for (const session of running) session.return(undefined);
    yield this.#take();
  }

  #take(): { readonly events: readonly BulkEvent[]; readonly sessions: readonly BulkSession[] } {
    return { events: this.#events.splice(0), sessions: this.#ended.splice(0) };
  }

  /** One session, up to its next event each time. Left in the middle, it stays open. */
  *#session(): Generator<void> {
    const random = this.#random;
    const log = this.#gateway(random() < 0.6 ? 0 : 1);
    const machine = Math.floor(machineCount * random() ** 2);
    const target = (machine * 7 + Math.floor(4 * random() ** 3)) % targetCount;
    const who: Who = { id: `machine:m-${String(machine).padStart(3, '0')}`, npid: 'n'.repeat(16), iss: 'https://issuer.bench.test', tok: 'a'.repeat(64), jti: null, owner: `team-${machine % 17}` };
    const on: On = { target: `db-${String(target).padStart(2, '0')}`, kind: 'postgres', env: 'prod' };
    const session: Draft = { sid: uuidv7(Math.floor(this.#now)), producer: log.producer.id, epoch: log.producer.epoch, machine: who.id.slice(8), target: on.target, opened: 0, commands: 0, denied: 0, held: 0, rows: 0, bytes: 0, lastSeq: -1 };
    try {
      if (random() < 0.01) return this.#refused(log, session, who, on);
      const { key, wrapped } = this.#key();
      const recorder = new SessionRecorder({ tenant: 'default', session: session.sid, who, on, log, clock: this.#clock, key });
      const write = (event: () => unknown) => {
        event();
        session.lastSeq++;
        this.#count++;
        if (session.opened === 0) session.opened = this.#events.at(-1)?.wall ?? 0;
      };
      write(() => recorder.record('session.opened', { protocol: 'postgres', role: null, source: '10.1.2.3', client: 'psql 18', evidence: 'strict', lease: lease(machine), policy: 7, mask_plan: null, key: wrapped }));
      yield;
      const commands = 1 + Math.floor(5.4 * random() ** 2);
      for (let n = 0; n < commands; n++) {
        const decision = random() < 0.02 ? 'deny' : random() < 0.005 ? 'hold' : 'allow';
        const command = uuidv7(Math.floor(this.#now));
        write(() => recorder.decided(command, decision, rest, { policy: 7, slice: 'c'.repeat(64), lease: lease(machine), approval: null }, `select entry_id, amount, currency from ledger.entries where account_id = ${Math.floor(random() * 1e6)} order by booked_at desc limit 50`, null));
        session.commands++;
        if (decision === 'deny') session.denied++;
        if (decision === 'hold') session.held++;
        yield;
        if (decision !== 'allow') continue;
        const rows = Math.floor(random() * 50);
        write(() => {
          recorder.settled({ command, status: `SELECT ${rows}`, rows, bytes: rows * 42, micros: 1200, error: null });
          recorder.flush();
        });
        session.rows += rows;
        session.bytes += rows * 42;
        yield;
      }
      if (random() < 0.003) return this.#end(session, { state: 'abandoned', ...this.#abandoned(session) });
      // Nobody closes the last ones: the story is over before.
      if (this.#count > this.#of.leaves - (this.#of.open ?? 0) * 3) return this.#end(session, { state: 'open' });
      write(() => recorder.close({ by: 'client', why: 'terminated', commands: session.commands, denied: session.denied, held: session.held, rows: session.rows, bytes: session.bytes }));
      this.#end(session, { state: 'closed', closed: this.#events.at(-1)?.wall ?? 0, ended: 'terminated' });
    } finally {
      if (session.opened > 0 && session.told !== true) this.#end(session, { state: 'open' });
    }
  }

  #refused(log: BulkLog, session: Draft, who: Who, on: On): void {
    const recorder = new SessionRecorder({ tenant: 'default', session: session.sid, who, on, log, clock: this.#clock, key: null });
    recorder.record('session.refused', { protocol: 'postgres', target: on.target, code: 'denied', say: 'no entitlement', source: '10.1.2.3' });
    this.#count++;
    const at = this.#events.at(-1)?.wall ?? 0;
    session.opened = at;
    session.lastSeq = 0;
    this.#end(session, { state: 'refused', closed: at, ended: 'refused: denied' });
  }

  /** The ledger's own word, in a chain of its own. */
  #abandoned({ sid, lastSeq }: Draft): { readonly closed: number; readonly ended: string; readonly abandonedSeq: number } {
    const producer = { id: 'evidence', epoch: uuidv7(Math.floor(this.#now)) };
    const chain = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
    const now = this.#clock.now();
    const id = uuidv7(Math.floor(now));
    const wall = instant(now);
    const bytes = chain.write('session.abandoned', { session: sid, last_seq: lastSeq, why: 'its producer is silent' }, { id, pseq: 1, wall, monoUs: this.#clock.monoUs() });
    const event: BulkEvent = { id, sid: producer.epoch, seq: 0, producer: producer.id, epoch: producer.epoch, pseq: 1, type: 'session.abandoned', who: null, target: null, wall: microsOf(wall), bytes, blobs: [] };
    this.#events.push(event);
    this.#count++;
    return { closed: event.wall, ended: 'abandoned', abandonedSeq: lastSeq };
  }

  #end(session: Draft, how: { readonly state: BulkSession['state']; readonly closed?: number; readonly ended?: string; readonly abandonedSeq?: number }): void {
    session.told = true;
    this.#sessions++;
    this.#ended.push({ ...session, closed: null, ended: null, abandonedSeq: null, ...how });
  }

  /** One that starts anew after a while; sessions that run go on with the log that they have. */
  #gateway(which: 0 | 1): BulkLog {
    const log = this.#gateways[which];
    if (log.next() <= perStart) return log;
    return (this.#gateways[which] = new BulkLog(log.producer.id, uuidv7(Math.floor(this.#now)), this.#events));
  }

  #key(): ReturnType<typeof newSessionKey> {
    if (this.#sealing.uses++ >= perKey) this.#sealing = { key: newSessionKey(this.#of.reader), uses: 1 };
    return this.#sealing.key;
  }
}

type Draft = { -readonly [K in Exclude<keyof BulkSession, 'state' | 'closed' | 'ended' | 'abandonedSeq'>]: BulkSession[K] } & { told?: boolean };

const rest = '"verb":"read","reading":"whole","effects":["read ledger.entries"],"shape":"SELECT entry_id, amount, currency FROM ledger.entries WHERE account_id = $1 ORDER BY booked_at DESC LIMIT $2","fingerprint":"a0ead580058af585","kind":"SELECT","rules":["read-ledger"],"say":null}';
const lease = (machine: number) => `00000000-0000-7000-8000-${String(machine).padStart(12, '0')}`;

/** A gateway's log: what it takes is in the ledger at once. */
class BulkLog implements EvidenceLog {
  readonly producer: { readonly id: string; readonly epoch: string };
  readonly refusing = null;
  readonly #events: BulkEvent[];
  #pseq = 0;

  constructor(id: string, epoch: string, events: BulkEvent[]) {
    this.producer = { id, epoch };
    this.#events = events;
  }

  next(): Position {
    return this.#pseq + 1;
  }

  append(bytes: Uint8Array, blobs: readonly SealedBlob[]): Position {
    this.#pseq++;
    this.#events.push(bulkEvent(bytes, blobs));
    return this.#pseq;
  }

  get local(): Position {
    return this.#pseq;
  }

  get acked(): Position {
    return this.#pseq;
  }

  whenDurable(_position: Position, _how: 'local' | 'acked', done: (error: Error | null) => void): void {
    done(null);
  }
}

/** Members stand in one fixed order, which makes reading them cheap; the spec beside this compares it with the strict reader. */
const head = /^\{"v":1,"id":"([^"]+)","type":"([^"]+)","tenant":"[^"]+","sid":"([^"]+)","seq":(\d+),"prev":"[^"]+","prod":\{"id":"([^"]+)","epoch":"([^"]+)","pseq":(\d+)\},"t":\{"wall":"([^"]+)","mono_us":\d+\},"who":(?:null|\{"id":"([^"]+)"[^}]*\}),"on":(?:null|\{"target":"([^"]+)")/;

function bulkEvent(bytes: Uint8Array, blobs: readonly SealedBlob[]): BulkEvent {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 900)).toString('latin1');
  const found = head.exec(text);
  if (found === null) throw new Error('events are written in another form than the bench knows');
  const [, id = '', type = '', sid = '', seq = '', producer = '', epoch = '', pseq = '', wall = '', who = null, target = null] = found;
  return { id, sid, seq: Number(seq), producer, epoch, pseq: Number(pseq), type, who, target, wall: microsOf(wall), bytes, blobs };
}

let second = '';
let secondMicros = 0;
/** Of an Instant of six digits. */
function microsOf(wall: string): number {
  if (!wall.startsWith(second) || second === '') {
    second = wall.slice(0, 19);
    secondMicros = Date.parse(`${second}Z`) * 1000;
  }
  return secondMicros + Number(wall.slice(20, 26));
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
