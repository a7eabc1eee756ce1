import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@sallyport/platform-telemetry';
import type { Counts, Cursor, Cursors, Moved } from '../store/cursors.ts';
import { DeliveryError, deliveryCodes, type DeliveryCode } from '../transports/transport.ts';
import { pauseAfter, type Backoff } from './backoff.ts';
import type { Course, Turn } from './course.ts';
import { sinkDelivered, sinkFailures, sinkLag, sinkLagSeconds, sinkStalled } from './metrics.ts';

export interface WorkerOptions {
  readonly name: string;
  readonly open: () => Promise<Course>;
  readonly cursors: Cursors;
  readonly log: Log;
  readonly pace: Pace;
}

export interface Pace extends Backoff {
  /** Looks for new leaves while there are none. */
  readonly idleMs: number;
  readonly watermarkMs: number;
  /** Failed attempts after which a sink is said to be stalled. */
  readonly stallAfter: number;
}

export const usualPace: Pace = { firstMs: 500, mostMs: 60_000, idleMs: 500, watermarkMs: 60_000, stallAfter: 5 };

const beginning: Cursor = { next: 0, batchLast: null, checkpoint: { epoch: 0, size: 0 }, turn: 0, sha256: null, stalledAt: null };

/**
 * Keeps one sink fed, at least once and in order: its course says how. The cursor moves when the receiver has taken what came before; until then the same is
 * tried again, and nothing behind it. A slow receiver holds up nobody else, and no more than a batch waits here: the ledger holds the rest.
 */
export class Worker implements Turn {
  readonly #of: WorkerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #course: Course | null = null;
  #cursor = beginning;
  #size = 0;
  #failed = 0;
  #told = 0;

  constructor(of: WorkerOptions) {
    this.#of = of;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the attempt that runs: what it sent comes again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    // A sink that is no more neither lags nor stalls.
    sinkLag.remove({ sink: this.name });
    sinkLagSeconds.remove({ sink: this.name });
    for (const code of deliveryCodes) sinkStalled.remove({ sink: this.name, code });
  }

  get name(): string {
    return this.#of.name;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  seen(size: number, oldest: number | null): void {
    this.#size = size;
    sinkLag.set({ sink: this.name }, this.#lag());
    sinkLagSeconds.set({ sink: this.name }, oldest === null || oldest === 0 ? 0 : Math.max(0, (Date.now() - oldest) / 1000));
  }

  marks(): ReturnType<Turn['marks']> {
    return this.#of.cursors.marks(this.name);
  }

  async attempt(work: () => Promise<void>): Promise<void> {
    for (;;) {
      if (this.signal.aborted) throw new DeliveryError('unreachable', 'stopped');
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DeliveryError) || this.signal.aborted) throw error;
        await this.#onFailure(error);
      }
    }
  }

  async intend(last: number): Promise<number> {
    const batchLast = await this.#of.cursors.intend(this.name, this.#cursor.next, last);
    this.#cursor = { ...this.#cursor, batchLast };
    return batchLast;
  }

  async moved(to: Moved, counts: Counts, records: number): Promise<void> {
    await this.#of.cursors.moved(this.name, to, counts, new Date());
    this.#cursor = { ...this.#cursor, next: to.next, batchLast: null, checkpoint: to.checkpoint ?? this.#cursor.checkpoint, sha256: to.sha256 };
    sinkDelivered.inc({ sink: this.name }, records);
    sinkLag.set({ sink: this.name }, this.#lag());
    this.#failed = 0;
    this.#show(null);
  }

  async setBack(to: number, epoch?: number): Promise<void> {
    this.#of.log.error('the ledger is not the one that a sink was given (was the database restored?), or the sink is another place: delivery goes back', { sink: this.name, from: this.#cursor.next, next: to });
    await this.#of.cursors.setBack(this.name, to, epoch ?? null, this.#lag());
    this.#cursor = await this.#of.cursors.open(this.name);
  }

  async #run(): Promise<void> {
    const { cursors, log, pace } = this.#of;
    let opened = false;
    this.#told = performance.now();
    while (!this.signal.aborted) {
      try {
        if (!opened) this.#cursor = await cursors.open(this.name);
        opened = true;
        this.#course ??= await this.#of.open();
        const more = await this.#course.round(this);
        await this.#watermark();
        if (!more) await this.#pause(pace.idleMs);
      } catch (error) {
        if (this.signal.aborted) break;
        if (error instanceof DeliveryError) await this.#onFailure(error);
        else {
          log.warn('a sink waits for the ledger or the database', { sink: this.name, error });
          await this.#pause(Math.min(2000, pace.mostMs));
        }
      }
    }
    await this.#course?.close().catch(() => undefined);
  }

  async #onFailure({ code, message, retryAfterMs }: DeliveryError): Promise<void> {
    const { cursors, log, pace } = this.#of;
    this.#failed++;
    sinkFailures.inc({ sink: this.name, code });
    this.#show(code);
    log.warn('a sink did not take its records', { sink: this.name, next: this.#cursor.next, code, attempts: this.#failed, why: message });
    await cursors.failed(this.name, code, this.#lag(), pace.stallAfter, new Date()).catch((error: unknown) => log.warn('the state of a sink could not be noted', { sink: this.name, error }));
    await this.#pause(pauseAfter(this.#failed, pace, retryAfterMs, Math.random()));
  }

  #lag(): number {
    return Math.max(0, this.#size - this.#cursor.next);
  }

  #show(code: DeliveryCode | null): void {
    for (const one of deliveryCodes) sinkStalled.set({ sink: this.name, code: one }, one === code ? 1 : 0);
  }

  async #watermark(): Promise<void> {
    if (performance.now() - this.#told < this.#of.pace.watermarkMs) return;
    this.#told = performance.now();
    await this.#of.cursors.watermark(this.name, this.#lag());
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}
