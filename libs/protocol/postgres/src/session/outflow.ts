import type { Position } from '@sallyport/domain-model';
import type { Gate } from '@sallyport/protocol-spi';

/** Held result bytes above which the target is no longer read. */
export const highWater = 1024 * 1024;

/** Where the bytes end up: towards the client. They are valid during the call only. */
export interface ClientSide {
  write(bytes: Buffer): void;
}

/**
 * The way to the client, with a sluice: bytes that belong to a command leave only when the gate has released the command's
 * position. Order is kept: nothing overtakes what waits.
 */
export class Outflow {
  readonly #client: ClientSide;
  readonly #gate: Gate;
  readonly #failed: (error: Error) => void;
  #waiting: { readonly bytes: Buffer; readonly position: Position }[] = [];
  #held = 0;
  #asked: Position = -1;
  #closed = false;

  constructor(client: ClientSide, gate: Gate, failed: (error: Error) => void) {
    this.#client = client;
    this.#gate = gate;
    this.#failed = failed;
  }

  /** True while the target should not be read: too much waits for its evidence. */
  get full(): boolean {
    return this.#held > highWater;
  }

  /** Calls once when `full` is, or has become, false. */
  onRoom(done: () => void): void {
    if (this.full) this.#room.push(done);
    else done();
  }

  #room: (() => void)[] = [];

  /** `bytes` is valid during the call only; what has to wait is copied. */
  send(bytes: Buffer, position: Position): void {
    if (this.#closed || bytes.length === 0) return;
    if (this.#waiting.length === 0 && this.#gate.released >= position) {
      this.#client.write(bytes);
      return;
    }
    this.#waiting.push({ bytes: Buffer.from(bytes), position });
    this.#held += bytes.length;
    this.#ask();
  }

  /** Nothing more is sent; what waits is dropped, since it must not leave unrecorded. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#held = 0;
  }

  #ask(): void {
    const next = this.#waiting[0];
    if (next === undefined || next.position <= this.#asked) return;
    this.#asked = next.position;
    this.#gate.whenReleased(next.position, (error) => {
      if (this.#closed) return;
      if (error !== null) return this.#failed(error);
      this.#release();
    });
  }

  #release(): void {
    const released = this.#gate.released;
    let count = 0;
    while (count < this.#waiting.length && (this.#waiting[count]?.position ?? Infinity) <= released) count++;
    if (count > 0) {
      const ready = this.#waiting.splice(0, count).map(({ bytes }) => bytes);
      const [only] = ready;
      const bytes = ready.length === 1 && only !== undefined ? only : Buffer.concat(ready);
      this.#held -= bytes.length;
      this.#client.write(bytes);
      if (this.#held <= highWater && this.#room.length > 0) {
        const told = this.#room;
        this.#room = [];
        for (const done of told) done();
      }
    }
    this.#ask();
  }
}
