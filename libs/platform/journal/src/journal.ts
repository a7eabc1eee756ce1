import { EvidenceUnavailableError, type EvidenceLog, type Position, type SealedBlob } from '@sallyport/domain-model';
import { encodeMessage } from '@sallyport/domain-events';
import type { Log } from '@sallyport/platform-telemetry';
import { GroupCommit } from './group-commit.ts';
import type { BusListener, JournalBus } from './journal-bus.ts';
import { Lane } from './lane.ts';
import type { Leftover } from './leftovers.ts';
import type { JournalLimits } from './limits.ts';
import { Waiters } from './waiters.ts';

export interface JournalParts {
  readonly directory: string;
  readonly producer: { readonly id: string; readonly epoch: string };
  readonly bus: JournalBus;
  readonly limits: JournalLimits;
  readonly log: Log;
  readonly leftovers: readonly Leftover[];
  /** Lets go of the directory. */
  unlock(): void;
}

export interface JournalState {
  readonly tail: Position;
  readonly local: Position;
  readonly acked: Position;
  /** Everything of this epoch up to here is in the ledger. */
  readonly committed: Position;
  readonly bytes: number;
  /** Earlier epochs that the ledger has not confirmed yet. */
  readonly leftovers: number;
}

const tickMs = 100;
const readyMs = 3000;

/**
 * The evidence of one producer on its way: a file that is synced, and the bus, at the same time: the events of one write
 * are one message of the bus; segments are removed when the ledger says that it has committed them, not when the bus acknowledged them. Every event that
 * was once taken is tried until then, across restarts.
 */
export class Journal implements EvidenceLog {
  readonly producer: { readonly id: string; readonly epoch: string };
  readonly #of: JournalParts;
  readonly #commit: GroupCommit;
  /** Lane 0 is this epoch, the others are what earlier ones left. */
  readonly #lanes = new Map<number, Lane>();
  readonly #own: Lane;
  readonly #locals: Waiters;
  readonly #ackeds: Waiters;
  readonly #timer: NodeJS.Timeout;
  #fault: string | null = null;
  #closed = false;
  #bytes = 0;

  constructor(of: JournalParts) {
    this.#of = of;
    this.producer = of.producer;
    this.#locals = new Waiters(of.log);
    this.#ackeds = new Waiters(of.log);
    this.#commit = new GroupCommit({
      directory: of.directory,
      producer: of.producer.id,
      epoch: of.producer.epoch,
      limits: of.limits,
      log: of.log,
      begins: () => this.#own.sender.pump(performance.now()),
      durable: () => this.#durable(),
      failed: (code) => this.#failed(code),
      works: () => (this.#fault = null),
    });
    this.#own = this.#lane(0, of.producer.epoch, { before: 0, segments: this.#commit.segments, written: () => this.#commit.local, reuse: (segment) => this.#commit.reuse(segment) });
    for (const [i, left] of of.leftovers.entries()) this.#leftover(i + 1, left);
    of.bus.listen(this.#listener());
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
    this.#count();
    for (const lane of this.#lanes.values()) lane.sender.pump(performance.now());
  }

  get local(): Position {
    return this.#commit.local;
  }

  get acked(): Position {
    return Math.min(this.#commit.local, this.#own.sender.acked);
  }

  get refusing(): string | null {
    const { maxBytes } = this.#of.limits;
    return this.#broken ?? (this.#own.sender.refused !== null ? `the bus takes no evidence: ${this.#own.sender.refused}` : this.#full(maxBytes));
  }

  get #broken(): string | null {
    return this.#closed ? 'the journal is closed' : this.#fault;
  }

  #full(bound: number): string | null {
    return this.#bytes + this.#commit.waiting >= bound ? `the evidence journal is full: ${this.#bytes} bytes are not in the ledger yet` : null;
  }

