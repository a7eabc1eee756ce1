import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import { forgetWritten } from '../wire/library.ts';

export type Stream = 'out' | 'err';

/** Bytes that may wait in the client's socket. ssh2 itself looks at the peer's window only, which a peer may say is endless. */
const highWater = 1024 * 1024;

/**
 * Writes to a client's channel, one piece at a time: when both streams wait for the window, ssh2 1.17 sends an old piece of one again. So order is kept
 * over both streams too.
 */
export class ChannelWriter {
  readonly #channel: ServerChannel;
  readonly #socket: Socket;
  readonly #moved: () => void;
  readonly #queue: { readonly stream: Stream; readonly bytes: Uint8Array }[] = [];
  #busy = false;
  /** Bytes that wait or are being written. */
  pending = 0;

  /** @param moved runs after each piece that was written, and when the connection is gone */
  constructor(channel: ServerChannel, socket: Socket, moved: () => void) {
    this.#channel = channel;
    this.#socket = socket;
    this.#moved = moved;
    channel.once('close', () => this.stop());
    socket.once('close', () => this.stop());
  }

  get gone(): boolean {
    return this.#socket.destroyed || this.#channel.destroyed || !this.#channel.writable;
  }

  write(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.pending += bytes.length;
    this.#queue.push({ stream, bytes });
    this.#next();
  }

  stop(): void {
    this.#queue.length = 0;
    this.pending = 0;
    this.#moved();
  }

  #next(): void {
    if (this.#busy) return;
    if (this.gone) {
      if (this.pending > 0) this.stop();
      return;
    }
    if (this.#socket.writableLength > highWater) return this.#afterDrain();
    const piece = this.#queue.shift();
    if (piece === undefined) return;
    this.#busy = true;
    const sink = piece.stream === 'out' ? this.#channel : this.#channel.stderr;
    const written = () => {
      forgetWritten(this.#channel);
      this.#busy = false;
      this.pending = Math.max(0, this.pending - piece.bytes.length);
      this.#moved();
      this.#next();
    };
    try {
      sink.write(piece.bytes, written);
    } catch {
      // The connection broke between two of its own events: its end is on its way.
      this.stop();
    }
  }

  #afterDrain(): void {
    this.#busy = true;
    const go = () => {
      this.#socket.off('drain', go);
      this.#socket.off('close', go);
      this.#busy = false;
      this.#next();
    };
    this.#socket.on('drain', go);
    this.#socket.on('close', go);
  }
}
