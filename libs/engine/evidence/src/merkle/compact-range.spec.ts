import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveTree, numberedLeaves } from '../testing/naive-tree.ts';
import { CompactRange } from './compact-range.ts';

const leaves = numberedLeaves(300);
const naive = new NaiveTree(leaves);

describe('a compact range', () => {
  it('has the root of the recursive definition at every size from 0 to 300', () => {
    const range = new CompactRange();
    expect(range.root()).toEqual(naive.root(0, 0));
    for (const [i, leaf] of leaves.entries()) {
      range.append(leaf);
      expect([range.size, range.root()]).toEqual([i + 1, naive.root(0, i + 1)]);
    }
  });

  it('forms every perfect subtree once, as soon as its last leaf is there', () => {
    const range = new CompactRange();
    const formed = new Set<string>();
    for (const leaf of leaves) {
      range.append(leaf, (level, index, hash) => {
        const [from, to] = [index * 2 ** level, (index + 1) * 2 ** level];
        expect([to, hash]).toEqual([range.size + 1, naive.root(from, to)]);
        expect(formed.has(`${level}/${index}`)).toBe(false);
        formed.add(`${level}/${index}`);
      });
    }
    expect(formed.size).toBe(150 + 75 + 37 + 18 + 9 + 4 + 2 + 1);
  });

  it('goes on from its stored frontier at every size as if it had never stopped', () => {
    const straight = new CompactRange();
    for (const [size, leaf] of leaves.entries()) {
      const restored = CompactRange.restore(straight.frontier(), { size, root: naive.root(0, size) });
      const fromTable = CompactRange.of(size, straight.peaks());
      for (const range of [straight, restored, fromTable]) range.append(leaf);
      expect(restored.frontier()).toEqual(straight.frontier());
      expect(fromTable.frontier()).toEqual(straight.frontier());
    }
  });

  it('is refused when any one byte of its frontier was altered, given the tree head; the root alone does not say the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (size, where, flip) => {
        const bytes = rangeOf(size).frontier();
        const at = where % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        expect(() => CompactRange.restore(bytes, { size, root: naive.root(0, size) })).toThrowError(expect.objectContaining({ code: 'ERR_TREE_FRONTIER' }));
      }),
      { numRuns: 300 },
    );
    // 168 and 176 have as many ones: the same hashes have the form of both.
    expect(CompactRange.restore(sized(rangeOf(168).frontier(), 176n)).root()).toEqual(naive.root(0, 168));
  });

  it('is refused without a root when its form cannot be that of its size', () => {
    const good = rangeOf(7).frontier();
    for (const bad of [good.subarray(0, 7), good.subarray(0, good.length - 1), good.subarray(0, good.length - 32), new Uint8Array([...good, ...new Uint8Array(32)]), sized(good, 15n), sized(good, 2n ** 53n), sized(good, 2n ** 64n - 1n)]) {
      expect(() => CompactRange.restore(bad)).toThrowError(expect.objectContaining({ code: 'ERR_TREE_FRONTIER' }));
    }
    for (const [size, peaks] of [[-1, []], [1.5, []], [NaN, []], [2 ** 53, [leaves[0]]], [3, [leaves[0]]], [1, [new Uint8Array(31)]]] as const) {
      expect(() => CompactRange.of(size, peaks.flatMap((peak) => peak ?? []))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_FRONTIER' }));
    }
  });

  it('keeps its tree when a leaf is refused or the visitor throws', () => {
    const range = rangeOf(7);
    expect(() => range.append(new Uint8Array(31))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_HASH' }));
    expect(() => range.append(new Uint8Array(32), () => { throw new Error('disk full'); })).toThrowError('disk full');
    expect(range.frontier()).toEqual(rangeOf(7).frontier());
  });

  it('does not change with the arrays that were handed in or out, nor with its clone', () => {
    const leaf = new Uint8Array(leaves[0] ?? []);
    const range = new CompactRange();
    range.append(leaf);
    leaf.fill(0);
    for (const handedOut of [range.root(), range.frontier(), ...range.peaks()]) handedOut.fill(0);
    const clone = range.clone();
    clone.append(leaf);
    expect([range.size, range.root()]).toEqual([1, naive.root(0, 1)]);
  });

  it('ends at 2^53 - 1 leaves', () => {
    const full = CompactRange.of(2 ** 53 - 1, Array.from({ length: 53 }, () => new Uint8Array(32)));
    expect(CompactRange.restore(full.frontier()).size).toBe(2 ** 53 - 1);
    expect(() => full.append(new Uint8Array(32))).toThrowError(expect.objectContaining({ code: 'ERR_TREE_SIZE' }));
  });
});

function rangeOf(size: number): CompactRange {
  const range = new CompactRange();
  range.appendAll(leaves.slice(0, size));
  return range;
}

function sized(frontier: Uint8Array, size: bigint): Uint8Array {
  const bytes = new Uint8Array(frontier);
  new DataView(bytes.buffer).setBigUint64(0, size);
  return bytes;
}
