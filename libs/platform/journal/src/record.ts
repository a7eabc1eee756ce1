import { crc32 } from 'node:zlib';
import { maxMessageBytes } from '@sallyport/domain-events';

/**
 * A segment file is a run of records; what follows them means nothing (zeros, or records of the segment that the file was before):
 *
 *     u32   length of the payload (0: here the records end)
 *     u32   CRC-32 of the payload, begun with a seed that no other place of any segment has
 *     …     payload
 *
 * Big-endian. The first record is the segment's header (JSON, seed 0), the others are event messages with dense counters from `first`.
 */
export interface SegmentHeader {
  readonly v: 1;
  readonly producer: string;
  readonly epoch: string;
  /** Counter of the first message in this file. */
  readonly first: number;
}

export const recordOverhead = 8;

export function headerPayload(header: SegmentHeader): Uint8Array {
  return Buffer.from(JSON.stringify(header));
}

/** A record counts only at its own epoch and counter: a file can be used again without being wiped. */
export class Seeds {
  readonly #epoch: number;

  constructor(epoch: string) {
    this.#epoch = crc32(epoch);
  }

  of(pseq: number): number {
    return (this.#epoch ^ Math.imul(pseq, 0x9e37_79b1)) >>> 0;
  }
}

/** Writes a record into `out` and returns where the next one begins. The caller has made room. */
export function writeRecord(out: Buffer, at: number, payload: Uint8Array, seed: number): number {
  out.writeUInt32BE(payload.byteLength, at);
  out.writeUInt32BE(crc32(payload, seed), at + 4);
  out.set(payload, at + recordOverhead);
  return at + recordOverhead + payload.byteLength;
}

/** `whole`: a record. `short`: more bytes are needed to tell. `end`: no record. */
export type Read = { readonly kind: 'whole'; readonly payload: Buffer; readonly next: number } | { readonly kind: 'end' | 'short' };

export function readRecord(from: Buffer, at: number, seed: number): Read {
  if (at + recordOverhead > from.length) return short;
  const length = from.readUInt32BE(at);
  if (length === 0 || length > maxMessageBytes) return end;
  const next = at + recordOverhead + length;
  if (next > from.length) return short;
  const payload = from.subarray(at + recordOverhead, next);
  return crc32(payload, seed) === from.readUInt32BE(at + 4) ? { kind: 'whole', payload, next } : end;
}

const end: Read = { kind: 'end' };
const short: Read = { kind: 'short' };

/** Null for what is not a header. */
export function parseHeader(payload: Buffer): SegmentHeader | null {
  try {
    const value: Partial<SegmentHeader> | null = JSON.parse(payload.toString());
    if (value?.v !== 1 || typeof value.producer !== 'string' || typeof value.epoch !== 'string' || !Number.isSafeInteger(value.first)) return null;
    return { v: 1, producer: value.producer, epoch: value.epoch, first: Number(value.first) };
  } catch {
    return null;
  }
}
