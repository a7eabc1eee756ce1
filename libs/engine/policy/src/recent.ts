/** The `max` entries that were used last. */
export class Recent<K, V> {
  readonly #max: number;
  /** In order of use, oldest first: what Map keeps. */
  readonly #entries = new Map<K, V>();

  constructor(max: number) {
    if (!(max >= 1)) throw new RangeError('room for at least one entry is needed');
    this.#max = max;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#max) this.takeOldest();
    this.#entries.set(key, value);
  }

  /** Removes the entry that was used longest ago and gives its value; undefined when there is none. */
  takeOldest(): V | undefined {
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key);
      return value;
    }
    return undefined;
  }
}
