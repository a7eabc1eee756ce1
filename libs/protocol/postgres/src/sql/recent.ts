/**
 * Remembers what was used lately, in two generations: what is found in the older one moves to the younger, and when the younger is
 * full the older is forgotten. Holds at most `entries` values and about `chars` characters of keys. Costs nothing while empty.
 */
export class Recent<T> {
  readonly #entries: number;
  readonly #chars: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #youngChars = 0;

  constructor(entries: number, chars: number) {
    this.#entries = Math.max(1, entries >> 1);
    this.#chars = chars >> 1;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: T): void {
    if (this.#young.size >= this.#entries || this.#youngChars + key.length > this.#chars) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngChars = 0;
    }
    this.#young.set(key, value);
    this.#youngChars += key.length;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
