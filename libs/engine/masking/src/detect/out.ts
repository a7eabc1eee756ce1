/** Results are cut from slabs of this size; a result that does not fit gets a slab of its own. */
const slabSize = 64 * 1024;

/**
 * Where one cell is rewritten. Results are views of a slab that is never written twice, so they stay good as long as they are kept. One
 * for the process.
 */
export class Out {
  #slab = Buffer.allocUnsafeSlow(slabSize);
  /** Where the cell being written begins. */
  #start = 0;
  #at = 0;

  /** Begins a cell of about this many bytes. */
  begin(size: number): void {
    this.#at = this.#start;
    if (this.#start + size > this.#slab.length) this.#move(size);
  }

  byte(value: number): void {
    if (this.#at === this.#slab.length) this.#move(64);
    this.#slab[this.#at++] = value;
  }

  /** Bytes [from, to) of `bytes`. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (size <= 0) return;
    if (this.#at + size > this.#slab.length) this.#move(size);
    const slab = this.#slab;
    const at = this.#at;
    this.#at = at + size;
    if (size > 64) slab.set(bytes.subarray(from, to), at);
    else for (let i = 0; i < size; i++) slab[at + i] = bytes[from + i] ?? 0;
  }

  take(): Uint8Array {
    const result = new Uint8Array(this.#slab.buffer, this.#start, this.#at - this.#start);
    this.#start = this.#at;
    if (this.#slab.length > slabSize) {
      this.#slab = Buffer.allocUnsafeSlow(slabSize);
      this.#start = 0;
    }
    return result;
  }

  /** A new slab with room for `size` more bytes, which what was written of the cell moves to. */
  #move(size: number): void {
    const written = this.#at - this.#start;
    const slab = Buffer.allocUnsafeSlow(Math.max(slabSize, written + (written >>> 1) + size));
    slab.set(this.#slab.subarray(this.#start, this.#at));
    this.#slab = slab;
    this.#start = 0;
    this.#at = written;
  }
}
