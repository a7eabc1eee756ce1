/** Scratch larger than this is given back after use. */
const keep = 1024 * 1024;

/** Grows while one cell is rewritten; the result is copied out once. One for the process. */
export class Out {
  #bytes = Buffer.alloc(4096);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Bytes [from, to) of `bytes`. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (size <= 0) return;
    if (this.#length + size > this.#bytes.length) this.#grow(size);
    if (size > 48) {
      this.#bytes.set(bytes.subarray(from, to), this.#length);
      this.#length += size;
      return;
    }
    let at = this.#length;
    for (let i = from; i < to; i++) this.#bytes[at++] = bytes[i] ?? 0;
    this.#length = at;
  }

  /** A copy of what was written, its own memory. */
  take(): Uint8Array {
    const result = Buffer.allocUnsafe(this.#length);
    if (this.#length > 48) result.set(this.#bytes.subarray(0, this.#length));
    else for (let i = 0; i < this.#length; i++) result[i] = this.#bytes[i] ?? 0;
    if (this.#bytes.length > keep) this.#bytes = Buffer.alloc(4096);
    return result;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