  get state(): JournalState {
    return { tail: this.#own.sender.tail, local: this.local, acked: this.acked, committed: this.#own.committed, bytes: this.#bytes, leftovers: this.#lanes.size - 1 };
  }

  /** Resolves when writing is as fast as it will be, or after a while; events are taken before that, too. */
  ready(): Promise<void> {
    return this.#commit.ready(readyMs);
  }

  next(): Position {
    return this.#own.sender.tail + 1;
  }

  append(event: Uint8Array, blobs: readonly SealedBlob[]): Position {
    const { maxBytes, segmentBytes } = this.#of.limits;
    const refused = this.#broken ?? this.#full(maxBytes + segmentBytes);
    if (refused !== null) throw new EvidenceUnavailableError(refused);
    const message = encode(event, blobs);
    if (message.byteLength > this.#of.bus.maxMessageBytes) throw new EvidenceUnavailableError(`an event of ${message.byteLength} bytes is over what the bus takes`);
    this.#commit.push(message);
    this.#own.sender.push(message);
    return this.#own.sender.tail;
  }

  whenDurable(position: Position, how: 'local' | 'acked', done: (error: Error | null) => void): void {
    if (position <= (how === 'local' ? this.local : this.acked)) return done(null);
    if (this.#fault !== null || this.#closed) return done(new EvidenceUnavailableError(this.#fault ?? 'the journal is closed'));
    (how === 'local' ? this.#locals : this.#ackeds).add(position, performance.now() + this.#of.limits.waitMs, done);
  }

  /** Makes durable what was appended, then lets go of everything. What the ledger has not confirmed stays for the next start. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#commit.settled();
    this.#closed = true;
    clearInterval(this.#timer);
    for (const lane of this.#lanes.values()) {
      await lane.trim('all');
      await lane.sender.close();
    }
    await this.#commit.close();
    const gone = new EvidenceUnavailableError('the journal is closed');
    this.#locals.fail(gone);
    this.#ackeds.fail(gone);
    this.#of.bus.close();
    this.#of.unlock();
  }

  #lane(number: number, epoch: string, of: Pick<ConstructorParameters<typeof Lane>[0], 'before' | 'segments' | 'written' | 'reuse'>): Lane {
    const { bus, limits, log } = this.#of;
    const lane = new Lane({ number, epoch, bus, limits, log, ...of, acked: () => this.#acknowledged(lane) });
    this.#lanes.set(number, lane);
    return lane;
  }

  #leftover(number: number, left: Leftover): void {
    this.#of.log.info('events of an earlier start are sent to the ledger', { epoch: left.epoch, first: left.first, last: left.last });
    const lane = this.#lane(number, left.epoch, { before: left.first - 1, segments: [...left.segments], written: () => left.last, reuse: () => Promise.resolve(false) });
    lane.sender.tail = left.last;
  }

  #listener(): BusListener {
    const lane = (number: number) => this.#lanes.get(number)?.sender;
    return {
      acknowledged: (lot) => lane(lot.lane)?.onAck(lot, performance.now()),
      refused: (lot, why) => {
        if (this.#own.sender.refused === null) this.#of.log.error('the bus refuses evidence', { why });
        lane(lot.lane)?.onRefused(why);
      },
      nobodyThere: (lot) => lane(lot.lane)?.onNobodyThere(),
      committed: (epoch, pseq) => this.#committed(epoch, pseq),
      back: () => {
        for (const { sender } of this.#lanes.values()) sender.again(performance.now());
      },
    };
  }

  #durable(): void {
    this.#count();
    this.#locals.covered(this.#commit.local);
    this.#ackeds.covered(this.acked);
  }

  #acknowledged(lane: Lane): void {
    if (lane === this.#own) this.#ackeds.covered(this.acked);
  }

  #failed(code: string): void {
    this.#fault = `the evidence journal cannot be written: ${code}`;
    const error = new EvidenceUnavailableError(this.#fault);
    this.#locals.fail(error);
    this.#ackeds.fail(error);
  }

  #committed(epoch: string, pseq: number): void {
    for (const [number, lane] of this.#lanes) {
      if (lane.epoch !== epoch) continue;
      lane.onCommitted(pseq, performance.now());
      void lane.trim(number === 0 ? 'closed' : 'all').then((empty) => {
        if (empty && number !== 0) this.#done(number, lane);
        this.#count();
      });
    }
  }

  #done(number: number, lane: Lane): void {
    if (!this.#lanes.delete(number)) return;
    this.#of.log.info('the ledger has the events of an earlier start', { epoch: lane.epoch });
    void lane.sender.close();
  }

  #count(): void {
    let bytes = 0;
    for (const lane of this.#lanes.values()) bytes += lane.bytes;
    this.#bytes = bytes;
  }

  #tick(): void {
    const now = performance.now();
    for (const { sender } of this.#lanes.values()) sender.tick(now);
    this.#locals.expire(now, () => new EvidenceUnavailableError('the event did not become durable in time'));
    this.#ackeds.expire(now, () => new EvidenceUnavailableError('the bus did not acknowledge the event in time'));
  }
}

function encode(event: Uint8Array, blobs: readonly SealedBlob[]): Uint8Array {
  try {
    return encodeMessage({ event, blobs: blobs.map(({ bytes }) => bytes) });
  } catch (cause) {
    throw new EvidenceUnavailableError('the event is over its size limit', { cause });
  }
}
