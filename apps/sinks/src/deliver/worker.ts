import { setTimeout as sleep } from 'node:timers/promises';
import { readRecord, type StoredEvent } from '@sallyport/engine-siem';
import type { Log } from '@sallyport/platform-telemetry';
import type { Cursors } from '../store/cursors.ts';
import { DeliveryError, type Delivery, type DeliveryCode, type Transport } from '../transports/transport.ts';
import { pauseAfter, type Backoff } from './backoff.ts';
import { cut } from './cut.ts';
import type { LeafSource } from './leaf-source.ts';
import { sinkDelivered, sinkFailures, sinkLag, sinkStalled } from './metrics.ts';

export interface WorkerOptions {
  readonly name: string;
  /** First words of event types that the sink wants; null: all. */
  readonly families: readonly string[] | null;
  readonly open: () => Promise<Transport>;
  readonly source: LeafSource;
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

/** Leaves of one page: the cursor moves page by page. */
const pageLeaves = 500;

/**
 * Gives one sink every leaf, in order, at least once. The cursor moves when the receiver has taken a whole page; until then the page is tried again, and
 * nothing behind it. A slow receiver holds up nobody else, and no more than a page waits here: the ledger holds the rest.
 */
export class Worker {
  readonly #of: WorkerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #transport: Transport | null = null;
  #next = 0;
  #size = 0;
  #waiting: Delivery[] = [];
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
  }

  async #run(): Promise<void> {
    const { name, cursors, log, pace } = this.#of;
    let opened = false;
    this.#told = performance.now();
    while (!this.#stopping.signal.aborted) {
      try {
        if (!opened) this.#next = (await cursors.open(name)).next;
        opened = true;
        const more = await this.#round();
        await this.#watermark();
        if (!more) await this.#pause(pace.idleMs);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (error instanceof DeliveryError) await this.#onFailure(error);
        else {
          log.warn('a sink waits for the ledger or the database', { sink: name, error });
          await this.#pause(Math.min(2000, pace.mostMs));
        }
      }
    }
    await this.#transport?.close().catch(() => undefined);
  }

  /** One page. @returns whether there may be more at once */
  async #round(): Promise<boolean> {
    const { name, families, source, cursors } = this.#of;
    const page = await source.read(this.#next, pageLeaves);
    this.#size = page.size;
    sinkLag.set({ sink: name }, Math.max(0, page.size - this.#next));
    if (page.leaves.length === 0) return false;
    this.#transport ??= await this.#of.open();
    const transport = this.#transport;
    const wanted = families === null ? page.leaves : page.leaves.filter((leaf) => isFor(leaf, families));
    this.#waiting = wanted.map((leaf) => ({ leaf: leaf.leaf, text: transport.render(leaf) }));
    await this.#empty(transport);
    const next = this.#next + page.leaves.length;
    await cursors.moved(name, next, { delivered: wanted.length, filtered: page.leaves.length - wanted.length }, new Date());
    this.#next = next;
    sinkDelivered.inc({ sink: name }, wanted.length);
    sinkLag.set({ sink: name }, Math.max(0, page.size - next));
    this.#recovered();
    return page.leaves.length === pageLeaves || page.size > next;
  }

  /** Until the page is taken: here, so that only what was not taken is sent again. */
  async #empty(transport: Transport): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#stopping.signal.aborted) throw new DeliveryError('unreachable', 'stopped');
      const count = cut(this.#waiting, transport.most);
      try {
        const again = await transport.send(this.#waiting.slice(0, count), this.#stopping.signal);
        this.#waiting.splice(0, count, ...again);
        if (again.length > 0) throw new DeliveryError('throttled', `${again.length} of ${count} records were not taken yet`);
      } catch (error) {
        if (!(error instanceof DeliveryError) || this.#stopping.signal.aborted) throw error;
        await this.#onFailure(error);
      }
    }
  }

  async #onFailure({ code, message, retryAfterMs }: DeliveryError): Promise<void> {
    const { name, cursors, log, pace } = this.#of;
    this.#failed++;
    const lag = Math.max(0, this.#size - this.#next);
    sinkFailures.inc({ sink: name, code });
    this.#show(code);
    log.warn('a sink did not take its records', { sink: name, next: this.#next, code, attempts: this.#failed, why: message });
    await cursors.failed(name, code, lag, pace.stallAfter, new Date()).catch((error: unknown) => log.warn('the state of a sink could not be noted', { sink: name, error }));
    await this.#pause(pauseAfter(this.#failed, pace, retryAfterMs, Math.random()));
  }

  #recovered(): void {
    this.#failed = 0;
    this.#show(null);
  }

  #show(code: DeliveryCode | null): void {
    const { name } = this.#of;
    for (const one of codes) sinkStalled.set({ sink: name, code: one }, one === code ? 1 : 0);
  }

  async #watermark(): Promise<void> {
    const { name, cursors, pace } = this.#of;
    if (performance.now() - this.#told < pace.watermarkMs) return;
    this.#told = performance.now();
    await cursors.watermark(name, Math.max(0, this.#size - this.#next));
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

const codes: readonly DeliveryCode[] = ['unreachable', 'timeout', 'throttled', 'unavailable', 'unauthenticated', 'refused', 'malformed-answer', 'secret', 'disk'];

/** What cannot be read is for everybody. */
function isFor(leaf: StoredEvent, families: readonly string[]): boolean {
  const { type, event } = readRecord(leaf);
  return event === null || families.includes(type.split('.', 1)[0] ?? '');
}
