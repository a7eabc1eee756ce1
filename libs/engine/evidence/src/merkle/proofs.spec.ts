import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consistencyShape, inclusionShape, NaiveTree, numberedLeaves } from '../testing/naive-tree.ts';
import { TileStore } from '../testing/tile-store.ts';
import { ProofError, type ProofFault } from './proof-error.ts';
import { proveConsistency, proveInclusion } from './proofs.ts';
import { verifyConsistency, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './verify-proofs.ts';

const most = 300;
const leaves = numberedLeaves(most);
const naive = new NaiveTree(leaves);
const store = new TileStore();
for (const leaf of leaves) store.grow([leaf]);
const source = store.source();

const inclusionPairs = fc.integer({ min: 1, max: most }).chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)));
const sizePairs = fc.integer({ min: 1, max: most }).chain((to) => fc.tuple(fc.integer({ min: 1, max: to }), fc.constant(to)));

describe('inclusion proofs', () => {
  it('are those of the recursive definition and verify, for every leaf of every tree up to 64', async () => {
    for (let size = 1; size <= 64; size++) {
      for (let index = 0; index < size; index++) {
        if (!same(await proveInclusion(source, index, size), naive.path(index, 0, size))) throw new Error(`another proof of ${index} in ${size}`);
        verifyInclusion(inclusion(index, size));
      }
    }
  });

  it('are those of the recursive definition and verify, for any leaf of any tree up to 300', async () => {
    await fc.assert(
      fc.asyncProperty(inclusionPairs, async ([index, size]) => {
        expect(await proveInclusion(source, index, size)).toEqual(naive.path(index, 0, size));
        verifyInclusion(inclusion(index, size));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused with any one byte of proof, leaf or root altered, for every leaf of every tree up to 24', () => {
    for (let size = 1; size <= 24; size++) {
      for (let index = 0; index < size; index++) {
        const claim = inclusion(index, size);
        for (const altered of alterations(claim.proof)) mustRefuse(() => verifyInclusion({ ...claim, proof: altered }), 'ERR_PROOF_ROOT');
        for (const [leaf] of alterations([claim.leaf])) mustRefuse(() => verifyInclusion({ ...claim, leaf: leaf ?? claim.leaf }), 'ERR_PROOF_ROOT');
        for (const [root] of alterations([claim.root])) mustRefuse(() => verifyInclusion({ ...claim, root: root ?? claim.root }), 'ERR_PROOF_ROOT');
      }
    }
  });

  it('are refused with any one byte altered, in any tree up to 300', () => {
    fc.assert(
      fc.property(inclusionPairs.filter(([, size]) => size > 1), fc.nat(), fc.nat(31), fc.integer({ min: 1, max: 255 }), ([index, size], which, at, flip) => {
        const claim = inclusion(index, size);
        const proof = altered(claim.proof, which % claim.proof.length, at, flip);
        mustRefuse(() => verifyInclusion({ ...claim, proof }), 'ERR_PROOF_ROOT');
      }),
      { numRuns: 1_000 },
    );
  });

  it('are refused for every other index of the tree', () => {
    for (let size = 2; size <= 64; size++) {
      for (let index = 0; index < size; index++) {
        for (let other = 0; other < size; other++) {
          if (other !== index) mustRefuse(() => verifyInclusion({ ...inclusion(index, size), index: other }), 'ERR_PROOF_ROOT', 'ERR_PROOF_LENGTH');
        }
      }
    }
  });

  it('are refused for another size with its own root; with the same root they say of the size just on which sides the siblings stand', () => {
    for (let size = 1; size <= 32; size++) {
      for (let index = 0; index < size; index++) {
        for (let other = index + 1; other <= 64; other++) {
          if (other === size) continue;
          const claim = { ...inclusion(index, size), size: other };
          mustRefuse(() => verifyInclusion({ ...claim, root: naive.root(0, other) }), 'ERR_PROOF_ROOT', 'ERR_PROOF_LENGTH');
          mustAgree(() => verifyInclusion(claim), inclusionShape(index, other) === inclusionShape(index, size));
        }
      }
    }
  });

  it('are refused with a hash too many, one too few, one of another length, or two exchanged', () => {
    for (let size = 2; size <= 64; size++) {
      for (let index = 0; index < size; index++) {
        const claim = inclusion(index, size);
        const [first = claim.leaf, ...rest] = claim.proof;
        mustRefuse(() => verifyInclusion({ ...claim, proof: [...claim.proof, claim.leaf] }), 'ERR_PROOF_LENGTH');
        mustRefuse(() => verifyInclusion({ ...claim, proof: rest }), 'ERR_PROOF_LENGTH');
        mustRefuse(() => verifyInclusion({ ...claim, proof: [first.subarray(1), ...rest] }), 'ERR_PROOF_HASH');
        if (rest.length > 0) mustRefuse(() => verifyInclusion({ ...claim, proof: [...rest, first] }), 'ERR_PROOF_ROOT');
      }
    }
  });

  it('are refused for indexes and sizes that are none, and are not made for them', async () => {
    const claim = inclusion(3, 7);
    for (const [index, size] of [[7, 7], [8, 7], [-1, 7], [0, 0], [1.5, 7], [NaN, 7], [3, NaN], [3, Infinity], [3, 2 ** 53], [2 ** 53, 2 ** 53], [3, -7]] as const) {
      mustRefuse(() => verifyInclusion({ ...claim, index, size }), 'ERR_PROOF_SIZE');
      await expect(proveInclusion(source, index, size)).rejects.toMatchObject({ code: 'ERR_TREE_SIZE' });
    }
    await expect(proveInclusion(source, 3, most + 1)).rejects.toMatchObject({ code: 'ERR_TREE_SIZE' });
    mustRefuse(() => verifyInclusion({ ...claim, leaf: new Uint8Array(33) }), 'ERR_PROOF_HASH');
    mustRefuse(() => verifyInclusion({ ...claim, root: new Uint8Array(0) }), 'ERR_PROOF_HASH');
  });

  it('take as many hashes as the largest tree asks for, and not one more', () => {
    const proof = Array.from({ length: 53 }, () => new Uint8Array(32));
    const claim = { index: 0, size: 2 ** 53 - 1, leaf: new Uint8Array(32), root: new Uint8Array(32) };
    mustRefuse(() => verifyInclusion({ ...claim, proof }), 'ERR_PROOF_ROOT');
    mustRefuse(() => verifyInclusion({ ...claim, proof: [...proof, new Uint8Array(32)] }), 'ERR_PROOF_LENGTH');
  });
});

describe('consistency proofs', () => {
  it('are those of the recursive definition and verify, for every pair of sizes up to 300', async () => {
    for (let to = 1; to <= most; to++) {
      const whole = store.source(to);
      for (let from = 1; from <= to; from++) {
        const proof = await proveConsistency(whole, from);
        if (!same(proof, naive.proof(from, to))) throw new Error(`another proof from ${from} to ${to}`);
        verifyConsistency({ from, to, oldRoot: naive.root(0, from), newRoot: naive.root(0, to), proof });
      }
    }
  });

  it('are empty from the empty tree, whose root is the only thing then checked', async () => {
    for (let to = 0; to <= most; to++) {
      const proof = await proveConsistency(source, 0, to);
      const claim = { from: 0, to, oldRoot: naive.root(0, 0), newRoot: naive.root(0, to), proof };
      expect(proof).toEqual([]);
      verifyConsistency(claim);
      mustRefuse(() => verifyConsistency({ ...claim, oldRoot: naive.root(0, 1) }), 'ERR_PROOF_OLD_ROOT');
      mustRefuse(() => verifyConsistency({ ...claim, proof: [naive.root(0, 1)] }), 'ERR_PROOF_LENGTH');
    }
  });

  it('are refused with any one byte of proof or roots altered, for every pair up to 24', () => {
    for (let to = 1; to <= 24; to++) {
      for (let from = 1; from <= to; from++) {
        const claim = consistency(from, to);
        for (const proof of alterations(claim.proof)) mustRefuse(() => verifyConsistency({ ...claim, proof }), 'ERR_PROOF_ROOT', 'ERR_PROOF_OLD_ROOT');
        for (const [oldRoot] of alterations([claim.oldRoot])) mustRefuse(() => verifyConsistency({ ...claim, oldRoot: oldRoot ?? claim.oldRoot }), 'ERR_PROOF_ROOT', 'ERR_PROOF_OLD_ROOT');
        for (const [newRoot] of alterations([claim.newRoot])) mustRefuse(() => verifyConsistency({ ...claim, newRoot: newRoot ?? claim.newRoot }), 'ERR_PROOF_ROOT');
      }
    }
  });

  it('are refused with any one byte altered, for any pair up to 300', () => {
    fc.assert(
      fc.property(sizePairs.filter(([from, to]) => from < to), fc.nat(), fc.nat(31), fc.integer({ min: 1, max: 255 }), ([from, to], which, at, flip) => {
        const claim = consistency(from, to);
        const proof = altered(claim.proof, which % claim.proof.length, at, flip);
        mustRefuse(() => verifyConsistency({ ...claim, proof }), 'ERR_PROOF_ROOT', 'ERR_PROOF_OLD_ROOT');
      }),
      { numRuns: 1_000 },
    );
  });

  it('are refused for other sizes with their own roots; with the same roots they say of the sizes just on which sides the hashes stand', () => {
    for (let to = 2; to <= 24; to++) {
      for (let from = 1; from < to; from++) {
        for (let other = 1; other <= 48; other++) {
          const [asOld, asNew] = [{ ...consistency(from, to), from: other }, { ...consistency(from, to), to: other }];
          if (other !== from) mustRefuse(() => verifyConsistency({ ...asOld, oldRoot: naive.root(0, other) }), 'ERR_PROOF_ROOT', 'ERR_PROOF_OLD_ROOT', 'ERR_PROOF_LENGTH', 'ERR_PROOF_SIZE');
          if (other !== to) mustRefuse(() => verifyConsistency({ ...asNew, newRoot: naive.root(0, other) }), 'ERR_PROOF_ROOT', 'ERR_PROOF_OLD_ROOT', 'ERR_PROOF_LENGTH', 'ERR_PROOF_SIZE');
          if (other < to) mustAgree(() => verifyConsistency(asOld), consistencyShape(other, to) === consistencyShape(from, to));
          if (other > from) mustAgree(() => verifyConsistency(asNew), consistencyShape(from, other) === consistencyShape(from, to));
        }
      }
    }
  });

  it('do not excuse a tree in which any old leaf was changed, removed or exchanged', () => {
    const from = 21;
    for (let changed = 0; changed < from; changed++) {
      for (const forged of [leaves.with(changed, new Uint8Array(32)), leaves.toSpliced(changed, 1), leaves.with(changed, leaves[changed + 1] ?? leaves[0] ?? new Uint8Array(32)).with(changed + 1, leaves[changed] ?? new Uint8Array(32))]) {
        const tree = new NaiveTree(forged);
        const claim = { from, to: 50, oldRoot: naive.root(0, from), newRoot: tree.root(0, 50), proof: tree.proof(from, 50) };
        mustRefuse(() => verifyConsistency(claim), 'ERR_PROOF_OLD_ROOT');
      }
    }
  });

  it('are refused with a hash too many, too few or of another length, for two roots of one size, and for a tree that shrank', async () => {
    const claim = consistency(5, 13);
    mustRefuse(() => verifyConsistency({ ...claim, proof: [...claim.proof, claim.oldRoot] }), 'ERR_PROOF_LENGTH');
    mustRefuse(() => verifyConsistency({ ...claim, proof: claim.proof.slice(0, -1) }), 'ERR_PROOF_LENGTH');
    mustRefuse(() => verifyConsistency({ ...claim, proof: [] }), 'ERR_PROOF_LENGTH');
    mustRefuse(() => verifyConsistency({ ...claim, proof: claim.proof.map((hash) => hash.subarray(1)) }), 'ERR_PROOF_HASH');
    mustRefuse(() => verifyConsistency({ ...claim, from: 13, proof: [] }), 'ERR_PROOF_ROOT');
    for (const [from, to] of [[13, 5], [1.5, 13], [NaN, 13], [5, 2 ** 53], [-1, 13]] as const) {
      mustRefuse(() => verifyConsistency({ ...claim, from, to }), 'ERR_PROOF_SIZE');
      await expect(proveConsistency(source, from, to)).rejects.toMatchObject({ code: 'ERR_TREE_SIZE' });
    }
  });
});

function inclusion(index: number, size: number): InclusionClaim {
  return { index, size, leaf: naive.root(index, index + 1), proof: naive.path(index, 0, size), root: naive.root(0, size) };
}

function consistency(from: number, to: number): ConsistencyClaim {
  return { from, to, oldRoot: naive.root(0, from), newRoot: naive.root(0, to), proof: naive.proof(from, to) };
}

/** Every way to alter one byte of one hash, each once. */
function* alterations(hashes: readonly Uint8Array[]): Generator<Uint8Array[]> {
  for (const which of hashes.keys()) for (let at = 0; at < 32; at++) yield altered(hashes, which, at, 1 << at % 8);
}

function altered(hashes: readonly Uint8Array[], which: number, at: number, flip: number): Uint8Array[] {
  return hashes.map((hash, i) => (i === which ? hash.map((byte, j) => (j === at ? byte ^ flip : byte)) : hash));
}

/** Without `expect`, which would take most of the time of millions of checks. */
function mustRefuse(verify: () => void, ...codes: readonly ProofFault[]): void {
  const fault = faultOf(verify);
  if (fault === null || !codes.includes(fault)) throw new Error(`${fault ?? 'accepted'} instead of ${codes.join(' or ')}`);
}

function mustAgree(verify: () => void, accepted: boolean): void {
  if ((faultOf(verify) === null) !== accepted) throw new Error(accepted ? 'refused what has the same form' : 'accepted another form');
}

function faultOf(verify: () => void): ProofFault | null {
  try {
    verify();
    return null;
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
}

function same(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((hash, i) => Buffer.compare(hash, b[i] ?? Buffer.alloc(0)) === 0);
}
