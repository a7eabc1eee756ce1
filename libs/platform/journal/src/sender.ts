import type { JournalBus, Lot } from './journal-bus.ts';
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
 * Sends the messages of one epoch in their order, at most a window ahead of what the stream has acknowledged. Each message of the bus costs
 * every process on its way a wake-up, so what is there when `pump` is called travels as one lot. What is not acknowledged in time is sent
 * again, from memory or from disk; the ledger takes a message twice as once.
 */
export class Sender {
  /** All messages up to this counter were acknowledged. Only grows. */
  acked: number;
  /** The last counter there is. */
  tail: number;
  /** What the stream said when it refused; null when it takes messages. */
  refused: string | null = null;
  readonly #of: SenderOptions;
  /** Lots that were acknowledged before those in front of them. */
  #early: Lot[] = [];
  /** The newest messages, ending with `tail`. */
  #recent: Uint8Array[] = [];
  #recentFrom: number;
  #recentBytes = 0;
  #sent: number;
  #open = 0;
  #openBytes = 0;
  #progress = 0;
  #full = false;
  #halted = false;
  #loading = false;
  #reader: SegmentReader | null = null;
  /** Read from disk, and too large for the lot that was being made. */
  #over: { readonly pseq: number; readonly message: Uint8Array } | null = null;

  constructor(of: SenderOptions) {
    this.#of = of;
    this.acked = of.before;
    this.tail = of.before;
    this.#sent = of.before;
    this.#recentFrom = of.before + 1;
  }

  /** The next message; it goes with the next `pump`. */
  push(message: Uint8Array): void {
    this.tail++;
    this.#remember(message);
  }

  /** Sends what it can; what the window leaves behind goes as acknowledgements come. */
  pump(now: number): void {
    while (this.#sent < this.tail && this.#mayPass()) {
      const lot = this.#lot();
      if (lot.length === 0) return void this.#load();
      this.#pass(lot, now);
    }
    this.#full = this.#sent < this.tail;
  }

  onAck(lot: Lot, now: number): void {
    this.#open = Math.max(0, this.#open - 1);
    if (this.#open === 0) this.#openBytes = 0;
    this.refused = null;
    // Acknowledged before, and sent again because the ledger did not get it.
    if (lot.last <= this.acked) this.#progress = now;
    else if (lot.last <= this.tail) {
      if (lot.first > this.acked + 1) this.#early.push(lot);
      else {
        this.acked = lot.last;
        this.#reachEarly();
        this.#progress = now;
        this.#forget();
        this.#of.acked();
      }
    }
    if (this.#full) this.pump(now);
  }

  #reachEarly(): void {
    for (let next = this.#early.find(({ first }) => first <= this.acked + 1); next !== undefined; next = this.#early.find(({ first }) => first <= this.acked + 1)) {
      this.acked = Math.max(this.acked, next.last);
      const reached = next;
      this.#early = this.#early.filter((lot) => lot !== reached);
    }
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
    this.#early = [];
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

  #pass(lot: readonly Uint8Array[], now: number): void {
    const [only] = lot;
    const bytes = lot.length === 1 && only !== undefined ? only : Buffer.concat(lot);
    const first = this.#sent + 1;
    this.#sent += lot.length;
    if (this.#open === 0) this.#progress = now;
    this.#open++;
    this.#openBytes += bytes.byteLength;
    this.#of.bus.send({ lane: this.#of.lane, first, last: this.#sent }, bytes);
  }

  /** The next messages that are at hand, as many as fit. */
  #lot(): Uint8Array[] {
    const { lotEvents, lotBytes } = this.#of.limits;
    const lot: Uint8Array[] = [];
    let bytes = 0;
    for (let pseq = this.#sent + 1; pseq <= this.tail && lot.length < lotEvents && bytes < lotBytes; pseq++) {
      const message = this.#at(pseq);
      if (message === null) break;
      if (lot.length > 0 && bytes + message.byteLength > lotBytes) {
        this.#over = { pseq, message };
        break;
      }
      lot.push(message);
      bytes += message.byteLength;
    }
    return lot;
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

  #at(wanted: number): Uint8Array | null {
    const recent = this.#recent[wanted - this.#recentFrom];
    if (recent !== undefined) return recent;
    if (this.#over?.pseq === wanted) return this.#over.message;
    return this.#reader?.next === wanted && wanted <= this.#of.written() ? this.#reader.take() : null;
  }

  /** Brings the next message from disk within reach of `#at`, then goes on. */
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
