import { createHash } from 'node:crypto';
import { uuidv7 } from '@sallyport/domain-model';
import { EventChain, type EventData, type EventType } from '@sallyport/domain-events';
import { newSessionKey } from '../session-key.ts';
import { SessionRecorder } from '../session-recorder.ts';
import { leafHash } from '../merkle/hash.ts';
import { proveConsistency, proveInclusion } from '../merkle/proofs.ts';
import { cosigner } from '../note/cosignature.ts';
import { signCheckpoint } from '../note/checkpoint.ts';
import { formatSignature, noteSigner, parseNote, type NoteSigner } from '../note/signed-note.ts';
import { signingKeyOf } from '../note/signing-key.ts';
import { formatTlogProof } from '../note/tlog-proof.ts';
import { formatVerifierKey } from '../note/verifier-key.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import { FakeLog, tickingClock } from './fake-log.ts';
import { reader } from './small-ledger.ts';
import { TileStore } from './tile-store.ts';

/** Signing keys that are the same in every run. */
export const seeded = (name: string) => signingKeyOf(new Uint8Array(createHash('sha256').update(name).digest()));

export const logName = 'log.sample.test';
export const origin = `${logName}/1`;
export const logSigner = noteSigner(logName, seeded('log'));
export const otherSigner = noteSigner(logName, seeded('other'));
export const strangerSigner = noteSigner('stranger.test', seeded('stranger'));
export const logKey = formatVerifierKey(logSigner.key);
export const otherKey = formatVerifierKey(otherSigner.key);
export const strangerKey = formatVerifierKey(strangerSigner.key);
export const witness = cosigner('witness.sample.test', seeded('witness'));
export const witnessKey = formatVerifierKey(witness.key);

/** A log in memory over given events. */
export class SampleLog {
  readonly events: readonly Uint8Array[];
  readonly #store = new TileStore();
  readonly #roots: Uint8Array[] = [];

  constructor(events: readonly Uint8Array[]) {
    this.events = events;
    this.#roots.push(this.#store.range.root());
    for (const event of events) {
      this.#store.grow([leafHash(event)]);
      this.#roots.push(this.#store.range.root());
    }
  }

  get size(): number {
    return this.events.length;
  }

  root(size: number): Uint8Array {
    return this.#roots[size] ?? new Uint8Array();
  }

  source(size = this.size) {
    return this.#store.source(size);
  }

  checkpoint(size: number, signer: NoteSigner = logSigner, as = origin): string {
    return signCheckpoint({ origin: as, size, root: this.root(size) }, signer);
  }

  witnessed(size: number): string {
    const note = this.checkpoint(size);
    return `${note}${formatSignature(witness.cosign(parseNote(note).text, 1_795_000_000))}`;
  }

  growth(from: number, to: number): Promise<Uint8Array[]> {
    return proveConsistency(this.source(), from, to);
  }

  async proof(index: number, size = this.size): Promise<string> {
    return formatTlogProof({ index, proof: await proveInclusion(this.source(), index, size), checkpoint: this.checkpoint(size), extra: null });
  }
}

const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers"],"shape":"select $1","fingerprint":null,"kind":"SELECT","rules":["r1"],"say":null}';
const who = { id: 'machine:nightly-ledger', npid: 'n1', iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'team-ledger' };
const on = { target: 'ledger-db', kind: 'postgres', env: 'prod' };

/**
 * What a gateway and a ledger write in a while, in the order of the log. Sessions by name: `early` is closed, `long` spans nearly all of it and is closed,
 * `turned` was refused, `lost` was abandoned, `running` is open at the end.
 */
export function sampleEvents(): { readonly events: readonly Uint8Array[]; readonly sid: Readonly<Record<SampleSession, string>> } {
  const log = new FakeLog(uuidv7());
  const clock = tickingClock();
  const service = new FakeLog(uuidv7(), 'evidence');
  const events: Uint8Array[] = [];
  const sid = { early: uuidv7(), long: uuidv7(), turned: uuidv7(), lost: uuidv7(), running: uuidv7() };
  const of = (name: SampleSession) => {
    const { key, wrapped } = newSessionKey(reader.publicKey);
    const recorder = new SessionRecorder({ tenant: 'default', session: sid[name], who, on, log, clock, key });
    return { recorder, open: () => void recorder.record('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: 'psql', evidence: 'strict', lease: 'l1', policy: 1, mask_plan: null, key: wrapped }) };
  };
  const chainOf = (producer: FakeLog) => new EventChain({ tenant: 'default', sid: producer.producer.epoch, producer: producer.producer }, { who: null, on: null });
  const chains = { gateway: chainOf(log), service: chainOf(service) };
  const own = <T extends EventType>(which: 'gateway' | 'service', type: T, data: EventData[T]) => {
    const to = which === 'gateway' ? log : service;
    to.append(chains[which].write(type, data, { id: uuidv7(), pseq: to.next(), wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }), []);
  };
  const collect = () => {
    for (const from of [log, service]) for (const { bytes } of from.events.slice(taken.get(from) ?? 0)) events.push(bytes);
    for (const from of [log, service]) taken.set(from, from.events.length);
  };
  const taken = new Map<FakeLog, number>();
  const command = ({ recorder }: ReturnType<typeof of>) => {
    const id = uuidv7();
    recorder.decided(id, 'allow', rest, null, `select 1`, null);
    recorder.settled({ command: id, status: 'SELECT 1', rows: 1, bytes: 10, micros: 100, error: null });
    recorder.flush();
    collect();
  };
  const end = { by: 'client', why: 'terminated', commands: 1, denied: 0, held: 0, rows: 1, bytes: 10 };

  own('gateway', 'service.started', { service: 'gateway', version: '0.1.0', node: 'n1' });
  own('service', 'service.started', { service: 'evidence', version: '0.1.0', node: 'n1' });
  collect();
  const [early, long, turned, lost, running] = [of('early'), of('long'), of('turned'), of('lost'), of('running')];
  long.recorder.record('auth.ok', { binding: 'b', issuer: 'i', claims: {}, source: '127.0.0.1', expires: '2026-11-22T11:00:00Z', micros: 3, door: 'postgres', session: sid.long });
  for (const one of [early, long]) one.open();
  collect();
  command(early);
  command(long);
  early.recorder.close(end);
  own('gateway', 'producer.heartbeat', { pseq: log.events.length, sessions: 1 });
  collect();
  turned.recorder.record('session.refused', { protocol: 'postgres', target: 'ledger-db', code: 'denied', say: 'no entitlement', source: '127.0.0.1' });
  lost.open();
  command(lost);
  running.open();
  command(long);
  command(running);
  own('service', 'session.abandoned', { session: sid.lost, last_seq: 2, why: 'its producer began anew' });
  collect();
  command(long);
  long.recorder.close(end);
  own('gateway', 'producer.heartbeat', { pseq: log.events.length, sessions: 1 });
  command(running);
  return { events, sid };
}

export type SampleSession = 'early' | 'long' | 'turned' | 'lost' | 'running';

/** Where each event stands, by what it says of itself. */
export function whereIs(events: readonly Uint8Array[], sid: string, seq: number): number {
  return events.findIndex((bytes) => {
    const event = parseEnvelope(bytes);
    return event.sid === sid && event.seq === seq;
  });
}
