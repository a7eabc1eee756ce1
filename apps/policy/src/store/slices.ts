import type { Slice } from '@sallyport/engine-policy';
import type { Bucket } from '@sallyport/platform-bus';

/** How long a slice that was seen in the bucket is taken to be there, in milliseconds. */
const trustMs = 60_000;
/** Largest slice that is published, in bytes of JSON: the bus carries messages of up to 1 MiB. */
export const maxSliceBytes = 900 * 1024;
const remembered = 10_000;

/** A slice does not fit on the bus. */
export class SliceTooLargeError extends Error {
  readonly code = 'ERR_SLICE_TOO_LARGE';
}

/** Puts slices where gateways find them, by digest. */
export class Slices {
  readonly #bucket: Pick<Bucket, 'get' | 'put'>;
  readonly #now: () => number;
  readonly #seen = new Map<string, number>();
  readonly #underway = new Map<string, Promise<void>>();

  constructor(bucket: Pick<Bucket, 'get' | 'put'>, now: () => number) {
    this.#bucket = bucket;
    this.#now = now;
  }

  /** Resolves when the slice is in the bucket. Rejects when the bus fails; SliceTooLargeError. */
  async publish(slice: Slice): Promise<void> {
    const seen = this.#seen.get(slice.digest);
    if (seen !== undefined && this.#now() - seen < trustMs) return;
    const underway = this.#underway.get(slice.digest) ?? this.#put(slice);
    this.#underway.set(slice.digest, underway);
    try {
      await underway;
    } finally {
      this.#underway.delete(slice.digest);
    }
  }

  /** To be called when the bus was away: a server whose disk lost its last writes has forgotten what was seen there. */
  lookAgain(): void {
    this.#seen.clear();
  }

  async #put(slice: Slice): Promise<void> {
    if ((await this.#bucket.get(slice.digest)) === null) {
      const size = Buffer.byteLength(JSON.stringify(slice));
      if (size > maxSliceBytes) throw new SliceTooLargeError(`the rules for ${slice.machine.name} on ${slice.target.name} are ${size} bytes; ${maxSliceBytes} are allowed: narrow the heads of the rules`);
      await this.#bucket.put(slice.digest, slice);
    }
    if (this.#seen.size >= remembered) this.#seen.clear();
    this.#seen.set(slice.digest, this.#now());
  }
}
