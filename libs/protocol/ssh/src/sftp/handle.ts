import { createHash, type Hash } from 'node:crypto';
import type { Passed, Permit } from '@sallyport/protocol-spi';

/** Follows the bytes of one direction of a file: how many, from where to where, and their hash while they come in order. */
class Side {
  #hash: Hash | null = createHash('sha256');
  #next: number | null = null;
  #from = 0;
  #to = 0;
  bytes = 0;

  add(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#next === null) this.#from = this.#to = offset;
    else if (offset !== this.#next) this.#hash = null;
    this.#hash?.update(bytes);
    this.#next = offset + bytes.length;
    this.#from = Math.min(this.#from, offset);
    this.#to = Math.max(this.#to, this.#next);
    this.bytes += bytes.length;
  }

  /** The hash is the file's own only when it begins at 0; it is told in any case, with where it begins. */
  passed(direction: Passed['direction']): Passed {
    return { direction, bytes: this.bytes, sha256: this.#hash?.copy().digest('hex') ?? null, from: this.#from, to: this.#to };
  }
}

/** An open file or directory of the target, and the one command that it is. */
export class OpenHandle {
  readonly permit: Permit;
  readonly path: string;
  readonly began = performance.now();
  readonly read = new Side();
  readonly written = new Side();
  names = 0;

  constructor(permit: Permit, path: string) {
    this.permit = permit;
    this.path = path;
  }

  /** The handle is closed, or the channel is. */
  settle(status: 'ok' | 'failed' | 'cut' | 'lost', error: string | null): void {
    const passed = [...(this.read.bytes > 0 ? [this.read.passed('read')] : []), ...(this.written.bytes > 0 ? [this.written.passed('write')] : [])];
    this.permit.settle({ status, rows: this.names, bytes: this.read.bytes, micros: Math.round((performance.now() - this.began) * 1000), error, masked: [], passed });
  }
}
