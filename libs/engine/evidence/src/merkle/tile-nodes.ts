import { hashLength, nodeHash } from './hash.ts';
import { tileHeight, tileWidth } from './tiles.ts';
import { TreeError } from './tree-error.ts';

/** One tile's hashes and, once any is asked for, all perfect subtrees above them within the tile (at most 255, a quarter of a millisecond). */
export class TileNodes {
  readonly #bytes: Uint8Array;
  /** By height from 1. */
  readonly #above: Uint8Array[][] = [];

  /** Throws `TreeError` unless the bytes are 1 to 256 whole hashes. They are kept, not copied. */
  constructor(bytes: Uint8Array) {
    if (bytes.length === 0 || bytes.length % hashLength !== 0 || bytes.length > tileWidth * hashLength) throw new TreeError('ERR_TREE_TILE', 'a tile is 1 to 256 hashes of 32 bytes');
    this.#bytes = bytes;
  }

  get width(): number {
    return this.#bytes.length / hashLength;
  }

  /** The root of the `index`-th group of 2^height hashes; height 0 is a hash of the tile itself. Throws `TreeError` where they are not all in the tile. */
  node(height: number, index: number): Uint8Array {
    if (height === 0) return this.#hash(index);
    if (this.#above.length === 0) this.#build();
    return this.#above[height - 1]?.[index] ?? missing();
  }

  #hash(index: number): Uint8Array {
    if (!Number.isInteger(index) || index < 0 || index >= this.width) missing();
    return new Uint8Array(this.#bytes.subarray(index * hashLength, (index + 1) * hashLength));
  }

  #build(): void {
    let below = Array.from({ length: this.width }, (_, i) => this.#hash(i));
    for (let height = 1; height <= tileHeight; height++) {
      below = pairs(below);
      this.#above.push(below);
    }
  }
}

/** What has no partner has no node above it: a partial tile is not hashed upwards. */
function pairs(hashes: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i + 1 < hashes.length; i += 2) above.push(nodeHash(hashes[i] ?? missing(), hashes[i + 1] ?? missing()));
  return above;
}

function missing(): never {
  throw new TreeError('ERR_TREE_TILE', 'the tile has no such hashes');
}

/** The entry that a full tile has in the level above. Throws `TreeError` if it is not full. */
export function fullTileHash(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== tileWidth * hashLength) throw new TreeError('ERR_TREE_TILE', 'only a full tile of 8,192 bytes has an entry in the level above');
  return new TileNodes(bytes).node(tileHeight, 0);
}
