import { setTimeout as sleep } from 'node:timers/promises';
import { encodeMessage } from '@sallyport/domain-events';
import { PullConsumer, streams, type Bus, type Pulled } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import { recordSpan, tracing, type Log } from '@sallyport/platform-telemetry';
import { packBatch } from '../model/batch.ts';
import { readLot } from '../model/entry.ts';
import { claimsOf } from '../model/key-claim.ts';
import { roundsOf, type Arrived, type Arrival, type Round } from '../model/rounds.ts';
import type { Ledger } from '../store/ledger.ts';
import { batches, batchSize, conflicts, ingested, keyConflicts, lag, repeated, strangers } from './metrics.ts';
import type { Watermarks } from './watermarks.ts';

export interface IngesterOptions {
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly watermarks: Watermarks;
  readonly tenant: string;
  readonly log: Log;
}

/** What one look at the stream brings at most. A lot has up to 256 events; the bytes are over those of the largest message. */
const burst = { messages: 128, bytes: 32 * 1024 ** 2, waitMs: 5000 };
/** Looks at the stream are this far apart, in milliseconds: what came in between is read, committed and acknowledged together. */
const paceMs = 100;
/** Events of one commit. */
const batchEvents = 1000;

/**
 * From the stream into the ledger: what came is committed, then acknowledged, then told to its producers. Killed at any
 * point it takes up where it was: what was not acknowledged comes again, and what is in the ledger is passed over. Nothing that comes
 * is lost or blocks the rest: what is no event is kept aside.
 */
export class Ingester {
  readonly #of: IngesterOptions;
  readonly #stream: PullConsumer;
  #running: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #attached = false;

  constructor(of: IngesterOptions) {
    this.#of = of;
    this.#stream = new PullConsumer(of.bus, streams.ingest.name, streams.ingest.consumer);
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
    this.#stopping.abort();
    this.#stream.close();
    await this.#running;
  }

  /** Messages of the stream that were not delivered yet, or are not acknowledged. */
  async pending(): Promise<number> {
    const { name, consumer } = streams.ingest;
    const info = await (await this.#of.bus.js.consumers.get(name, consumer)).info();
    lag.set(info.num_pending + info.num_ack_pending);
    return info.num_pending + info.num_ack_pending;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.pending();
        this.#attached = true;
        await this.#follow();
      } catch (error) {
        this.#of.log.warn('the stream cannot be read; trying again', { error });
      }
      this.#attached = false;
      await this.#pause(500);
    }
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const began = performance.now();
      const messages = await this.#stream.take(burst);
      if (messages.length > 0) await this.#take(messages);
      else await this.pending(); // silence is only believed of a consumer that is there
      if (messages.length > 0 && messages.length < burst.messages) await this.#pause(paceMs - (performance.now() - began));
    }
  }

  async #take(messages: readonly Pulled[]): Promise<void> {
    const end = batches.startTimer();
    const arrivals = messages.flatMap(({ subject, data }) => readLot(subject, data, this.#of.tenant).map((entry): Arrival => ({ entry, subject })));
    for (let i = 0; i < arrivals.length; i += batchEvents) {
      for (const round of roundsOf(arrivals.slice(i, i + batchEvents))) if (!(await this.#insist(round))) return;
    }
    for (const message of messages) this.#stream.acknowledge(message);
    batchSize.observe(arrivals.length);
    end();
  }

  /** Ends early when the service stops. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  /** Until the database has it: there is nowhere else to put it, and the stream holds the rest. False: the service ends before. */
  async #insist(round: Round): Promise<boolean> {
    for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
      try {
        await this.#commit(round);
        return true;
      } catch (error) {
        if (this.#stopping.signal.aborted) return false;
        this.#of.log.error('a batch is not in the ledger yet; trying again', { events: round.events.length, error });
        await this.#pause(pause);
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
      const answer = await this.#of.ledger.append(packBatch(events.map(({ entry }) => entry)), claimsOf(events.map(({ entry }) => entry)));
      this.#of.watermarks.committed(answer.producers);
      if (tracing()) traceCommits(events);
      ingested.inc(answer.added);
      repeated.inc(events.length - answer.added);
      conflicts.inc(answer.conflicts.length);
      keyConflicts.inc(answer.keyConflicts);
      if (answer.keyConflicts > 0) this.#of.log.error('a producer names a key that is not its own', { keys: answer.keyConflicts });
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

/** In the session's trace: from when the gateway wrote the event to when the ledger had it. */
function traceCommits(events: readonly Arrived[]): void {
  for (const { entry } of events) {
    const { type, sid, t, d } = entry.event;
    if (type === 'command.decided' && 'command' in d && typeof d.command === 'string') recordSpan(sid, 'evidence.committed', { command: d.command }, Date.parse(t.wall), Date.now());
  }
}
