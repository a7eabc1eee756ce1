import { emptyRoot, hashLength, nodeHash } from './hash.ts';
import { checkSize, peakLevels, splitOf } from './sizes.ts';
import { TileNodes } from './tile-nodes.ts';
import { tileHeight, tileWidth, widthOf } from './tiles.ts';
import { TreeError } from './tree-error.ts';

/**
 * Where tiles come from: the first `width` hashes of a tile, 32 bytes each. A longer tile of the same place does as well (it was stored when the
 * tree had grown on); a shorter one, or none, is an error.
 */
export type TileReader = (level: number, index: number, width: number) => Uint8Array | Promise<Uint8Array>;

/** Tiles kept by one source: 4 MiB when all are full. */
const keptTiles = 256;

/**
 * Answers the hash of any subtree of a tree of `size` leaves out of its tiles. Each tile is read once as long as it is among the last 256, also when it
 * is asked for many times at once; all that a proof needs is read side by side (an inclusion proof among 10 million leaves: at most six tiles).
 * Tiles are believed: a wrong one gives a wrong hash, and the proof made of it does not verify.
 */
export class HashSource {
  readonly size: number;
  readonly #read: TileReader;
  readonly #tiles = new Map<string, Promise<TileNodes>>();

  constructor(size: number, read: TileReader) {
    checkSize(size);
    this.size = size;
    this.#read = read;
  }

  /** The root of the first `size` leaves, all of them if left out: RFC 6962's MTH. */
  async root(size = this.size): Promise<Uint8Array> {
    return size === 0 ? emptyRoot() : this.range(0, size);
  }

  /** The perfect subtree of 2^level leaves that is the `index`-th of its level; level 0 is a leaf hash. */
  async node(level: number, index: number): Promise<Uint8Array> {
    checkSize(level, 'a level');
    checkSize(index, 'an index');
    if ((index + 1) * 2 ** level > this.size) outside();
    const height = level % tileHeight;
    const tileLevel = (level - height) / tileHeight;
    const perTile = tileWidth / 2 ** height;
    const tile = await this.#tile(tileLevel, Math.floor(index / perTile));
    return tile.node(height, index % perTile);
  }

  /**
   * The root of the leaves [from, to), at least one, where that is a subtree of some RFC 6962 tree: `from` is a multiple of the
   * smallest power of two that is not below `to - from`.
   */
  async range(from: number, to: number): Promise<Uint8Array> {
    checkSize(from, 'an index');
    checkSize(to, 'an index');
    if (from >= to || to > this.size) outside();
    const nodes = nodesOf(from, to);
    const peaks = await Promise.all(nodes.map(({ level, index }) => this.node(level, index)));
    return peaks.reduceRight((right, left) => nodeHash(left, right));
  }

  #tile(level: number, index: number): Promise<TileNodes> {
    const place = `${level}/${index}`;
    const known = this.#tiles.get(place);
    if (known !== undefined) return known;
    const tile = this.#fetch(level, index);
    this.#tiles.set(place, tile);
    // A tile that could not be read is asked for again the next time.
    tile.catch(() => this.#tiles.delete(place));
    const [oldest] = this.#tiles.keys();
    if (this.#tiles.size > keptTiles && oldest !== undefined) this.#tiles.delete(oldest);
    return tile;
  }

  async #fetch(level: number, index: number): Promise<TileNodes> {
    const width = widthOf(level, index, this.size);
    const bytes = await this.#read(level, index, width);
    if (bytes.length % hashLength !== 0 || bytes.length < width * hashLength || bytes.length > tileWidth * hashLength) {
      throw new TreeError('ERR_TREE_TILE', `tile ${level}/${index} has ${bytes.length} bytes where ${width * hashLength} are needed`);
    }
    return new TileNodes(bytes.subarray(0, width * hashLength));
  }
}

/** The perfect subtrees that the leaves [from, to) are made of, from left to right. */
function nodesOf(from: number, to: number): { level: number; index: number }[] {
  const length = to - from;
  const span = length === 1 ? 1 : splitOf(length) * 2;
  if (from % span !== 0) throw new TreeError('ERR_TREE_SIZE', 'these leaves are not a subtree');
  let at = from;
  return peakLevels(length).map((level) => {
    const index = at / 2 ** level;
    at += 2 ** level;
    return { level, index };
  });
}

function outside(): never {
  throw new TreeError('ERR_TREE_SIZE', 'those leaves are not in the tree');
}
