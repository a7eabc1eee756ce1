import { checkHash, emptyRoot, hashLength, nodeHash, sameHash } from './hash.ts';
import { checkSize, half, isOdd, isSize, onesIn } from './sizes.ts';
import { TreeError } from './tree-error.ts';

/** Is told each inner node as soon as all its leaves are there: `level` 1 has two leaves under it, level 8 is a full tile. `index` counts from 0 within the level. */
export type NodeVisitor = (level: number, index: number, hash: Uint8Array) => void;

/** A tree as a checkpoint names it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * A tree that can only grow, known by the roots of the perfect subtrees it is made of: 32 bytes for each 1 in the binary form of
 * its size (at most 53), from which its root follows and to which leaves can be added. It knows nothing of single leaves.
 */
export class CompactRange {
  #size = 0;
  /** Roots of the perfect subtrees, the largest first. */
  readonly #peaks: Uint8Array[] = [];

  /** The number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds one leaf by its leaf hash, whose bytes are copied. If it throws (`TreeError`, or what `visit` throws), the tree is as it was. */
  append(leaf: Uint8Array, visit?: NodeVisitor): void {
    checkHash(leaf);
    checkSize(this.#size + 1);
    let hash: Uint8Array = new Uint8Array(leaf);
    let level = 0;
    let kept = this.#peaks.length;
    for (let index = this.#size; isOdd(index); ) {
      const left = this.#peaks[--kept];
      if (left === undefined) throw new TreeError('ERR_TREE_FRONTIER', 'the tree has fewer subtrees than its size asks for');
      hash = nodeHash(left, hash);
      level++;
      index = half(index);
      visit?.(level, index, hash);
    }
    this.#peaks.length = kept;
    this.#peaks.push(hash);
    this.#size++;
  }

  /** Adds one after the other. If one is refused, those before it stay. */
  appendAll(leaves: Iterable<Uint8Array>, visit?: NodeVisitor): void {
    for (const leaf of leaves) this.append(leaf, visit);
  }

  /** The root of the tree as it is now: RFC 6962's MTH, which of no leaves is the hash of nothing. */
  root(): Uint8Array {
    let root: Uint8Array | null = null;
    for (let i = this.#peaks.length - 1; i >= 0; i--) {
      const peak = this.#peaks[i];
      if (peak !== undefined) root = root === null ? new Uint8Array(peak) : nodeHash(peak, root);
    }
    return root ?? emptyRoot();
  }

  /** Roots of the perfect subtrees, the largest first: what a table stores beside the size. Copies. */
  peaks(): Uint8Array[] {
    return this.#peaks.map((peak) => new Uint8Array(peak));
  }

  /** A second tree that grows on its own: to work out what a batch would give before it is kept. */
  clone(): CompactRange {
    return CompactRange.of(this.#size, this.#peaks);
  }

  /** The frontier as bytes: the size as eight bytes, the highest first, then the peaks. */
  frontier(): Uint8Array {
    const bytes = new Uint8Array(8 + hashLength * this.#peaks.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(this.#size));
    for (const [i, peak] of this.#peaks.entries()) bytes.set(peak, 8 + hashLength * i);
    return bytes;
  }

  /**
   * A tree from its size and peaks. Throws `TreeError` (`ERR_TREE_FRONTIER`) where they cannot belong together or, if `head` is handed in (it should be
   * wherever a checkpoint is at hand), are not those of that tree. Without it, other bytes and another size of the same form are believed.
   */
  static of(size: number, peaks: readonly Uint8Array[], head?: TreeHead): CompactRange {
    if (!isSize(size)) damaged('the size is no whole number from 0 to 2^53 - 1');
    if (peaks.length !== onesIn(size)) damaged(`a tree of this size has ${onesIn(size)} perfect subtrees, not ${peaks.length}`);
    if (peaks.some((peak) => peak.length !== hashLength)) damaged(`a hash has not ${hashLength} bytes`);
    const range = new CompactRange();
    range.#size = size;
    range.#peaks.push(...peaks.map((peak) => new Uint8Array(peak)));
    if (head !== undefined && (head.size !== size || !sameHash(range.root(), head.root))) damaged('it is not the frontier of the tree that is known');
    return range;
  }

  /** A tree from the bytes of `frontier()`, with the checks of `of`. */
  static restore(bytes: Uint8Array, head?: TreeHead): CompactRange {
    if (bytes.length < 8 || (bytes.length - 8) % hashLength !== 0) damaged('a frontier is eight bytes and whole hashes');
    const size = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) damaged('the size is past 2^53 - 1');
    const peaks: Uint8Array[] = [];
    for (let at = 8; at < bytes.length; at += hashLength) peaks.push(bytes.subarray(at, at + hashLength));
    return CompactRange.of(Number(size), peaks, head);
  }
}

function damaged(say: string): never {
  throw new TreeError('ERR_TREE_FRONTIER', `not a frontier: ${say}`);
}
