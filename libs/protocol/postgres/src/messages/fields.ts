import { isUtf8 } from 'node:buffer';
import { MalformedMessageError } from './malformed.ts';

/**
 * Reads the fields of one message body, `bytes[start, end)`, in order. Every step checks that the field lies inside the body
 * (docs "Message Data Types": Int16, Int32, String) and throws {@link MalformedMessageError} when it does not.
 */
export class Fields {
  readonly bytes: Buffer;
  readonly end: number;
  /** Where the next field begins. */
  at: number;
  readonly #message: string;

  /** @param message its name, for the error text */
  constructor(message: string, bytes: Buffer, start: number, end: number) {
    this.#message = message;
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  uint8(what: string): number {
    this.#need(1, what);
    return this.bytes[this.at++] ?? 0;
  }

  uint16(what: string): number {
    this.#need(2, what);
    const value = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int16(what: string): number {
    return (this.uint16(what) << 16) >> 16;
  }

  int32(what: string): number {
    this.#need(4, what);
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  uint32(what: string): number {
    return this.int32(what) >>> 0;
  }

  /** A NUL-terminated string that must be UTF-8 (the only client encoding there is). */
  text(what: string): string {
    const from = this.at;
    return this.utf8(from, this.skipText(what), what);
  }

  /** Passes over a string without decoding it; gives the position of its NUL. */
  skipText(what: string): number {
    const nul = this.bytes.indexOf(0, this.at);
    if (nul === -1 || nul >= this.end) throw this.wrong(`${what} has no end`);
    this.at = nul + 1;
    return nul;
  }

  utf8(from: number, to: number, what: string): string {
    const value = this.bytes.toString('utf8', from, to);
    // The replacement character stands for bad bytes, unless it was sent itself: only then the bytes are looked at again.
    if (value.includes('\ufffd') && !isUtf8(this.bytes.subarray(from, to))) throw this.wrong(`${what} is not UTF-8`);
    return value;
  }

  /** Passes over `count` bytes; gives where they began. */
  skip(count: number, what: string): number {
    this.#need(count, what);
    this.at += count;
    return this.at - count;
  }

  /** The body must be used up. */
  done(): void {
    if (this.at !== this.end) throw this.wrong(`${this.left} bytes too many`);
  }

  wrong(what: string): MalformedMessageError {
    return new MalformedMessageError(`${this.#message}: ${what}`);
  }

  #need(count: number, what: string): void {
    if (count < 0 || this.end - this.at < count) throw this.wrong(`${what} lies outside of the message`);
  }
}
