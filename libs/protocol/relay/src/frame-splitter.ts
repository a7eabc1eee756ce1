import { FrameTooLargeError, MalformedFrameError } from './errors.ts';

/**
 * Called for each whole frame. The frame is `bytes[start - 5, end)`: type byte, length, body; the body is `bytes[start, end)`.
 * `bytes` is the chunk itself whenever the frame lies whole in it, so that neighbouring frames can be passed on as one slice;
 * else it is a buffer of its own that the splitter will not touch again. Returning `'stop'` ends the delivery after this frame.
 */
export type OnFrame = (type: number, bytes: Buffer, start: number, end: number) => 'stop' | void;

export interface FrameLimits {
  /** Bytes of a whole frame (type, length and body) for the types that may be large. */
  readonly maxFrame: number;
  /** Types that may have up to `maxFrame`; without it all may. */
  readonly large?: (type: number) => boolean;
  /** Bytes of a whole frame for the other types. Default 30 000, libpq's own limit for them. */
  readonly maxSmall?: number;
}

const header = 5;
const smallest = 4;
const firstCapacity = 16 * 1024;
const empty = Buffer.alloc(0);

/**
 * Finds frames of the layout `type byte, u32 length (which counts itself), body` in a byte stream that arrives in any pieces.
 * Promises: the same frames for every split of the stream; no copy of a frame that lies whole in a chunk; an announced length
 * costs no memory, only received bytes do (at most twice their number); each received byte is copied O(1) times on average.
 * After an error has been thrown the splitter must not be used again.
 */
export class FrameSplitter {
  readonly #maxFrame: number;
  readonly #maxSmall: number;
  readonly #large: ((type: number) => boolean) | null;
  /** The received part of an incomplete frame, or, while stopped, everything that came after the stop. */
  #tail: Buffer = empty;
  #have = 0;
  #stopped = false;

  constructor(limits: FrameLimits) {
    this.#maxFrame = limits.maxFrame;
    this.#maxSmall = Math.min(limits.maxSmall ?? 30_000, limits.maxFrame);
    this.#large = limits.large ?? null;
  }

  /** True between a `'stop'` and the `resume` that reaches the end of what was kept. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Bytes held: an incomplete frame, or what came after a stop. The owner pauses its inlet when this is too much. */
  get kept(): number {
    return this.#have;
  }

  /**
   * Takes the next bytes of the stream. While stopped they are only kept.
   * @throws FrameTooLargeError, MalformedFrameError, and whatever `onFrame` throws
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    if (this.#stopped) {
      this.#keep(chunk, 0, chunk.length, Number.MAX_SAFE_INTEGER);
      return;
    }
    const from = this.#have === 0 ? 0 : this.#complete(chunk, onFrame);
    if (this.#stopped) this.#keep(chunk, from, chunk.length, Number.MAX_SAFE_INTEGER);
    else this.#walk(chunk, from, onFrame);
  }

  /** Goes on with what was kept since a `'stop'`; it may stop again. Errors as in `push`. */
  resume(onFrame: OnFrame): void {
    if (!this.#stopped) return;
    const kept = this.#tail.subarray(0, this.#have);
    this.#forget();
    this.#stopped = false;
    this.#walk(kept, 0, onFrame);
  }

  /** Delivers the frames that lie whole in `bytes[from…]` and keeps the rest. */
  #walk(bytes: Buffer, from: number, onFrame: OnFrame): void {
    let at = from;
    while (at + header <= bytes.length) {
      const size = this.#size(bytes, at);
      const end = at + size;
      if (end > bytes.length) return this.#keep(bytes, at, bytes.length, size);
      const type = bytes[at] ?? 0;
      at = end;
      if (onFrame(type, bytes, end - size + header, end) === 'stop') {
        this.#stopped = true;
        return this.#keep(bytes, at, bytes.length, Number.MAX_SAFE_INTEGER);
      }
    }
    this.#keep(bytes, at, bytes.length, header);
  }

  /** Adds to the incomplete frame until it is whole or the chunk is used up; answers where the rest of the chunk begins. */
  #complete(chunk: Buffer, onFrame: OnFrame): number {
    let at = 0;
    if (this.#have < header) {
      at = Math.min(header - this.#have, chunk.length);
      this.#keep(chunk, 0, at, header);
      if (this.#have < header) return at;
    }
    const size = this.#size(this.#tail, 0);
    const until = Math.min(at + size - this.#have, chunk.length);
    this.#keep(chunk, at, until, size);
    if (this.#have < size) return until;
    const frame = this.#tail;
    this.#forget();
    if (onFrame(frame[0] ?? 0, frame, header, size) === 'stop') this.#stopped = true;
    return until;
  }

  /** Bytes of the whole frame whose header begins at `at`, checked against the limits. */
  #size(bytes: Buffer, at: number): number {
    const type = bytes[at] ?? 0;
    const length = bytes.readUInt32BE(at + 1);
    if (length < smallest) throw new MalformedFrameError(type, length);
    const limit = this.#large === null || this.#large(type) ? this.#maxFrame : this.#maxSmall;
    if (length + 1 > limit) throw new FrameTooLargeError(type, length + 1, limit);
    return length + 1;
  }

  /** Copies `bytes[from, to)` behind what is held. `expected` is the size it may grow to; capacity doubles up to there. */
  #keep(bytes: Buffer, from: number, to: number, expected: number): void {
    const more = to - from;
    if (more <= 0) return;
    const need = this.#have + more;
    if (need > this.#tail.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, Math.min(expected, Math.max(firstCapacity, this.#tail.length * 2))));
      this.#tail.copy(grown, 0, 0, this.#have);
      this.#tail = grown;
    }
    bytes.copy(this.#tail, this.#have, from, to);
    this.#have = need;
  }

  #forget(): void {
    this.#tail = empty;
    this.#have = 0;
  }
}

