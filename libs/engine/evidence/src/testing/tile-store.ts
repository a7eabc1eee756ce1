import { hashLength } from '../merkle/hash.ts';
import { CompactRange } from '../merkle/compact-range.ts';
import { grownTiles, tileHeight, tilePath, tileWidth } from '../merkle/tiles.ts';
import { HashSource, type TileReader } from '../merkle/hash-source.ts';

/** A log's tiles in memory, grown as a sequencer grows them: leaves from the batch, upper levels from the nodes the compact range forms. */
export class TileStore {
  readonly range = new CompactRange();
  /** By path: every tile and partial tile that was ever stored. */
  readonly tiles = new Map<string, Uint8Array>();
  readonly reads: string[] = [];
  readonly #entries: Uint8Array[][] = [[]];

  grow(leaves: readonly Uint8Array[]): void {
    const from = this.range.size;
    this.#level(0).push(...leaves);
    this.range.appendAll(leaves, (level, _index, hash) => {
      if (level % tileHeight === 0) this.#level(level / tileHeight).push(hash);
    });
    for (const tile of grownTiles(from, this.range.size)) {
      const hashes = this.#level(tile.level).slice(tile.index * tileWidth, tile.index * tileWidth + tile.width);
      const bytes = new Uint8Array(hashes.length * hashLength);
      for (const [i, hash] of hashes.entries()) bytes.set(hash, i * hashLength);
      this.tiles.set(tilePath(tile), bytes);
    }
  }

  /** Serves what was stored under exactly that path, as a static file server does. */
  readonly read: TileReader = (level, index, width) => {
    const path = tilePath({ level, index, width });
    this.reads.push(path);
    const tile = this.tiles.get(path);
    if (tile === undefined) throw new Error(`${path} was never stored`);
    return tile;
  };

  /** A source for a size at which the store had been, or (leaf by leaf) for any. */
  source(size = this.range.size): HashSource {
    return new HashSource(size, (level, index, width) => {
      const bytes = this.tiles.get(tilePath({ level, index, width }));
      return bytes ?? this.#widest(level, index);
    });
  }

  #widest(level: number, index: number): Uint8Array {
    for (let width = tileWidth; width > 0; width--) {
      const bytes = this.tiles.get(tilePath({ level, index, width }));
      if (bytes !== undefined) return bytes;
    }
    throw new Error('no such tile');
  }

  #level(level: number): Uint8Array[] {
    return (this.#entries[level] ??= []);
  }
}
