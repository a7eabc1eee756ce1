import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveTree, numberedLeaves } from '../testing/naive-tree.ts';
import { TileStore } from '../testing/tile-store.ts';
import { HashSource } from './hash-source.ts';
import { proveConsistency, proveInclusion } from './proofs.ts';
import { fullTileHash, TileNodes } from './tile-nodes.ts';
import { grownTiles, parseTilePath, tilePath, tilesOf, widthOf } from './tiles.ts';

const count = 70_000;
const leaves = numberedLeaves(count);
const naive = new NaiveTree(leaves);

describe('tile paths', () => {
  it('are those of the specification', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 0, index: 0, width: 256 })).toBe('tile/0/000');
    expect(tilePath({ level: 1, index: 999, width: 1 })).toBe('tile/1/999.p/1');
    expect(tilePath({ level: 6, index: 1000, width: 255 })).toBe('tile/6/x001/000.p/255');
  });

  it('lead back to their tile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width });
      }),
    );
  });

  it('are refused in any other form', () => {
    const bad = ['', 'tile/0', 'tile/0/', 'tile/0/0', 'tile/0/00', 'tile/0/0000', 'tile/7/000', 'tile/64/000', 'tile/00/000', 'tile/-1/000', 'tile/x/000', '/tile/0/000', 'tile/0/000/', 'tile/0/x000/000', 'tile/0/x001', 'tile/0/001/000', 'tile/0/x001/x000', 'tile/0/000.p', 'tile/0/000.p/', 'tile/0/000.p/0', 'tile/0/000.p/01', 'tile/0/000.p/256', 'tile/0/000.p/257', 'tile/0/000\n', 'tile/0/000.p/1 ', 'tile/0/x999/x999/x999/x999/x999/999', `tile/0/${'x001/'.repeat(20)}000`, 'tile/0/../000', 'tile/entries/000'];
    for (const path of bad) expect(() => parseTilePath(path), path).toThrowError(expect.objectContaining({ code: 'ERR_TREE_TILE' }));
    for (const tile of [{ level: 7, index: 0, width: 1 }, { level: 0, index: -1, width: 1 }, { level: 0, index: 2 ** 53, width: 1 }, { level: 0, index: 0, width: 0 }, { level: 0, index: 0, width: 257 }, { level: 0.5, index: 0, width: 1 }]) {
      expect(() => tilePath(tile)).toThrowError(expect.objectContaining({ code: 'ERR_TREE_TILE' }));
    }
  });
});

describe('the tiles of a tree', () => {
  it('are those that the specification counts for 70,000 and for 256 leaves', () => {
    const tiles = [...tilesOf(count)];
    const full = (level: number) => tiles.filter((tile) => tile.level === level && tile.width === 256).length;
    expect([full(0), full(1), full(2)]).toEqual([273, 1, 0]);
    expect(tiles.filter((tile) => tile.width < 256)).toEqual([
      { level: 0, index: 273, width: 112, had: 0 },
      { level: 1, index: 1, width: 17, had: 0 },
      { level: 2, index: 0, width: 1, had: 0 },
    ]);
    expect([...tilesOf(256)]).toEqual([
      { level: 0, index: 0, width: 256, had: 0 },
      { level: 1, index: 0, width: 1, had: 0 },
    ]);
    expect([...tilesOf(0)]).toEqual([]);
  });

  it('change, from one size to any later one, exactly where their width does', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 65_000, max: 67_000 }));
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const before = new Map([...tilesOf(from)].map((tile) => [`${tile.level}/${tile.index}`, tile.width]));
        const after = [...tilesOf(to)];
        const changed = after.map((tile) => ({ ...tile, had: before.get(`${tile.level}/${tile.index}`) ?? 0 })).filter(({ had, width }) => had !== width);
        expect([...grownTiles(from, to)]).toEqual(changed);
      }),
      { numRuns: 200 },
    );
  });

  it('are few for a small growth of a huge tree, up to the largest', () => {
    const largest = 2 ** 53 - 1;
    expect([...grownTiles(largest - 1, largest)]).toEqual([{ level: 0, index: Math.floor(largest / 256), width: 255, had: 254 }]);
    expect([...grownTiles(2 ** 48 - 1, 2 ** 48)].map(({ level, width }) => [level, width])).toEqual([[0, 256], [1, 256], [2, 256], [3, 256], [4, 256], [5, 256], [6, 1]]);
    expect(widthOf(6, 0, largest)).toBe(31);
    expect(widthOf(7, 0, largest)).toBe(0);
    for (const [from, to] of [[2, 1], [-1, 1], [0, 2 ** 53], [0.5, 1]] as const) expect(() => [...grownTiles(from, to)]).toThrowError(expect.objectContaining({ code: 'ERR_TREE_SIZE' }));
  });
});

