import { conceal, encodeMessage, EventChain, type Authority, type EventData, type EventType, type On, type SealOpenings, type Who } from '@sallyport/domain-events';
import { instant, systemClock, uuidv7, type Clock } from '@sallyport/domain-model';
import { subjects, watermark, type Bus } from '@sallyport/platform-bus';
import { ClockWatch, counter, gauge, type Log } from '@sallyport/platform-telemetry';
import { readHead, readRows, removeUpTo, takeHead, writeEvents, type Executor, type TransactionExecutor } from './outbox-rows.ts';

const resent = counter('sallyport_outbox_resent_events_total', 'Events sent again because the ledger had not confirmed them in time');

export interface OutboxOptions {
  readonly store: { readonly db: Executor & Transactions };
  readonly bus: Bus;
  /** Producer id in the envelope and on the bus: the service's name. */
  readonly producer: string;
  readonly tenant: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** With it `start` writes `service.started` and `stop` writes `service.stopped`: a process that was killed has no end in the ledger. */
  readonly life?: { readonly service: string; readonly version: string };
  /** Milliseconds between heartbeats of a service with a `life`; tests hurry. */
  readonly beatMs?: number;
  /** Seals what opens concealed fields (personal data, free text). Without it they stand in the clear in the events. */
  readonly openings?: SealOpenings | undefined;
}

interface Transactions {
  transaction(): { execute<T>(work: (trx: TransactionExecutor) => Promise<T>): Promise<T> };
}

export interface Parties {
  readonly who?: Who | null;
  readonly on?: On | null;
  readonly auth?: Authority | null;
}

/** One event to be written. */
export type EventToTell = { readonly [T in EventType]: Told<T> }[EventType];

interface Told<T extends EventType> extends Parties {
  readonly type: T;
  readonly data: EventData[T];
}

/** How long the ledger has to confirm before events are sent again; doubled with each vain try, up to a minute. */
const patienceMs = 5000;
const maxPatienceMs = 60_000;
const pollMs = 1000;
/** SPEC.md 1.4 of engine/evidence: whoever misses three is called silent. */
const heartbeatMs = 10_000;
const batch = 256;

