import { encodeMessage, EventChain, type EventData, type EventType, type On, type Who } from '@sallyport/domain-events';
import { instant, systemClock, uuidv7, type EvidenceLog, type Position, type SealedBlob } from '@sallyport/domain-model';
import { newSessionKey, SessionRecorder, type InstanceKey } from '@sallyport/engine-evidence';
import { subjects, type Bus } from '@sallyport/platform-bus';
import type { KeyObject } from 'node:crypto';

export const who: Who = { id: 'machine:nightly-ledger', npid: 'n1', iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'team-ledger' };
export const on: On = { target: 'ledger-db', kind: 'postgres', env: 'prod' };
export const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers"],"shape":"select $1","fingerprint":null,"kind":"SELECT","rules":["r1"],"say":null}';

/** A producer as a gateway is one, without a journal: it keeps what it made, and sends it when told. */
export class Producer implements EvidenceLog {
  readonly producer: { readonly id: string; readonly epoch: string };
  readonly messages: Uint8Array[] = [];
  readonly refusing = null;
  readonly #bus: Bus;
  readonly #own: EventChain;
  #sent = 0;

  constructor(bus: Bus, id = 'gw-1') {
    this.#bus = bus;
    this.producer = { id, epoch: uuidv7() };
    this.#own = new EventChain({ tenant: 'default', sid: this.producer.epoch, producer: this.producer }, { who: null, on: null });
  }

  /** An event of its own chain. */
  tell<T extends EventType>(type: T, data: EventData[T]): Position {
    const stamp = { id: uuidv7(), pseq: this.next(), wall: instant(systemClock.now()), monoUs: systemClock.monoUs() };
    return this.append(this.#own.write(type, data, stamp), []);
  }

  next(): Position {
    return this.messages.length + 1;
  }

  append(event: Uint8Array, blobs: readonly SealedBlob[]): Position {
    return this.messages.push(encodeMessage({ event, blobs: blobs.map(({ bytes }) => bytes) }));
  }

  get local(): Position {
    return this.messages.length;
  }

  get acked(): Position {
    return this.messages.length;
  }

  whenDurable(_position: Position, _how: 'local' | 'acked', done: (error: Error | null) => void): void {
    done(null);
  }

  /** Sends what was not sent yet, without the positions in `but`. */
  async send(but: readonly number[] = []): Promise<void> {
    for (; this.#sent < this.messages.length; this.#sent++) if (!but.includes(this.#sent + 1)) await this.sendAgain(this.#sent + 1);
  }

  async sendAgain(position: number): Promise<void> {
    const message = this.messages[position - 1] ?? new Uint8Array();
    const publish = () => this.#bus.js.publish(subjects.ingest(this.producer.id), message);
    // A bus that has just come back has no stream yet.
    for (let tries = 0; tries < 100; tries++) {
      const taken = await publish().then(() => true, () => false);
      if (taken) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    await publish();
  }
}

export function openSession(log: EvidenceLog, reader: KeyObject, instance?: InstanceKey): { readonly recorder: SessionRecorder; readonly session: string } {
  const { key, wrapped } = newSessionKey(reader);
  const session = uuidv7();
  const recorder = new SessionRecorder({ tenant: 'default', session, who, on, log, clock: systemClock, key, ...(instance === undefined ? {} : { instance }) });
  recorder.record('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: 'psql', evidence: 'strict', lease: 'l1', policy: 1, mask_plan: null, key: wrapped });
  return { recorder, session };
}

export function runCommand(recorder: SessionRecorder, text: string, decision: 'allow' | 'deny' = 'allow'): void {
  const command = uuidv7();
  recorder.decided(command, decision, rest, { policy: 1, slice: 's', lease: 'l1', approval: null }, text, null);
  if (decision === 'allow') recorder.settled({ command, status: 'SELECT 1', rows: 2, bytes: 20, micros: 100, error: null });
}

export const end = { by: 'client', why: 'terminated', commands: 2, denied: 1, held: 0, rows: 2, bytes: 20 };
