import type { JournalBus } from './journal-bus.ts';
import type { JournalLimits } from './limits.ts';
import { SegmentReader, type Segment } from './segment.ts';

export interface SenderOptions {
  readonly lane: number;
  readonly bus: JournalBus;
  readonly limits: JournalLimits;
  /** Counter before the first message of this lane. */
  readonly before: number;
  /** Segments to read from what is not in memory any more. */
  segments(): readonly Segment[];
  /** Up to here the segments are whole. */
  written(): number;
  /** `acked` has grown. */
  acked(): void;
  /** Reading failed: the lane cannot go on for now. */
  failed(error: unknown): void;
}

/**
 * Sends the messages of one epoch in their order, at most a window ahead of what the stream has acknowledged. What is not acknowledged in
 * time is sent again, from memory or from disk; the ledger takes a message twice as once.
 */
export class Sender {
  /** All messages up to this counter were acknowledged. Only grows. */
  acked: number;
  /** The last counter there is. */
  tail: number;
  /** What the stream said when it refused; null when it takes messages. */
  refused: string | null = null;
  readonly #of: SenderOptions;
  readonly #early = new Set<number>();
  /** The newest messages, ending with `tail`. */
  #recent: Uint8Array[] = [];
  #recentFrom: number;
  #recentBytes = 0;
  #sent: number;
  #open = 0;
  #openBytes = 0;
  #progress = 0;
  #halted = false;
  #loading = false;
  #reader: SegmentReader | null = null;

  constructor(of: SenderOptions) {
    this.#of = of;
    this.acked = of.before;
    this.tail = of.before;
    this.#sent = of.before;
    this.#recentFrom = of.before + 1;
  }

  /** The next message: sent at once when nothing is in its way. */
  push(message: Uint8Array, now: number): void {
    this.tail++;
    this.#remember(message);
    if (this.#sent === this.tail - 1 && this.#mayPass()) this.#pass(message, now);
  }

  /** Sends what it can. */
  pump(now: number): void {
    while (this.#sent < this.tail && this.#mayPass()) {
      const message = this.#next();
      if (message === null) return void this.#load();
      this.#pass(message, now);
    }
  }

  onAck(pseq: number, now: number): void {
    this.#open = Math.max(0, this.#open - 1);
    if (this.#open === 0) this.#openBytes = 0;
    this.refused = null;
    // Acknowledged before, and sent again because the ledger did not get it.
    if (pseq <= this.acked) this.#progress = now;
    else if (pseq <= this.tail) {
      if (pseq !== this.acked + 1) this.#early.add(pseq);
      else {
        this.acked++;
        while (this.#early.size > 0 && this.#early.delete(this.acked + 1)) this.acked++;
        this.#progress = now;
        this.#forget();
        this.#of.acked();
      }
    }
    if (this.#sent < this.tail && this.#open < this.#of.limits.window / 2) this.pump(now);
  }

  /** The stream takes nothing: stop, and try again with the first unacknowledged one when its time comes. */
  onRefused(why: string): void {
    this.refused = why;
    this.#halted = true;
  }

  onNobodyThere(): void {
    this.#halted = true;
  }

  /** Called a few times a second. */
  tick(now: number): void {
    if (this.acked < this.tail && now - this.#progress > this.#of.limits.resendMs) this.again(now);
    else this.pump(now);
  }

  /** Sends everything after `from` again; by default everything unacknowledged. */
  again(now: number, from: number = this.acked): void {
    this.#sent = Math.max(from, this.#of.before);
    this.#open = 0;
    this.#openBytes = 0;
    this.#halted = false;
    this.#progress = now;
    this.pump(now);
  }

  async close(): Promise<void> {
    this.#halted = true;
    this.tail = this.#sent;
    await this.#closeReader();
  }

  #mayPass(): boolean {
    const { bus, limits } = this.#of;
    return !this.#halted && this.#open < limits.window && this.#openBytes < limits.windowBytes && bus.connected;
  }

  #pass(message: Uint8Array, now: number): void {
    const pseq = ++this.#sent;
    if (this.#early.has(pseq)) return;
    if (this.#open === 0) this.#progress = now;
    this.#open++;
    this.#openBytes += message.byteLength;
    this.#of.bus.send(this.#of.lane, pseq, message);
  }

  #remember(message: Uint8Array): void {
    this.#recent.push(message);
    this.#recentBytes += message.byteLength;
    while (this.#recentBytes > this.#of.limits.memoryBytes) this.#dropOldest(Math.ceil(this.#recent.length / 4));
  }

  /** Acknowledged messages go out of memory in lots: moving the rest for each would cost more than the memory. */
  #forget(): void {
    const covered = this.acked + 1 - this.#recentFrom;
    if (covered >= 1024 || covered === this.#recent.length) this.#dropOldest(covered);
  }

  #dropOldest(count: number): void {
    for (const message of this.#recent.splice(0, count)) this.#recentBytes -= message.byteLength;
    this.#recentFrom += count;
  }

  #next(): Uint8Array | null {
    const wanted = this.#sent + 1;
    const recent = this.#recent[wanted - this.#recentFrom];
    if (recent !== undefined) return recent;
    return this.#reader?.next === wanted && wanted <= this.#of.written() ? this.#reader.take() : null;
  }

  /** Brings the next message from disk within reach of `#next`, then goes on. */
  async #load(): Promise<void> {
    const wanted = this.#sent + 1;
    // What is neither in memory nor written comes with a later commit.
    if (this.#loading || wanted > this.#of.written()) return;
    this.#loading = true;
    try {
      if (this.#reader?.next !== wanted || !(await this.#reader.more())) await this.#seek(wanted);
    } catch (error) {
      this.#halted = true;
      await this.#closeReader();
      this.#of.failed(error);
    }
    this.#loading = false;
    this.pump(performance.now());
  }

  async #seek(wanted: number): Promise<void> {
    await this.#closeReader();
    const segment = this.#of.segments().find(({ first, last }) => first <= wanted && wanted <= last);
    if (segment === undefined) throw new Error(`no segment holds message ${wanted}`);
    const reader = await SegmentReader.open(segment.path);
    this.#reader = reader;
    while (reader.next < wanted) {
      if (reader.take() === null && !(await reader.more())) throw new Error(`message ${wanted} is not where it was written`);
    }
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    await reader?.[Symbol.asyncDispose]();
  }
}
