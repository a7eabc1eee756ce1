import { hash } from 'node:crypto';
import type { Envelope } from '@sallyport/domain-events';
import { ChainCheck, type Link } from './chain-check.ts';
import { CounterCheck } from './counter-check.ts';
import { nowhere, type Finding, type Verification, type Where } from './findings.ts';
import { MalformedEventError, parseEnvelope } from './parse-envelope.ts';
import { Ends } from './producers/ends.ts';
import { Silences } from './producers/silences.ts';
import { PrunedLeaves, type LeafRun } from './pruned-leaves.ts';
import { SessionCheck } from './session-check.ts';

/** An event as it was stored. */
export interface StoredEvent {
  readonly bytes: Uint8Array;
  /** Hex SHA-256 that was noted when the event was stored, where the source has one: it then protects the last event of a chain too. */
  readonly sha256?: string;
  /** Ciphertexts that were stored with it. Left out: blobs are not looked at. */
  readonly blobs?: readonly Uint8Array[];
}

/**
 * `ledger`: everything that a ledger holds, in its order: chains, producers' counters, sessions. `session`: the events of one session
 * or more, each in the order of its chain; counters are left out, since others' events are not there.
 */
export type Scope = 'ledger' | 'session';

/** Leaves, or numbers of a chain, [from, to) without events. `pruned` is what the source says of them. */
export interface Absent extends LeafRun {
  readonly pruned: boolean;
}

/** After this long without its end, a session whose producer has started anew should have been called abandoned. Milliseconds. */
const abandonWithin = 120_000;

/**
 * Checks a stream of stored events without holding it: a few hundred bytes for each chain, and what has come too early. It proves that what is
 * there is whole and as written, up to the last event of each chain, for which only `sha256` and its own form speak; whoever can write
 * the store can still add well-formed events at the end, and remove a whole producer. The Merkle log is there for that.
 */
export class Verifier {
  readonly #scope: Scope;
  readonly #findings: Finding[] = [];
  readonly #chains = new Map<string, { readonly chain: ChainCheck; readonly session: SessionCheck | null }>();
  readonly #counters = new Map<string, CounterCheck>();
  /** The newest start of each producer, and when it was first seen. */
  readonly #epochs = new Map<string, { epoch: string; since: number }>();
  readonly #abandoned = new Map<string, { lastSeq: number; where: Where }>();
  readonly #ends = new Ends((_, where, say) => this.#report({ kind: 'forged', where, say }));
  readonly #silences = new Silences();
  readonly #purges = new PrunedLeaves();
  readonly #absent: Absent[] = [];
  #events = 0;
  #latest = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  add(stored: StoredEvent): void {
    const index = this.#events++;
    let event: Envelope;
    try {
      event = parseEnvelope(stored.bytes);
    } catch (error) {
      if (!(error instanceof MalformedEventError)) throw error;
      return this.#report({ kind: 'malformed', where: { ...nowhere, index }, say: `not an event: ${error.message}` });
    }
    const where: Where = { index, sid: event.sid, seq: event.seq, producer: event.prod.id, epoch: event.prod.epoch, pseq: event.prod.pseq, id: event.id };
    const link = linkOf(event, stored, where);
    if (stored.sha256 !== undefined && stored.sha256 !== link.hash) this.#report({ kind: 'changed', where, say: 'its bytes are not those whose hash was noted when it was stored' });
    if (stored.blobs !== undefined) this.#blobs(event, stored.blobs, where);
    this.#chain(event).add(link, this.#scope === 'session' ? 'chain' : 'ledger');
    this.#ends.add(event, where);
    if (this.#scope === 'ledger') this.#silences.add(event, where);
    this.#counter(event, where);
    this.#producer(event, link.millis);
    this.#abandon(event, where);
    if (event.type === 'retention.purged') this.#purges.told(event.d);
  }

  /** What the source has no event of: leaves of a ledger, or numbers of one session. Of a ledger, its own `retention.purged` say what was purged; of one session, the source does. */
  absent(run: Absent): void {
    this.#absent.push(run);
  }

