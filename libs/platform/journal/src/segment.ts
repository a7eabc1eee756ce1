import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseHeader, readRecord, recordOverhead, Seeds, type SegmentHeader } from './record.ts';

/** A segment file, as known by whoever wrote or scanned it. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  /** Counter of the last message; `first - 1` while it has none. */
  last: number;
  /** Bytes that it takes on the disk. */
  bytes: number;
}

export const segmentName = (epoch: string, first: number) => `${epoch}.${String(first).padStart(16, '0')}.seg`;
export const isSegmentName = (name: string) => /^[0-9a-f-]{36}\.\d{16}\.seg$/.test(name);
export const segmentPath = (directory: string, epoch: string, first: number) => join(directory, segmentName(epoch, first));

export interface Scan {
  /** Null when there is none that fits the file's name. */
  readonly header: SegmentHeader | null;
  readonly messages: number;
  /** Nothing was written into the file since it got its name. */
  readonly fresh: boolean;
}

/** Reads a whole segment once, in pieces, and says what is in it. */
export async function scanSegment(path: string): Promise<Scan> {
  await using reader = await SegmentReader.open(path);
  let messages = 0;
  do {
    while (reader.take() !== null) messages++;
  } while (await reader.more());
  return { header: reader.header, messages, fresh: reader.fresh };
}

const chunk = 1024 * 1024;

/** Reads the messages of one segment in their order. */
export class SegmentReader implements AsyncDisposable {
  header: SegmentHeader | null = null;
  fresh = false;
  /** Counter of the message that `take` gives next. */
  next = 0;
  readonly #file: FileHandle;
  #position = 0;
  #read: Buffer = Buffer.alloc(0);
  #at = 0;
  #ended = false;
  #seeds: Seeds | null = null;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A segment without a header of its own has no messages. */
  static async open(path: string): Promise<SegmentReader> {
    const reader = new SegmentReader(await open(path, 'r'));
    await reader.more();
    reader.#readHeader(basename(path));
    return reader;
  }

  /** The next message that was read already, or null: ask `more`. Stays valid; nobody writes into it. */
  take(): Buffer | null {
    const payload = this.#record();
    if (payload !== null) this.next++;
    return payload;
  }

  /** Reads on. False when no message is left. */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    const rest = this.#read.subarray(this.#at);
    const buffer = Buffer.allocUnsafe(rest.length + chunk);
    rest.copy(buffer);
    const { bytesRead } = await this.#file.read(buffer, rest.length, chunk, this.#position);
    this.#position += bytesRead;
    this.#read = buffer.subarray(0, rest.length + bytesRead);
    this.#at = 0;
    this.#ended = bytesRead === 0;
    return bytesRead > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #readHeader(name: string): void {
    const read = readRecord(this.#read, 0, 0);
    const header = read.kind === 'whole' ? parseHeader(read.payload) : null;
    if (read.kind !== 'whole' || header === null || segmentName(header.epoch, header.first) !== name) {
      // Either never written into (zeros, or the header of the segment that the file was before), or damaged.
      this.fresh = header !== null || !this.#read.subarray(0, recordOverhead).some((byte) => byte !== 0);
      this.#ended = true;
      return;
    }
    this.header = header;
    this.next = header.first;
    this.#at = read.next;
    this.#seeds = new Seeds(header.epoch);
  }

  #record(): Buffer | null {
    if (this.#ended || this.#seeds === null) return null;
    const read = readRecord(this.#read, this.#at, this.#seeds.of(this.next));
    switch (read.kind) {
      case 'whole':
        this.#at = read.next;
        return read.payload;
      case 'short':
        return null;
      case 'end':
        this.#ended = true;
        return null;
    }
  }
}
