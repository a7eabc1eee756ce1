import { compileSlice, readSlice, type CompiledSlice } from '@sallyport/engine-policy';
import { buckets, type Bucket, type Bus } from '@sallyport/platform-bus';

/** Policy slices by digest, fetched once. The digest is checked, so the bucket need not be trusted. */
export class Slices {
  readonly #bus: Pick<Bus, 'kv'>;
  readonly #known = new Map<string, CompiledSlice>();
  #bucket: Promise<Bucket> | null = null;

  constructor(bus: Pick<Bus, 'kv'>) {
    this.#bus = bus;
  }

  /** Throws SliceError or BucketUnavailableError: without its slice a lease is of no use. */
  async get(digest: string): Promise<CompiledSlice> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    this.#bucket ??= this.#bus.kv(buckets.slices);
    const bucket = await this.#bucket.catch((error: unknown) => {
      this.#bucket = null;
      throw error;
    });
    const compiled = compileSlice(readSlice(await bucket.get(digest), digest));
    if (this.#known.size >= 1000) this.#known.clear();
    this.#known.set(digest, compiled);
    return compiled;
  }
}
