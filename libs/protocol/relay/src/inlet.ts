import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

const bufferSize = 64 * 1024;

/**
 * The reading end of a connection. Begins paused.
 *
 * A plain socket is read into one buffer of 64 KiB again and again (Node's `onread`; half the user-space work of stream reads).
 * **A chunk is valid only during `onChunk`**: copy what must outlive it, or call `giveAway` from inside the callback, and the memory
 * of this chunk is yours and the next read gets a new buffer. TLS sockets hand out a fresh buffer for each chunk (Node has no `onread` for a
 * TLS socket on top of another one); the same contract holds there, so callers need not know.
 *
 * Node offers `onread` only when a socket is made. So a plain socket's handle moves into a new socket: use `inlet.socket` from then on,
 * put your listeners on it, and forget the one you gave.
 */
export class Inlet {
  readonly socket: Socket;
  readonly #onChunk: (chunk: Buffer) => void;
  #buffer: Buffer | null = null;
  #paused = true;

  /** @param socket connected, without listeners for data and with nothing read and not taken (`HandshakeReader.detach` first) */
  constructor(socket: Socket, onChunk: (chunk: Buffer) => void) {
    this.#onChunk = onChunk;
    const handle: unknown = Reflect.get(socket, '_handle');
    if (socket instanceof TLSSocket || handle === null || typeof handle !== 'object' || socket.readableLength > 0) {
      this.socket = socket;
      socket.on('data', (chunk) => this.#onChunk(chunk));
      socket.pause();
    } else {
      Reflect.set(socket, '_handle', null);
      this.socket = this.#around(handle, socket.allowHalfOpen);
    }
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** No chunk comes until `resume`. What the kernel and Node already hold (at most about 64 KiB with TLS) stays there. */
  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.socket.resume();
  }

  /** The memory of the chunk in hand now belongs to the caller, or to a socket that kept it (`Outlet.write` said `kept`). */
  giveAway(): void {
    this.#buffer = null;
  }

  #around(handle: object, allowHalfOpen: boolean): Socket {
    const onread = {
      buffer: () => (this.#buffer ??= Buffer.allocUnsafeSlow(bufferSize)),
      callback: (count: number) => {
        const buffer = this.#buffer;
        if (buffer !== null) this.#onChunk(count === buffer.length ? buffer : buffer.subarray(0, count));
        return !this.#paused;
      },
    };
    // The types know `handle` and `pauseOnCreate` only for unconnected sockets; Node's own cluster module uses them like this.
    const socket: unknown = Reflect.construct(Socket, [{ handle, allowHalfOpen, pauseOnCreate: true, onread }]);
    if (!(socket instanceof Socket)) throw new TypeError('net.Socket did not construct a socket');
    return socket;
  }
}