describe('hashes out of tiles', () => {
  const store = new TileStore();
  const sizes = [1, 2, 255, 256, 257, 511, 512, 513, 4_097, 65_535, 65_536, 65_537, 65_792, count];
  for (const size of sizes) store.grow(leaves.slice(store.range.size, size));

  it('are those of the recursive definition: roots, subtrees and both kinds of proof', async () => {
    for (const size of sizes) {
      const source = new HashSource(size, store.read);
      expect(await source.root()).toEqual(naive.root(0, size));
      for (const index of new Set([0, size >> 1, size - 1, Math.max(0, size - 257)])) expect(await proveInclusion(source, index)).toEqual(naive.path(index, 0, size));
      for (const from of sizes) if (from <= size) expect(await proveConsistency(source, from)).toEqual(naive.proof(from, size));
    }
  });

  it('are right for any perfect subtree', async () => {
    const source = store.source();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 16 }), fc.nat(), async (level, any) => {
        const index = any % Math.floor(count / 2 ** level);
        expect(await source.node(level, index)).toEqual(naive.root(index * 2 ** level, (index + 1) * 2 ** level));
      }),
      { numRuns: 500 },
    );
  });

  it('are refused outside the tree and where leaves are no subtree', async () => {
    const source = store.source();
    for (const [level, index] of [[0, count], [17, 0], [64, 0], [-1, 0], [0, -1], [0, 0.5]] as const) await expect(source.node(level, index)).rejects.toMatchObject({ code: 'ERR_TREE_SIZE' });
    for (const [from, to] of [[0, 0], [5, 4], [1, 3], [2, 5], [0, count + 1]] as const) await expect(source.range(from, to)).rejects.toMatchObject({ code: 'ERR_TREE_SIZE' });
    expect(await new HashSource(0, store.read).root()).toEqual(naive.root(0, 0));
  });

  it('give a full tile its entry in the level above, and a partial one none', () => {
    const tile = store.tiles.get('tile/0/005') ?? new Uint8Array(0);
    expect(fullTileHash(tile)).toEqual(naive.root(5 * 256, 6 * 256));
    expect(() => fullTileHash(tile.subarray(32))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_TILE' }));
    const partial = new TileNodes(tile.subarray(0, 3 * 32));
    expect(partial.node(1, 0)).toEqual(naive.root(5 * 256, 5 * 256 + 2));
    for (const [height, index] of [[0, 3], [0, -1], [1, 1], [2, 0], [9, 0], [0.5, 0]] as const) expect(() => partial.node(height, index)).toThrowError(expect.objectContaining({ code: 'ERR_TREE_TILE' }));
    for (const length of [0, 31, 33, 257 * 32]) expect(() => new TileNodes(new Uint8Array(length))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_TILE' }));
  });

  it('are taken from a tile that has grown on, and not from one that is short or no whole hashes', async () => {
    const grown = new HashSource(3, () => store.tiles.get('tile/0/000') ?? new Uint8Array(0));
    expect(await grown.root()).toEqual(naive.root(0, 3));
    for (const length of [0, 64, 97, 257 * 32]) await expect(new HashSource(3, () => new Uint8Array(length)).root()).rejects.toMatchObject({ code: 'ERR_TREE_TILE' });
  });

  it('ask again for a tile that could not be read', async () => {
    let reads = 0;
    const source = new HashSource(count, (level, index, width) => {
      if (++reads === 1) throw new Error('the store is away');
      return store.read(level, index, width);
    });
    await expect(source.root()).rejects.toThrow('the store is away');
    expect(await source.root()).toEqual(naive.root(0, count));
  });

  it('take at most six tiles for any inclusion proof among ten million leaves, each read once', async () => {
    const size = 10_000_000;
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), async (index) => {
        const reads: string[] = [];
        const source = new HashSource(size, (level, at, width) => {
          reads.push(tilePath({ level, index: at, width }));
          return new Uint8Array(width * 32);
        });
        await Promise.all([proveInclusion(source, index), proveInclusion(source, index)]);
        expect(reads.length).toBeLessThanOrEqual(6);
        expect(new Set(reads).size).toBe(reads.length);
      }),
    );
  });
});
