import type { Log } from '@sallyport/platform-telemetry';
import type { JournalLimits } from './limits.ts';
import { NextFile } from './next-file.ts';
import { headerPayload, recordOverhead, Seeds, writeRecord, type SegmentHeader } from './record.ts';
import { remove, SegmentFile } from './segment-file.ts';
import { segmentPath, type Segment } from './segment.ts';

export interface GroupCommitOptions {
  readonly directory: string;
  readonly producer: string;
  readonly epoch: string;
  readonly limits: JournalLimits;
  readonly log: Log;
  /** A write begins, with everything that was pushed. */
  begins(): void;
  /** `local` has grown. */
  durable(): void;
  /** A write failed: nothing after `local` is durable. Called once for each failure. */
  failed(why: string): void;
  /** Writing works again; `durable` follows. */
  works(): void;
}

/** Bytes of one write; more than this waits for the next. */
const batchBytes = 4 * 1024 ** 2;
/** A write waits this long, in milliseconds, for as many messages as the one before had. */
const gatherMs = 1;
/** Idle for longer than this, in milliseconds, a write expects nothing. */
const idleMs = 5;

/**
 * Writes messages into segment files: one durable write for everything that came while the one before was running. Sessions that wait
 * for the same write tend to come back at the same time, so a write waits a moment for as many messages as the one before had: fewer, larger
 * writes cost each session less than its share of more of them. One session alone never waits. After a failed write the same messages are tried again in a new file, for ever: they may be on the bus already, and their chain goes on from them.
 */
export class GroupCommit {
  /** All messages up to this counter are durable. */
  local = 0;
  /** Segments of this epoch, oldest first; the last is being written. */
  readonly segments: Segment[] = [];
  /** Bytes that wait to be written. */
  waiting = 0;
  readonly #of: GroupCommitOptions;
  #queue: Uint8Array[] = [];
  #file: SegmentFile | null = null;
  #at = 0;
  readonly #next: NextFile;
  readonly #seeds: Seeds;
  #staging = Buffer.allocUnsafe(64 * 1024);
  #running = false;
  #scheduled = false;
  #expected = 1;
  #ended = 0;
  #gathered: (() => void) | null = null;
  #retry: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];

  constructor(of: GroupCommitOptions) {
    this.#of = of;
    this.#seeds = new Seeds(of.epoch);
    this.#next = new NextFile(of.directory, of.limits.segmentBytes);
    this.#next.make();
  }

