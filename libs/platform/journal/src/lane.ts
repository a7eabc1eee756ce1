import { unlink } from 'node:fs/promises';
import type { Log } from '@sallyport/platform-telemetry';
import type { JournalBus } from './journal-bus.ts';
import type { JournalLimits } from './limits.ts';
import type { Segment } from './segment.ts';
import { Sender } from './sender.ts';

export interface LaneOptions {
  readonly number: number;
  readonly epoch: string;
  readonly bus: JournalBus;
  readonly limits: JournalLimits;
  readonly log: Log;
  /** Counter before the first message. */
  readonly before: number;
  readonly segments: Segment[];
  written(): number;
  acked(): void;
  /** Takes a file over that is not needed any more; false when it should be removed. */
  reuse(segment: Segment): Promise<boolean>;
}

/** Sending again what the bus lost is tried at growing intervals, up to this many times the first. */
const maxBackoff = 16;

/** The messages of one epoch: their segments, their way to the bus, and how far the ledger has them. */
export class Lane {
  readonly epoch: string;
  readonly sender: Sender;
  /** Everything up to here is in the ledger, as it says. */
  committed: number;
  readonly #of: LaneOptions;
  #since = Number.POSITIVE_INFINITY;
  #backoff = 1;

  constructor(of: LaneOptions) {
    this.#of = of;
    this.epoch = of.epoch;
    this.committed = of.before;
    this.sender = new Sender({
      lane: of.number,
      bus: of.bus,
      limits: of.limits,
      before: of.before,
      segments: () => of.segments,
      written: of.written,
      acked: of.acked,
      failed: (error) => of.log.error('the journal cannot be read', { epoch: of.epoch, error }),
    });
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#of.segments) bytes += segment.bytes;
    return bytes;
  }

  /**
   * The ledger tells its watermark again and again while it works. When it stands still below what the bus has acknowledged, the bus has
   * lost messages (it acknowledges before it syncs): they are sent again.
   */
  onCommitted(pseq: number, now: number): void {
    if (pseq > this.sender.tail) return this.#of.log.error('the ledger has events of this epoch that the journal never wrote', { epoch: this.epoch, ledger: pseq, journal: this.sender.tail });
    if (pseq > this.committed) {
      this.committed = pseq;
      this.#backoff = 1;
      this.#since = now;
    }
    if (this.committed >= this.sender.acked) this.#since = Number.POSITIVE_INFINITY;
    else if (this.#since === Number.POSITIVE_INFINITY) this.#since = now;
    else if (now - this.#since > this.#of.limits.stallMs * this.#backoff) this.#lost(now);
  }

  /**
   * Removes segments that the ledger has and the bus has acknowledged (the ledger's watermark may pass over a hole that it has given up;
   * what this journal holds of it must have been sent). The segment being written stays unless `which` is `all`. @returns whether none is left
   */
  async trim(which: 'closed' | 'all'): Promise<boolean> {
    const covered = Math.min(this.committed, this.sender.acked);
    const { segments } = this.#of;
    const keep = which === 'all' ? 0 : 1;
    while (segments.length > keep) {
      const [oldest] = segments;
      if (oldest === undefined || oldest.last > covered) break;
      segments.shift();
      await this.#remove(oldest).catch((error: unknown) => this.#of.log.warn('a journal file that is not needed any more cannot be removed', { file: oldest.path, error }));
    }
    return segments.length === 0;
  }

  async #remove(segment: Segment): Promise<void> {
    if (!(await this.#of.reuse(segment))) await unlink(segment.path);
  }

  #lost(now: number): void {
    this.#of.log.warn('the ledger does not get what the bus has acknowledged; it is sent again', { epoch: this.epoch, from: this.committed + 1, to: this.sender.acked });
    this.#since = now;
    this.#backoff = Math.min(this.#backoff * 2, maxBackoff);
    this.sender.again(now, this.committed);
  }
}
