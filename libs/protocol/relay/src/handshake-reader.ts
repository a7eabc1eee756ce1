import type { Socket } from 'node:net';
import { ConnectionClosedError } from './errors.ts';

/**
 * Reads a connection step by step while a greeting or a login goes on, before frames flow. Takes from the socket only when asked,
 * so a peer that talks too much is held by the socket's own mark (64 KiB), not by our memory.
 */
export class HandshakeReader {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #over: ConnectionClosedError | null = null;
  #wake: (() => void) | null = null;
  readonly #onReadable = () => this.#wake?.();
  readonly #onOver = (error?: unknown) => {
    this.#over ??= new ConnectionClosedError(error instanceof Error ? error : undefined);
    this.#wake?.();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onOver);
    socket.on('close', this.#onOver);
    socket.on('error', this.#onOver);
    if (socket.destroyed) this.#onOver();
  }

  /** Bytes that have arrived and were not taken, in our hands or the socket's. */
  get waiting(): number {
    return this.#bytes.length + this.#socket.readableLength;
  }

  /**
   * The next `count` bytes, taken. One caller at a time.
   * @throws ConnectionClosedError when the connection ends before
   */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    this.#bytes = this.#bytes.subarray(count);
    return bytes;
  }

  /** As `take`, but leaves the bytes in place. */
  async peek(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      const more: unknown = this.#socket.read();
      if (more instanceof Buffer) {
        this.#bytes = this.#bytes.length === 0 ? more : Buffer.concat([this.#bytes, more]);
      } else {
        if (this.#over !== null) throw this.#over;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = null;
      }
    }
    return this.#bytes.subarray(0, count);
  }

  /**
   * Lets go of the socket and gives what had arrived and was not taken. The caller puts its own listeners on the socket in the
   * same turn of the event loop, `error` above all. A `take` that still waits fails as if the connection had ended.
   */
  detach(): Buffer {
    for (let more: unknown = this.#socket.read(); more instanceof Buffer; more = this.#socket.read()) {
      this.#bytes = Buffer.concat([this.#bytes, more]);
    }
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('end', this.#onOver);
    this.#socket.off('close', this.#onOver);
    this.#socket.off('error', this.#onOver);
    this.#onOver();
    return this.#bytes;
  }
}