  /** When the first segment's file is made, or has taken `mostMs`. */
  async ready(mostMs: number): Promise<void> {
    await Promise.race([this.#next.settled(), new Promise<void>((done) => setTimeout(done, mostMs).unref())]);
  }

  push(message: Uint8Array): void {
    this.#queue.push(message);
    this.waiting += message.byteLength + recordOverhead;
    if (this.#gathered !== null && this.#queue.length >= this.#expected) this.#gathered();
    this.#soon();
  }

  /** Takes a file that is not needed any more, to be written into again instead of a new one. False: it is of no use. */
  async reuse(segment: Segment): Promise<boolean> {
    return segment.bytes === this.#of.limits.segmentBytes && (await this.#next.reuse(segment.path));
  }

  /** Resolves when everything that was pushed is durable, or at once while writing fails. */
  async settled(): Promise<void> {
    if ((this.#running || this.#queue.length > 0) && this.#retry === null) await new Promise<void>((done) => this.#idle.push(done));
  }

  async close(): Promise<void> {
    await this.settled();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#queue = [];
    await this.#closeFile();
    await this.#next.drop();
  }

  /** After the events of this turn of the loop, so that all of them share a write. */
  #soon(): void {
    if (this.#running || this.#scheduled || this.#retry !== null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running || this.#retry !== null) return;
    this.#running = true;
    try {
      if (performance.now() - this.#ended > idleMs) this.#expected = 1;
      while (this.#queue.length > 0) {
        if (this.#queue.length < this.#expected) await this.#gather();
        await this.#commit();
        this.#ended = performance.now();
      }
    } catch (error) {
      await this.#fail(error);
    }
    this.#running = false;
    for (const done of this.#idle.splice(0)) done();
  }

  #gather(): Promise<void> {
    return new Promise((done) => {
      const go = () => {
        clearTimeout(late);
        this.#gathered = null;
        done();
      };
      const late = setTimeout(go, gatherMs);
      this.#gathered = go;
    });
  }

  async #commit(): Promise<void> {
    const { count, bytes } = this.#batch();
    this.#expected = count;
    this.#of.begins();
    const file = await this.#fileFor(bytes);
    const end = this.#stage(count);
    await file.write(this.#staging.subarray(0, end), this.#at);
    this.#at += end;
    this.local += count;
    this.waiting -= bytes;
    this.#queue.splice(0, count);
    const segment = this.segments.at(-1);
    if (segment !== undefined) {
      segment.last = this.local;
      segment.bytes = Math.max(segment.bytes, this.#at);
    }
    this.#of.durable();
  }

  #batch(): { count: number; bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const message of this.#queue) {
      if (count > 0 && bytes + message.byteLength > batchBytes) break;
      bytes += message.byteLength + recordOverhead;
      count++;
    }
    return { count, bytes };
  }

  /** Copies the next `count` messages as records; with the header before them in a new file. */
  #stage(count: number): number {
    const header = this.#at === 0 ? headerPayload(this.#header()) : null;
    let need = header === null ? 0 : header.byteLength + recordOverhead;
    for (let i = 0; i < count; i++) need += (this.#queue[i]?.byteLength ?? 0) + recordOverhead;
    if (need > this.#staging.length) this.#staging = Buffer.allocUnsafe(need * 2);
    let at = header === null ? 0 : writeRecord(this.#staging, 0, header, 0);
    for (let i = 0; i < count; i++) at = writeRecord(this.#staging, at, this.#queue[i] ?? none, this.#seeds.of(this.local + 1 + i));
    return at;
  }

  #header(): SegmentHeader {
    return { v: 1, producer: this.#of.producer, epoch: this.#of.epoch, first: this.local + 1 };
  }

  async #fileFor(bytes: number): Promise<SegmentFile> {
    if (this.#file !== null && this.#at > 0 && this.#at + bytes <= this.#of.limits.segmentBytes) return this.#file;
    await this.#closeFile();
    const { directory, epoch } = this.#of;
    const path = segmentPath(directory, epoch, this.local + 1);
    const prepared = this.#next.take();
    this.#at = 0;
    this.#file = await SegmentFile.open(path, prepared, directory);
    const old = this.segments.at(-1);
    if (old?.path === path) this.segments.pop();
    this.segments.push({ path, first: this.local + 1, last: this.local, bytes: prepared === null ? 0 : this.#of.limits.segmentBytes });
    this.#next.make();
    return this.#file;
  }

  async #fail(error: unknown): Promise<void> {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
    this.#of.log.error('the journal cannot be written', { directory: this.#of.directory, code });
    await this.#closeFile();
    this.#of.failed(code);
    this.#retry = setTimeout(() => void this.#again(), this.#of.limits.probeMs);
  }

  async #again(): Promise<void> {
    this.#retry = null;
    this.#running = true;
    try {
      await this.#commit();
      this.#of.log.info('the journal can be written again', { directory: this.#of.directory });
      this.#of.works();
    } catch {
      await this.#dropEmpty();
      this.#retry = setTimeout(() => void this.#again(), this.#of.limits.probeMs);
    }
    this.#running = false;
    this.#soon();
  }

  /** A file in which nothing could be written only takes room on a full disk. */
  async #dropEmpty(): Promise<void> {
    await this.#closeFile();
    const segment = this.segments.at(-1);
    if (segment === undefined || segment.last >= segment.first) return;
    this.segments.pop();
    await remove(segment.path).catch(() => undefined);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#at = 0;
    await file?.close().catch(() => undefined);
  }
}

const none = new Uint8Array(0);
