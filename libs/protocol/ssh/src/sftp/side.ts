import { createHash, type Hash } from 'node:crypto';
import type { Passed } from '@sallyport/protocol-spi';

/** Follows the bytes of one direction of a file: how many, from where to where, and their hash while they come in order. */
export class Side {
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

  /** The next bytes of a stream, which has no offsets. */
  follow(bytes: Uint8Array): void {
    this.add(this.#next ?? 0, bytes);
  }

  /** The hash is the file's own only when it begins at 0; it is told in any case, with where it begins. */
  passed(direction: Passed['direction']): Passed {
    return { direction, bytes: this.bytes, sha256: this.#hash?.copy().digest('hex') ?? null, from: this.#from, to: this.#to };
  }
}