  finish(): Verification {
    const sessions = { total: 0, open: 0, closed: 0, refused: 0, abandoned: 0 };
    let late = 0;
    for (const [sid, { chain, session }] of this.#chains) {
      chain.finish();
      late += chain.late;
      if (session === null) continue;
      sessions.total++;
      sessions[this.#end(sid, chain, session)]++;
    }
    if (this.#scope === 'ledger') this.#sessionsNobodyHas();
    for (const counter of this.#counters.values()) counter.finish();
    const pruned = this.#explain();
    // Where events were purged, what the ledger says that it had of a producer may be among them.
    const gap = (where: Where, say: string) => (pruned > 0 ? undefined : this.#report({ kind: 'gap', where, say }));
    const notes = [...this.#ends.finish(), ...this.#silences.finish((where, say) => this.#report({ kind: 'silent', where, say }), gap)];
    return { ok: this.#findings.length === 0, events: this.#events, sessions, late, pruned, findings: this.#findings, notes };
  }

  /** What was purged leaves holes in chains and counters; as long as there are no more holes than that, they are no finding. @returns how much was purged */
  #explain(): number {
    const ledger = this.#scope === 'ledger';
    const { pruned, missing } = ledger ? this.#purges.split(this.#absent) : { pruned: sizeOf(this.#absent.filter((run) => run.pruned)), missing: this.#absent.filter((run) => !run.pruned) };
    const holes = [...(ledger ? this.#counters.values() : [...this.#chains.values()].map(({ chain }) => chain))].reduce((sum, check) => sum + check.missing, 0);
    if (pruned > 0 && holes <= pruned) this.#findings.splice(0, Number.POSITIVE_INFINITY, ...this.#findings.filter(({ kind }) => kind !== 'missing' && kind !== 'gap'));
    for (const { from, to } of missing) {
      const what = `${ledger ? (to - from === 1 ? 'leaf' : 'leaves') : (to - from === 1 ? 'number' : 'numbers')} ${from}${to - from === 1 ? ' has' : ` to ${to - 1} have`} no event`;
      this.#report({ kind: 'missing', where: nowhere, say: ledger ? `${what}, and no retention.purged of the ledger names it` : `${what}: not by policy` });
    }
    return pruned;
  }

  readonly #report = (finding: Finding): void => {
    this.#findings.push(finding);
  };

  #chain(event: Envelope): ChainCheck {
    let known = this.#chains.get(event.sid);
    if (known === undefined) {
      const session = event.sid === event.prod.epoch ? null : new SessionCheck(this.#report);
      known = { session, chain: new ChainCheck(this.#report, (link) => session?.walk(link)) };
      this.#chains.set(event.sid, known);
    }
    return known.chain;
  }

  #counter(event: Envelope, where: Where): void {
    if (this.#scope !== 'ledger') return;
    const { id: producer, epoch, pseq } = event.prod;
    const key = `${producer} ${epoch}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) this.#counters.set(key, (counter = new CounterCheck({ producer, epoch }, this.#report)));
    counter.add(pseq, event.t.wall, where);
  }

  #producer(event: Envelope, millis: number): void {
    this.#latest = Math.max(this.#latest, millis);
    const newest = this.#epochs.get(event.prod.id);
    if (newest === undefined || (newest.epoch !== event.prod.epoch && newest.since < millis)) this.#epochs.set(event.prod.id, { epoch: event.prod.epoch, since: millis });
  }

  #abandon(event: Envelope, where: Where): void {
    if (event.type !== 'session.abandoned') return;
    const { session, last_seq: lastSeq } = event.d as Partial<Record<string, unknown>>;
    if (typeof session !== 'string' || typeof lastSeq !== 'number') return this.#report({ kind: 'malformed', where, say: 'it does not say which session was abandoned where' });
    const known = this.#abandoned.get(session);
    if (known === undefined || known.lastSeq < lastSeq) this.#abandoned.set(session, { lastSeq, where });
  }

  #end(sid: string, chain: ChainCheck, session: SessionCheck): 'open' | 'closed' | 'refused' | 'abandoned' {
    if (session.state === 'closed') return 'closed';
    if (session.state === 'refused' || session.state === 'unopened') return 'refused';
    const last = chain.last;
    const abandoned = this.#abandoned.get(sid);
    if (last === null) return 'open';
    if (abandoned !== undefined) {
      if (last.seq < abandoned.lastSeq) this.#report({ kind: 'missing', where: { ...last.where, index: null, seq: last.seq + 1, pseq: null, id: null }, say: `the session was abandoned at number ${abandoned.lastSeq}, its last event here is ${last.seq}` });
      if (last.seq > abandoned.lastSeq) this.#report({ kind: 'unclosed', where: last.where, say: `the session was called abandoned at number ${abandoned.lastSeq} and went on` });
      return 'abandoned';
    }
    const newest = this.#epochs.get(last.where.producer ?? '');
    const replaced = newest !== undefined && newest.epoch !== last.where.epoch && this.#latest - newest.since > abandonWithin;
    if (this.#scope === 'ledger' && replaced) this.#report({ kind: 'unclosed', where: last.where, say: `its producer has started anew and nobody closed the session or called it abandoned: its last event is of ${new Date(last.millis).toISOString()}` });
    return 'open';
  }

  #sessionsNobodyHas(): void {
    for (const [sid, { where, lastSeq }] of this.#abandoned) {
      if (!this.#chains.has(sid)) this.#report({ kind: 'missing', where: { ...nowhere, sid, seq: 0 }, say: `a whole session is missing: event ${where.id} calls it abandoned at number ${lastSeq}` });
    }
  }

  #blobs(event: Envelope, blobs: readonly Uint8Array[], where: Where): void {
    const have = new Map(blobs.map((blob) => [hash('sha256', blob, 'hex'), blob.byteLength]));
    for (const ref of event.blobs) {
      if (have.get(ref.ct_sha256) !== ref.len) this.#report({ kind: 'blob', where, say: `its ${ref.role} is missing or is not the ciphertext that it names` });
      have.delete(ref.ct_sha256);
    }
    if (have.size > 0) this.#report({ kind: 'blob', where, say: 'ciphertext is stored with it that it does not name' });
  }
}

const sizeOf = (runs: readonly Absent[]): number => runs.reduce((sum, { from, to }) => sum + to - from, 0);

/** Checks all of it at once. */
export function verify(events: Iterable<StoredEvent>, scope: Scope): Verification {
  const verifier = new Verifier(scope);
  for (const event of events) verifier.add(event);
  return verifier.finish();
}

function linkOf(event: Envelope, stored: StoredEvent, where: Where): Link {
  const d = event.d as Partial<Record<string, unknown>>;
  const end = event.type === 'session.closed' ? { finalSeq: d['final_seq'], head: d['head'] } : null;
  return { where, type: event.type, seq: event.seq, prev: event.prev, hash: hash('sha256', stored.bytes, 'hex'), millis: Date.parse(event.t.wall), end };
}
