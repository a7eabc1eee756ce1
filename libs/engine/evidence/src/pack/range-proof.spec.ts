import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameHash } from '../merkle/hash.ts';
import { NaiveTree, numberedLeaves } from '../testing/naive-tree.ts';
import { TileStore } from '../testing/tile-store.ts';
import { utf8 } from '../note/text.ts';
import { formatRangeProof, parseRangeProof, proveRange, RangeRoot } from './range-proof.ts';

const most = 300;
const leaves = numberedLeaves(most);
const store = new TileStore();
for (const leaf of leaves) store.grow([leaf]);
const source = store.source();
const naive = new NaiveTree(leaves);
const roots = Array.from({ length: most + 1 }, (_, n) => naive.root(0, n));
const root = (n: number) => roots[n] ?? new Uint8Array();

function rootOf(proof: Awaited<ReturnType<typeof proveRange>>, of = leaves.slice(proof.from, proof.to)): Uint8Array | null {
  const made = new RangeRoot(proof);
  for (const leaf of of) made.add(leaf);
  return made.finish();
}

describe('a range proof', () => {
  it('leads to the root for every size to 40 and every range in it', async () => {
    for (let size = 0; size <= 40; size++) {
      for (let from = 0; from <= size; from++) {
        for (let to = from; to <= size; to++) expect(rootOf(await proveRange(source, from, to, size))).toEqual(root(size));
      }
    }
  });

  it('leads to the root for ranges of every size to 300, also read from its text, and shows the older roots on the way', async () => {
    const range = fc.tuple(fc.nat(most), fc.nat(most), fc.nat(most)).map((three) => three.toSorted((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(range, async ([from = 0, to = 0, size = 0]) => {
        const proof = parseRangeProof(utf8(formatRangeProof(await proveRange(source, from, to, size))));
        const made = new RangeRoot(proof);
        for (let at = from; at < to; at++) {
          expect(made.rootSoFar()).toEqual(root(at));
          made.add(leaves[at] ?? new Uint8Array());
        }
        expect(made.finish()).toEqual(root(size));
      }),
    );
  });

  it('leads elsewhere when a leaf or a hash of it is another one, or leaves have changed places', async () => {
    const flip = (hash: Uint8Array) => Uint8Array.from(hash, (byte, i) => (i === 9 ? byte ^ 4 : byte));
    for (const [from, to, size] of [[5, 11, 23], [0, 7, 8], [16, 32, 64], [1, 2, 3], [63, 64, 300]] as const) {
      const proof = await proveRange(source, from, to, size);
      const own = leaves.slice(from, to);
      const wrong = [
        ...own.map((leaf, i) => rootOf(proof, own.with(i, flip(leaf)))),
        ...proof.left.map((hash, i) => rootOf({ ...proof, left: proof.left.with(i, flip(hash)) })),
        ...proof.right.map((hash, i) => rootOf({ ...proof, right: proof.right.with(i, flip(hash)) })),
        ...(own.length > 1 ? [rootOf(proof, own.toReversed())] : []),
      ];
      for (const one of wrong) expect(one === null || sameHash(one, root(size))).toBe(false);
    }
  });

  it('has no root before all its leaves are there, nor with more or fewer hashes than its numbers ask for', async () => {
    const proof = await proveRange(source, 5, 11, 23);
    expect(rootOf(proof, leaves.slice(5, 10))).toBeNull();
    expect(() => new RangeRoot({ ...proof, left: proof.left.slice(1) })).toThrow('more or fewer');
    expect(() => new RangeRoot({ ...proof, right: [...proof.right, ...proof.right] })).toThrow('more or fewer');
    expect(() => new RangeRoot({ ...proof, from: 12 })).toThrow('do not rise');
    await expect(proveRange(source, 5, 4)).rejects.toThrow();
    await expect(proveRange(source, 5, 301)).rejects.toThrow();
  });

  it('is read in its one form only', async () => {
    const text = formatRangeProof(await proveRange(source, 5, 11, 23));
    for (const bad of [text.slice(0, -1), `${text}\n`, text.replace('5 11', '05 11'), text.replace('left', 'Left'), text.replace(/(left .*\n)([\s\S]*)/, '$2$1'), '']) expect(() => parseRangeProof(utf8(bad))).toThrow();
  });
});
