import { buckets, type Bucket, type Bus } from '@sallyport/platform-bus';
import { canonical } from '../model/document.ts';
import type { Inventory } from '../model/inventory.ts';

/** Entries that are written without waiting for each other: ten thousand one after the other take a minute. */
const atOnce = 100;

/** Keeps the inventory bucket equal to the inventory. What could not be written stays due and is tried again by the next `sync`. */
export class Mirror {
  readonly #bucket: Bucket;
  /** What is in the bucket, as its watch tells. */
  readonly #there = new Map<string, string>();
  #stop: () => void = () => undefined;
  #due = true;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  static async open(bus: Bus): Promise<Mirror> {
    const mirror = new Mirror(await bus.kv(buckets.inventory));
    mirror.#stop = await mirror.#bucket.watch('>', (key, value) => {
      if (value === null) mirror.#there.delete(key);
      else mirror.#there.set(key, canonical(value));
    });
    return mirror;
  }

  /** Null when the other services see what this one knows. */
  get waiting(): string | null {
    return this.#due ? 'the inventory to be shown to the other services' : null;
  }

  /**
   * Writes what differs, removals last; one call after the other, each with the inventory as it is when its turn comes. Rejects when the
   * bus fails; then `waiting` says so.
   */
  sync(newest: () => Inventory): Promise<void> {
    const mine = this.#last.then(() => this.#write(newest()));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #write(inventory: Inventory): Promise<void> {
    this.#due = true;
    const wanted = inventory.mirror();
    const differing = [...wanted].filter(([key, text]) => this.#there.get(key) !== text);
    for (let at = 0; at < differing.length; at += atOnce) {
      await Promise.all(differing.slice(at, at + atOnce).map(async ([key, text]) => {
        await this.#bucket.put(key, JSON.parse(text));
        this.#there.set(key, text);
      }));
    }
    for (const key of [...this.#there.keys()]) {
      if (wanted.has(key)) continue;
      await this.#bucket.remove(key);
      this.#there.delete(key);
    }
    this.#due = false;
  }

  close(): void {
    this.#stop();
  }
}
