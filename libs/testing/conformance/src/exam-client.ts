import type { Duplex } from 'node:stream';
import type { Exchange } from './subject.ts';

/** A client of the exam: sends bytes as they are, in any pieces, and reads at its own pace. */
export class ExamClient implements AsyncDisposable {
  readonly #socket: Duplex;
  readonly closed: Promise<void>;
  #parts: Buffer[] = [];
  #all: Buffer[] = [];
  #news: (() => void) | null = null;
  #over = false;
  /** Bytes received, also those that were not kept. */
  count = 0;
  /** False: bytes are counted and thrown away. */
  keeps = true;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.count += chunk.length;
      if (this.keeps) {
        this.#parts.push(chunk);
        this.#all.push(chunk);
      }
      this.#news?.();
    });
    void this.closed.then(() => {
      this.#over = true;
      this.#news?.();
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Each piece is a write of its own. Inside TLS that is a record of its own, which the other side reads by itself. */
  sendInPieces(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) if (piece.length > 0) this.#socket.write(piece);
  }

  /** Bytes since the last `take`. */
  get received(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Everything that was ever kept. */
  get everything(): Buffer {
    return Buffer.concat(this.#all);
  }

  take(): Buffer {
    const bytes = this.received;
    this.#parts = [];
    return bytes;
  }

  /** Waits until what was received satisfies, then takes it. @throws Error when the connection ends before */
  async until(satisfied: (received: Buffer) => boolean): Promise<Buffer> {
    for (;;) {
      if (satisfied(this.received)) return this.take();
      if (this.#over) throw new Error(`the connection ended before the answer; received ${JSON.stringify(this.received.toString('latin1').slice(-300))}`);
      await new Promise<void>((resolve) => (this.#news = resolve));
    }
  }

  ask(exchange: Exchange): Promise<Buffer> {
    this.send(exchange.bytes);
    return this.until((received) => exchange.answered(received));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  vanish(): void {
    this.#socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return this.closed;
  }
}