/**
 * Evidence of a service without a journal of its own. `emit` writes the event in the transaction of what it tells, so both are
 * there or neither; what was committed is sent until the ledger's watermark covers it, and only then deleted. A process may die at any
 * point: what it had not confirmed is sent again by the next, under the same message id.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #clock: Clock;
  /** Sent in this process, and not yet known to have to be sent again. */
  #sent = 0;
  #confirmed = 0;
  #last = 0;
  #patience = patienceMs;
  /** When the oldest unconfirmed event was sent, in microseconds of the clock. */
  #since: number | null = null;
  #epoch = '';
  #timer: NodeJS.Timeout | null = null;
  #heart: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;
  #working: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  #silence: () => void = () => undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    gauge('sallyport_outbox_pending_events', 'Events written and not yet confirmed by the ledger', [], () => this.pending());
  }

  /**
   * Writes one event within the caller's transaction. Writers of one service wait for each other until their transactions end:
   * emit late in a transaction. Throws StoreError; a TypeError outside of a transaction.
   * @returns the event's id
   */
  async emit<T extends EventType>(trx: TransactionExecutor, type: T, data: EventData[T], parties: Parties = {}): Promise<string> {
    const [id = ''] = await this.#write(trx, [{ ...parties, type, data }]);
    return id;
  }

  /** Writes several, in their order, as quickly as one: two exchanges with the database, however many there are; none for none. */
  emitAll(trx: TransactionExecutor, events: readonly EventToTell[]): Promise<readonly string[]> {
    return this.#write(trx, events);
  }

  async #write(trx: TransactionExecutor, events: readonly Told<EventType>[]): Promise<readonly string[]> {
    if (!trx.isTransaction) throw new TypeError('emit needs the transaction of what the event tells');
    if (events.length === 0) return [];
    const { epoch, ...head } = await takeHead(trx);
    let { pseq, prev } = head;
    const ids: string[] = [];
    const written: { pseq: number; event: Uint8Array }[] = [];
    for (const { type, data, who: by = null, on = null, auth = null } of events) {
      const { data: shown, who, opening } = this.#conceal(type, data, by);
      const chain = new EventChain({ tenant: this.#options.tenant, sid: epoch, producer: { id: this.#options.producer, epoch } }, { who, on }, { seq: pseq, prev });
      const id = uuidv7();
      const event = chain.write(type, shown, { id, pseq: ++pseq, wall: instant(this.#clock.now()), monoUs: this.#clock.monoUs() }, auth, opening.map(({ ref }) => ref));
      prev = chain.head.prev;
      ids.push(id);
      written.push({ pseq, event: opening.length === 0 ? event : encodeMessage({ event, blobs: opening.map(({ bytes }) => bytes) }) });
    }
    await writeEvents(trx, written, prev);
    this.#last = pseq;
    // The commit comes after this call returns; a row that is not visible yet is found by the next round.
    this.#soon(10);
    return ids;
  }

  #conceal<T extends EventType>(type: T, data: EventData[T], by: Who | null): { readonly data: EventData[T]; readonly who: Who | null; readonly opening: readonly ReturnType<SealOpenings>[] } {
    const { openings } = this.#options;
    if (openings === undefined) return { data, who: by, opening: [] };
    const { disclosures, ...covered } = conceal(type, data, by);
    return { ...covered, opening: disclosures.length === 0 ? [] : [openings(disclosures)] };
  }

  /** Begins to send. Throws StoreError when the tables cannot be used. */
  async start(): Promise<void> {
    const head = await readHead(this.#options.store.db);
    this.#epoch = head.epoch;
    this.#last = head.pseq;
    this.#confirmed = head.oldest - 1;
    this.#sent = this.#confirmed;
    this.#stopped = false;
    this.#silence = this.#options.bus.subscribe(subjects.watermark(this.#options.producer), watermark, (mark) => this.#onWatermark(mark));
    void this.#onReconnect();
    this.#soon(0);
    const { life } = this.#options;
    if (life === undefined) return;
    await this.#tell('service.started', { ...life, node: process.version });
    this.#beat();
  }

  /** Sends what is committed, waiting up to three seconds, and ends. What is left is sent by the next start. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#heart !== null) clearTimeout(this.#heart);
    await Promise.race([this.#end(), new Promise<void>((done) => setTimeout(done, 3000).unref())]);
    this.#silence();
  }

  /** Events written and not yet confirmed, as far as this process knows. */
  pending(): number {
    return Math.max(0, this.#last - this.#confirmed);
  }

  async #end(): Promise<void> {
    const { life, log } = this.#options;
    // A beat behind the end would be life after death.
    await this.#beating;
    if (life !== undefined) await this.#tell('service.stopped', { service: life.service, why: 'signal' }).catch((error: unknown) => log.warn('the end of this process could not be written as evidence', { error }));
    await this.#working;
    await this.#send().catch(() => undefined);
  }

  /** So that silence is something. A beat that cannot be written is not made up for: then there was silence, and it ends as soon as the database is back. */
  #beat(): void {
    const watch = new ClockWatch();
    const beat = async () => {
      await this.#tell('producer.heartbeat', { pseq: this.#last + 1, sessions: 0 });
      const status = await watch.look();
      if (status !== null) await this.#tell('clock.status', status);
    };
    const pace = this.#options.beatMs ?? heartbeatMs;
    const next = (ms: number) => {
      if (this.#stopped) return;
      this.#heart = setTimeout(() => {
        this.#beating = beat()
          .then(() => pace, (error: unknown) => {
            this.#options.log.warn('a heartbeat could not be written', { error });
            return Math.min(pace, pollMs);
          })
          .then((after) => {
            this.#beating = null;
            next(after);
          });
      }, ms);
      this.#heart.unref();
    };
    next(pace);
  }

  #tell<T extends 'service.started' | 'service.stopped' | 'producer.heartbeat' | 'clock.status'>(type: T, data: EventData[T]): Promise<string> {
    return this.#options.store.db.transaction().execute((trx) => this.emit(trx, type, data));
  }

  #soon(ms: number): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#round(), ms);
    this.#timer.unref();
  }

  #round(): void {
    if (this.#working !== null) {
      this.#again = true;
      return;
    }
    this.#working = this.#send()
      .catch((error: unknown) => this.#options.log.warn('evidence waits in the outbox', { pending: this.pending(), error }))
      .finally(() => {
        this.#working = null;
        const at = this.#again ? 0 : this.#last > this.#sent ? 50 : pollMs;
        this.#again = false;
        this.#soon(at);
      });
  }

  async #send(): Promise<void> {
    this.#giveUpWaiting();
    for (;;) {
      const rows = await readRows(this.#options.store.db, this.#sent, batch);
      if (rows.length === 0) break;
      this.#since ??= this.#clock.monoUs();
      // One connection keeps their order; each is acknowledged by the stream.
      await Promise.all(rows.map((row) => this.#publish(row.pseq, row.event)));
      this.#sent = rows.at(-1)?.pseq ?? this.#sent;
    }
    const head = await readHead(this.#options.store.db);
    this.#last = Math.max(head.pseq, this.#sent);
    this.#confirmed = head.oldest - 1;
  }

  async #publish(pseq: number, event: Uint8Array): Promise<void> {
    const { bus, producer } = this.#options;
    await bus.js.publish(subjects.ingest(producer), messageOf(event), { msgID: `${producer}:${this.#epoch}:${pseq}`, timeout: 2000 });
  }

  /** Sent long ago and still not confirmed: from the oldest again. */
  #giveUpWaiting(): void {
    if (this.#since === null || this.#sent <= this.#confirmed) return;
    if (this.#clock.monoUs() - this.#since < this.#patience * 1000) return;
    resent.inc(this.#sent - this.#confirmed);
    this.#sent = this.#confirmed;
    this.#since = null;
    this.#patience = Math.min(this.#patience * 2, maxPatienceMs);
  }

  #onWatermark(mark: { epoch: string; pseq: number }): void {
    if (mark.epoch !== this.#epoch || mark.pseq <= this.#confirmed) return;
    this.#remove(mark.pseq).catch((error: unknown) => this.#options.log.warn('confirmed events could not be removed from the outbox', { error }));
  }

  async #remove(pseq: number): Promise<void> {
    const { db } = this.#options.store;
    // Another process of this service may have written what this one has not seen yet.
    if (pseq > this.#last) this.#last = (await readHead(db)).pseq;
    if (pseq > this.#last) return this.#options.log.error('the ledger has events that this database has not: was it restored from a backup?', { ledger: pseq, written: this.#last });
    await removeUpTo(db, pseq);
    this.#confirmed = Math.max(this.#confirmed, pseq);
    this.#sent = Math.max(this.#sent, pseq);
    this.#patience = patienceMs;
    this.#since = this.#sent > this.#confirmed ? this.#clock.monoUs() : null;
  }

  async #onReconnect(): Promise<void> {
    for await (const status of this.#options.bus.nc.status()) {
      if (this.#stopped) return;
      if (status.type !== 'reconnect') continue;
      this.#sent = this.#confirmed;
      this.#soon(0);
    }
  }
}

/** A row is an event as it is stored, or, where it has openings, the whole message: the one begins with a brace, the other with its version. */
function messageOf(row: Uint8Array): Uint8Array {
  return row[0] === brace ? encodeMessage({ event: row, blobs: [] }) : row;
}

const brace = 0x7b;
