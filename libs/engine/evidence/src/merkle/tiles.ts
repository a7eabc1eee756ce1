import { checkSize } from './sizes.ts';
import { TreeError } from './tree-error.ts';

// C2SP tlog-tiles v0.1: where the hashes of a tree stand when they are kept in files of 256. https://c2sp.org/tlog-tiles

/** Levels of the tree within one tile. */
export const tileHeight = 8;
/** Hashes in a full tile. */
export const tileWidth = 256;
/** The highest level of tiles that a tree of fewer than 2^53 leaves can have. (The specification's paths go to 63.) */
export const topTileLevel = 6;

/**
 * One tile: the `index`-th of its level, with `width` hashes from 1 to 256. Hash i of a tile at level L is the root of the leaves
 * [(index * 256 + i) * 256^L, (index * 256 + i + 1) * 256^L).
 */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** A tile that a growing tree changes; `had` is the number of hashes it had before, 0 if it is new. */
export interface GrownTile extends Tile {
  readonly had: number;
}

/** How many hashes that tile has in a tree of `size`, from 0 (there is no such tile) to 256. */
export function widthOf(level: number, index: number, size: number): number {
  checkSize(size);
  checkSize(level, 'a tile level');
  checkSize(index, 'a tile index');
  if (level > topTileLevel) return 0;
  return Math.max(0, Math.min(tileWidth, entriesAt(level, size) - index * tileWidth));
}

/**
 * The tiles that change when a tree grows from `from` to `to`, each as it then is, the lower levels first: what a log stores after a batch.
 * A full one (width 256) never changes again. Made one by one, so that any growth can be walked through.
 */
export function* grownTiles(from: number, to: number): Generator<GrownTile> {
  checkSize(from);
  checkSize(to);
  if (from > to) throw new TreeError('ERR_TREE_SIZE', 'a tree does not shrink');
  for (let level = 0; level <= topTileLevel; level++) {
    const before = entriesAt(level, from);
    const after = entriesAt(level, to);
    for (let index = Math.floor(before / tileWidth); index * tileWidth < after && before < after; index++) {
      yield { level, index, width: widthOf(level, index, to), had: widthOf(level, index, from) };
    }
  }
}

/** All tiles of a tree of `size`: what is on the disk of a log that deletes partial tiles it has outgrown. */
export function tilesOf(size: number): Generator<GrownTile> {
  return grownTiles(0, size);
}

/** `tile/<L>/<N>[.p/<W>]`, the index in groups of three digits, all but the last with an `x` before them. */
export function tilePath(tile: Tile): string {
  checkTile(tile);
  const partial = tile.width === tileWidth ? '' : `.p/${tile.width}`;
  return `tile/${tile.level}/${groups(tile.index)}${partial}`;
}

/** The tile of a path. Throws `TreeError` (`ERR_TREE_TILE`) on anything but what `tilePath` writes. */
export function parseTilePath(path: string): Tile {
  const match = path.length > 64 ? null : /^tile\/([0-6])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  const [, level, index, width] = match ?? [];
  if (level === undefined || index === undefined) throw new TreeError('ERR_TREE_TILE', 'not the path of a tile');
  const tile = { level: Number(level), index: Number(index.replaceAll(/[x/]/g, '')), width: width === undefined ? tileWidth : Number(width) };
  if (tile.width > tileWidth || !Number.isSafeInteger(tile.index) || tilePath(tile) !== path) throw new TreeError('ERR_TREE_TILE', 'the path of a tile is not in its one form');
  return tile;
}

function entriesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

function checkTile({ level, index, width }: Tile): void {
  if (!Number.isInteger(level) || level < 0 || level > topTileLevel) throw new TreeError('ERR_TREE_TILE', `tile levels go from 0 to ${topTileLevel}`);
  if (!Number.isSafeInteger(index) || index < 0) throw new TreeError('ERR_TREE_TILE', 'a tile index is a whole number from 0 to 2^53 - 1');
  if (!Number.isInteger(width) || width < 1 || width > tileWidth) throw new TreeError('ERR_TREE_TILE', `tile widths go from 1 to ${tileWidth}`);
}

function groups(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const parts: string[] = [];
  for (let at = 0; at < padded.length; at += 3) parts.push(padded.slice(at, at + 3));
  return parts.map((part, i) => (i === parts.length - 1 ? part : `x${part}`)).join('/');
}
