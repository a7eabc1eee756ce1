/**
 * Collects what of one chunk goes on: runs of frames that pass unchanged are kept as one slice, so that a chunk of which
 * nothing is changed leaves in one write without a copy. Slices are valid until the chunk is; `take` joins them.
 */
export class Passage {
  #parts: Buffer[] = [];
  #buffer: Buffer | null = null;
  #from = 0;
  #to = 0;

  /** Bytes [from, to) of `buffer` go on unchanged. */
  pass(buffer: Buffer, from: number, to: number): void {
    if (this.#buffer === buffer && this.#to === from) {
      this.#to = to;
      return;
    }
    this.#close();
    this.#buffer = buffer;
    this.#from = from;
    this.#to = to;
  }

  /** Bytes of our own go on at this place. */
  insert(bytes: Buffer): void {
    this.#close();
    this.#parts.push(bytes);
  }

  /** Everything collected so far, or null when there is nothing. */
  take(): Buffer | null {
    this.#close();
    const [first] = this.#parts;
    if (first === undefined) return null;
    const all = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    return all;
  }

  #close(): void {
    if (this.#buffer !== null) this.#parts.push(this.#buffer.subarray(this.#from, this.#to));
    this.#buffer = null;
  }
}
