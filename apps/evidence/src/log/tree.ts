import { CompactRange, HashSource, tileHeight } from '@sallyport/engine-evidence';
import type { LogNode, LogStore } from './log-store.ts';

/** Leaves that go into the tree with one transaction: 32 bytes each are read for them. */
const most = 20_000;

/** The tree over the ledger, as far as it has been built. */
export class Tree {
  readonly #store: LogStore;
  #range = new CompactRange();

  constructor(store: LogStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#range.size;
  }

  root(): Uint8Array {
    return this.#range.root();
  }

  /** Takes up what the database has. Throws TreeError when that is no tree. */
  async load(): Promise<void> {
    const { size, frontier } = await this.#store.state();
    this.#range = size === 0 ? new CompactRange() : CompactRange.restore(frontier);
    if (this.#range.size !== size) throw new Error(`the log's size is ${size}, its frontier has ${this.#range.size}`);
  }

  /** Puts everything into the tree that is in the ledger. @returns how many leaves that were */
  async grow(): Promise<number> {
    const before = this.size;
    for (let leaves = await this.#store.leaves(this.size, most); leaves.length > 0; leaves = await this.#store.leaves(this.size, most)) {
      const grown = this.#range.clone();
      const nodes: LogNode[] = [];
      grown.appendAll(leaves, (level, index, hash) => {
        if (level % tileHeight === 0) nodes.push({ level: level / tileHeight, index, hash });
      });
      await this.#store.extend(this.size, grown.size, nodes, grown.frontier());
      this.#range = grown;
      if (leaves.length < most) break;
    }
    return this.size - before;
  }

  /** Hashes of the tree as it was at `size`, from what is stored: for proofs, and to look at old roots again. */
  source(size = this.size): HashSource {
    return new HashSource(size, (level, index, width) => this.#store.tile(level, index, width));
  }
}
