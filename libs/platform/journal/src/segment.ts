import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { parseHeader, readRecord, recordOverhead, type SegmentHeader } from './record.ts';

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

/** How a segment's records end: `clean`, or torn after `good` bytes. */
export interface Scan {
  readonly header: SegmentHeader | null;
  readonly messages: number;
  readonly torn: boolean;
  /** Made, and never written into. */
  readonly blank: boolean;
}

/** Reads a whole segment once, in pieces, and says what is in it. */
export async function scanSegment(path: string): Promise<Scan> {
  await using reader = await SegmentReader.open(path);
  let messages = 0;
  do {
    while (reader.take() !== null) messages++;
  } while (await reader.more());
  return { header: reader.header, messages, torn: reader.torn, blank: reader.blank };
}

const chunk = 1024 * 1024;

/** Reads the messages of one segment in their order. */
export class SegmentReader implements AsyncDisposable {
  header: SegmentHeader | null = null;
  /** True when the records ended with something other than zeros or the end of the file. */
  torn = false;
  /** True when there is nothing but zeros at the beginning. */
  blank = false;
  /** Counter of the message that `take` gives next. */
  next = 0;
  readonly #file: FileHandle;
  #position = 0;
  #read: Buffer = Buffer.alloc(0);
  #at = 0;
  #ended = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A segment whose header cannot be read has no messages and is torn. */
  static async open(path: string): Promise<SegmentReader> {
    const reader = new SegmentReader(await open(path, 'r'));
    await reader.more();
    reader.blank = !reader.#read.subarray(0, recordOverhead).some((byte) => byte !== 0);
    const payload = reader.#record();
    reader.header = payload === null ? null : parseHeader(payload);
    reader.next = reader.header?.first ?? 0;
    if (reader.header === null) reader.torn = reader.#ended = true;
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
    if (bytesRead > 0) return true;
    this.torn = rest.some((byte) => byte !== 0);
    this.#ended = true;
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #record(): Buffer | null {
    if (this.#ended) return null;
    const read = readRecord(this.#read, this.#at);
    switch (read.kind) {
      case 'whole':
        this.#at = read.next;
        return read.payload;
      case 'short':
        return null;
      case 'end':
      case 'torn':
        this.torn = read.kind === 'torn';
        this.#ended = true;
        return null;
    }
  }
}
