import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { encodeMessage } from '@sallyport/domain-events';
import { streams, type Bus } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { recordSpan, tracing, type Log } from '@sallyport/platform-telemetry';
import { packBatch } from '../model/batch.ts';
import { readLot } from '../model/entry.ts';
import { roundsOf, type Arrived, type Arrival, type Round } from '../model/rounds.ts';
import type { Ledger } from '../store/ledger.ts';
import { batches, batchSize, conflicts, ingested, lag, repeated, strangers } from './metrics.ts';
import type { Watermarks } from './watermarks.ts';

export interface IngesterOptions {
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly watermarks: Watermarks;
  readonly tenant: string;
  readonly log: Log;
}

const batchEvents = 500;
const lingerMs = 50;
/** The database takes a value of up to 1 GB; a batch stays far below. */
const batchBytes = 32 * 1024 ** 2;

/**
 * From the stream into the ledger: batches of up to 500 events or 50 ms, committed, then acknowledged, then told to their producers. Killed at any
 * point it takes up where it was: what was not acknowledged comes again, and what is in the ledger is passed over. Nothing that comes
 * is lost or blocks the rest: what is no event is kept aside.
 */
export class Ingester {
  readonly #of: IngesterOptions;
  #messages: ConsumerMessages | null = null;
  #batch: Lot[] = [];
  #events = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #committing: Promise<void> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #attached = false;

  constructor(of: IngesterOptions) {
    this.#of = of;
  }

  /** Null while messages come in, else what is waited for. */
  get waiting(): string | null {
    return this.#attached ? null : `consumer ${streams.ingest.consumer} of stream ${streams.ingest.name}`;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Commits what came, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#messages?.close();
    await this.#running;
    this.#flush();
    await this.#committing;
  }

  /** Messages of the stream that were not delivered yet, or are not acknowledged. */
  async pending(): Promise<number> {
    const { name, consumer } = streams.ingest;
    const info = await (await this.#of.bus.js.consumers.get(name, consumer)).info();
    lag.set(info.num_pending + info.num_ack_pending);
    return info.num_pending + info.num_ack_pending;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#consume();
      } catch (error) {
        this.#of.log.warn('the stream cannot be read; trying again', { error });
      }
      this.#attached = false;
      if (!this.#stopped) await sleep(500);
    }
  }

  async #consume(): Promise<void> {
    const { name, consumer } = streams.ingest;
    const messages = await (await this.#of.bus.js.consumers.get(name, consumer)).consume({ max_messages: 2 * batchEvents, expires: 5000 });
    this.#messages = messages;
    this.#attached = true;
    for await (const message of messages) {
      const lot = { message, read: readLot(message.subject, message.data, this.#of.tenant) };
      this.#batch.push(lot);
      this.#events += lot.read.length;
      this.#bytes += message.data.byteLength;
      if (this.#events >= batchEvents || this.#bytes >= batchBytes) {
        // The next batch fills while this one is committed; the one after waits: back-pressure on the stream.
        await this.#committing;
        this.#flush();
      } else this.#timer ??= setTimeout(() => this.#flush(), lingerMs);
    }
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#events = 0;
    this.#bytes = 0;
    this.#committing = this.#committing.then(() => this.#take(batch));
  }

  async #take(batch: readonly Lot[]): Promise<void> {
    const end = batches.startTimer();
    const arrivals = batch.flatMap(({ message, read }) => read.map((entry): Arrival => ({ entry, subject: message.subject })));
    for (const round of roundsOf(arrivals)) if (!(await this.#insist(round))) return;
    for (const { message } of batch) message.ack();
    batchSize.observe(arrivals.length);
    end();
  }

  /** Until the database has it: there is nowhere else to put it, and the stream holds the rest. False: the service ends before. */
  async #insist(round: Round): Promise<boolean> {
    for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
      try {
        await this.#commit(round);
        return true;
      } catch (error) {
        if (this.#stopped) return false;
        this.#of.log.error('a batch is not in the ledger yet; trying again', { events: round.events.length, error });
        await sleep(pause);
      }
    }
  }

  async #commit(round: Round): Promise<void> {
    const { ledger, log } = this.#of;
    for (const { subject, say, bytes } of round.strangers) {
      await ledger.keepAside(subject, say, bytes);
      strangers.inc();
      log.error('a message is no event; it is kept aside', { subject, why: say });
    }
    await this.#append(round.events);
  }

  /** A batch that the database refuses for its data is halved until the one event is found that it refuses. */
  async #append(events: readonly Arrived[]): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    try {
      const answer = await this.#of.ledger.append(packBatch(events.map(({ entry }) => entry)));
      this.#of.watermarks.committed(answer.producers);
      if (tracing()) traceCommits(events);
      ingested.inc(answer.added);
      repeated.inc(events.length - answer.added);
      conflicts.inc(answer.conflicts.length);
    } catch (error) {
      if (!(error instanceof StoreError) || !/^(22|23|54)/.test(error.code)) throw error;
      if (events.length > 1) {
        const half = Math.ceil(events.length / 2);
        await this.#append(events.slice(0, half));
        return this.#append(events.slice(half));
      }
      const { bytes, blobs } = first.entry;
      await this.#commit({ events: [], strangers: [{ subject: first.subject, say: `the database refuses it: ${error.code}`, bytes: encodeMessage({ event: bytes, blobs }) }] });
    }
  }
}

/** A message of the stream, and what it holds. */
interface Lot {
  readonly message: JsMsg;
  readonly read: ReturnType<typeof readLot>;
}

/** In the session's trace: from when the gateway wrote the event to when the ledger had it. */
function traceCommits(events: readonly Arrived[]): void {
  for (const { entry } of events) {
    const { type, sid, t, d } = entry.event;
    if (type === 'command.decided' && 'command' in d && typeof d.command === 'string') recordSpan(sid, 'evidence.committed', { command: d.command }, Date.parse(t.wall), Date.now());
  }
}
