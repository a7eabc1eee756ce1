import { uuidv7, type Clock } from '@sallyport/domain-model';
import { EventChain, type EventData, type EventType } from '@sallyport/domain-events';
import { instanceKey, type InstanceKey } from '../producers/signed-end.ts';
import { newSessionKey } from '../session-key.ts';
import { SessionRecorder } from '../session-recorder.ts';
import { FakeLog } from './fake-log.ts';
import { seeded } from './sample-log.ts';
import { reader } from './small-ledger.ts';

const who = { id: 'machine:nightly-ledger', npid: 'n1', iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'team-ledger' };
const on = { target: 'ledger-db', kind: 'postgres', env: 'prod' };
const rest = '"verb":"read","reading":"whole","effects":["read ledger.customers"],"shape":"select $1","fingerprint":null,"kind":"SELECT","rules":["r1"],"say":null}';

export const keyOf = (producer: string, seed = producer): InstanceKey => instanceKey(producer, seeded(seed));

/** One start of a producer, whose clock the story sets. */
export class Teller {
  readonly log: FakeLog;
  readonly instance: InstanceKey | null;
  readonly #chain: EventChain;
  readonly #clock: Clock;
  /** What it has told and the story has not yet put into its log. */
  #taken = 0;

  constructor(story: Story, id: string, instance: InstanceKey | null) {
    this.log = new FakeLog(uuidv7(), id);
    this.instance = instance;
    const { producer } = this.log;
    this.#chain = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: null, on: null });
    const began = story.seconds;
    // A tick for each event, so that no two have one time.
    let ticks = 0;
    this.#clock = { now: () => Date.UTC(2026, 10, 22, 10) + story.seconds * 1000 + story.wallOff * 1000 + ticks++, monoUs: () => Math.round((story.seconds - began) * 1_000_000) + ticks };
  }

  tell<T extends EventType>(type: T, data: EventData[T]): void {
    const now = this.#clock.now();
    const bytes = this.#chain.write(type, data, { id: uuidv7(), pseq: this.log.next(), wall: `${new Date(now).toISOString().slice(0, 19)}.000001Z`, monoUs: this.#clock.monoUs() });
    this.log.append(bytes, []);
  }

  open(instance = this.instance): { readonly recorder: SessionRecorder; readonly sid: string } {
    const { key, wrapped } = newSessionKey(reader.publicKey);
    const sid = uuidv7();
    const recorder = new SessionRecorder({ tenant: 'default', session: sid, who, on, log: this.log, clock: this.#clock, key, ...(instance === null ? {} : { instance }) });
    recorder.record('session.opened', { protocol: 'postgres', role: null, source: '127.0.0.1', client: 'psql', evidence: 'strict', lease: 'l1', policy: 1, mask_plan: null, key: wrapped });
    return { recorder, sid };
  }

  /** Events since the last time. */
  take(): Uint8Array[] {
    const fresh = this.log.events.slice(this.#taken).map(({ bytes }) => bytes);
    this.#taken = this.log.events.length;
    return fresh;
  }
}

export const end = { by: 'client', why: 'terminated', commands: 1, denied: 0, held: 0, rows: 1, bytes: 10 };

export function command(recorder: SessionRecorder): void {
  const id = uuidv7();
  recorder.decided(id, 'allow', rest, null, 'select 1', null);
  recorder.settled({ command: id, status: 'SELECT 1', rows: 1, bytes: 10, micros: 100, error: null });
  recorder.flush();
}

/** Producers over some minutes, in the order in which the ledger took what they told. */
export class Story {
  seconds = 0;
  /** How far wall clocks are set off, in seconds. */
  wallOff = 0;
  readonly events: Uint8Array[] = [];
  readonly #tellers: Teller[] = [];

  begin(id: string, instance: InstanceKey | null = keyOf(id)): Teller {
    const teller = new Teller(this, id, instance);
    this.#tellers.push(teller);
    teller.tell('service.started', { service: id, version: '0.1.0', node: 'n1' });
    if (instance !== null) teller.tell('key.created', { use: 'session.closed', key: instance.vkey });
    teller.tell('producer.heartbeat', { pseq: 1, sessions: 0 });
    this.collect();
    return teller;
  }

  /** So long, in steps of a heartbeat; these tellers beat. */
  pass(seconds: number, ...beating: readonly Teller[]): void {
    for (const until = this.seconds + seconds; this.seconds < until; ) {
      this.seconds += 10;
      for (const teller of beating) teller.tell('producer.heartbeat', { pseq: teller.log.next(), sessions: 0 });
      this.collect();
    }
  }

  collect(): void {
    for (const teller of this.#tellers) this.events.push(...teller.take());
  }
}
