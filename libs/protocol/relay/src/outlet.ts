import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * What became of written bytes. `free`: the caller may reuse the memory. `kept`: the socket still refers to it, so it must not be
 * changed (an inlet whose chunk it was gives its buffer away: `Inlet.giveAway`).
 */
export type Written = 'free' | 'kept';

/** Up to here a copy is cheaper than a new read buffer. */
const copyLimit = 16 * 1024;

/**
 * The writing end of a connection. Never refuses bytes: who writes looks at `writable` and stops reading its source until
 * `onDrain`. So what is buffered is at most `highWater` plus what one step of the caller writes.
 */
export class Outlet {
  readonly #socket: Socket;
  readonly #highWater: number;
  readonly #encrypted: boolean;
  #drained: (() => void) | null = null;

  /**
   * @param socket the live socket (after an `Inlet` took it over: `inlet.socket`)
   * @param highWater buffered bytes from which the outlet is not writable; at least the socket's own mark, default 256 KiB
   */
  constructor(socket: Socket, options: { readonly highWater?: number } = {}) {
    this.#socket = socket;
    this.#encrypted = socket instanceof TLSSocket;
    this.#highWater = Math.max(options.highWater ?? 256 * 1024, socket.writableHighWaterMark);
    // Node emits 'drain' when its buffer is empty again after it was over its own mark, which ours is never under.
    socket.on('drain', () => this.#onSocketDrain());
  }

  /** Bytes that the kernel has not taken yet. */
  get buffered(): number {
    return this.#socket.writableLength;
  }

  get writable(): boolean {
    return this.#socket.writableLength < this.#highWater;
  }

  /**
   * Sends bytes; to a socket that was closed it does nothing.
   * @param memory `owned`: nobody will change these bytes. `borrowed`: a slice of a buffer that will be reused, such as an inlet's chunk.
   */
  write(bytes: Buffer, memory: 'owned' | 'borrowed'): Written {
    if (bytes.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return 'free';
    if (memory === 'borrowed' && bytes.length <= copyLimit && (this.#encrypted || this.#socket.writableLength > 0)) {
      this.#socket.write(Buffer.from(bytes));
      return 'free';
    }
    this.#socket.write(bytes);
    return memory === 'borrowed' && this.#socket.writableLength > 0 ? 'kept' : 'free';
  }

  /** Runs `resume` once when the outlet can be written to again: at once if it can be now. The last one asked for counts. */
  onDrain(resume: () => void): void {
    if (this.writable) resume();
    else this.#drained = resume;
  }

  #onSocketDrain(): void {
    const resume = this.#drained;
    this.#drained = null;
    resume?.();
  }
}
