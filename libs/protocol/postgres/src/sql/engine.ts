import create, { type PgQueryWasm } from 'libpg-query/wasm/libpg-query.js';

/** An engine starts with 128 MiB of (untouched) memory; one that a statement made grow beyond this is not kept. */
const maxHeap = 384 * 1024 * 1024;

/**
 * One wasm engine that can be lost. A statement that overflows its stack leaves it damaged (after a few of those every parse fails), so
 * an engine that trapped is thrown away and the spare takes its place at once, while another is made, which takes about 20 ms.
 */
export class Engine {
  #now: PgQueryWasm | null;
  #spare: PgQueryWasm | null;
  #making = false;

  private constructor(now: PgQueryWasm, spare: PgQueryWasm) {
    this.#now = now;
    this.#spare = spare;
  }

  static async make(): Promise<Engine> {
    return new Engine(await create(), await create());
  }

  /** The work's answer, `trap` when it overflowed, `none` when no engine is ready. Errors of the work itself pass. */
  run<T>(work: (wasm: PgQueryWasm) => T): T | 'trap' | 'none' {
    const wasm = this.#now;
    if (!wasm) return 'none';
    try {
      const answer = work(wasm);
      if (wasm.HEAPU8.length > maxHeap) this.#replace();
      return answer;
    } catch (error) {
      // RangeError: the stack of the process ended; RuntimeError: WebAssembly's own.
      if (!(error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError'))) throw error;
      this.#replace();
      return 'trap';
    }
  }

  #replace(): void {
    this.#now = this.#spare;
    this.#spare = null;
    this.#refill();
  }

  #refill(): void {
    if (this.#making) return;
    this.#making = true;
    void create().then((made) => this.#put(made), () => this.#put(null));
  }

  #put(made: PgQueryWasm | null): void {
    this.#making = false;
    if (!made) return; // no memory: the next statement asks again
    if (!this.#now) this.#now = made;
    else this.#spare = made;
    if (!this.#spare) this.#refill();
  }
}
