import { emptyRoot, hashLength, nodeHash, sameHash } from './hash.ts';
import { ProofError } from './proof-error.ts';
import { half, isOdd, isPowerOfTwo, isSize } from './sizes.ts';

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface ConsistencyClaim {
  readonly from: number;
  readonly to: number;
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * RFC 9162, 2.1.3.2: the leaf hash is the `index`-th leaf of the tree with this root. Returns, or throws `ProofError`.
 * `size` and `root` must come from one checkpoint that was verified: a root does not say its size, and two sizes under which a leaf has its
 * siblings on the same sides accept the same proof.
 */
export function verifyInclusion({ index, size, leaf, proof, root }: InclusionClaim): void {
  if (!isSize(index) || !isSize(size) || index >= size) refuse('ERR_PROOF_SIZE', 'the leaf is not in a tree of this size');
  checkHashes([leaf, root], proof);
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) refuse('ERR_PROOF_LENGTH', 'the proof has too many hashes');
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      [node, last] = skipEmptyRight(node, last);
    } else hash = nodeHash(hash, sibling);
    node = half(node);
    last = half(last);
  }
  if (last !== 0) refuse('ERR_PROOF_LENGTH', 'the proof has too few hashes');
  if (!sameHash(hash, root)) refuse('ERR_PROOF_ROOT', 'the proof does not lead to the root');
}

/**
 * RFC 9162, 2.1.4.2: the tree of `to` leaves begins with the tree of `from` leaves. Returns, or throws `ProofError`. Every tree begins with the empty
 * one; then only `oldRoot` is checked. What is said of sizes at `verifyInclusion` holds here too.
 */
export function verifyConsistency({ from, to, oldRoot, newRoot, proof }: ConsistencyClaim): void {
  if (!isSize(from) || !isSize(to) || from > to) refuse('ERR_PROOF_SIZE', 'a tree does not shrink');
  checkHashes([oldRoot, newRoot], proof);
  if (from === to || from === 0) return verifyTrivially({ from, to, oldRoot, newRoot, proof });
  // The root of an old tree that is a whole subtree of the new one is not sent: it is the one we know.
  const [start, ...rest] = isPowerOfTwo(from) ? [oldRoot, ...proof] : proof;
  if (start === undefined) refuse('ERR_PROOF_LENGTH', 'the proof has too few hashes');
  let [node, last] = skipOdd(from - 1, to - 1);
  let older = start;
  let newer = start;
  for (const sibling of rest) {
    if (last === 0) refuse('ERR_PROOF_LENGTH', 'the proof has too many hashes');
    if (isOdd(node) || node === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      [node, last] = skipEmptyRight(node, last);
    } else newer = nodeHash(newer, sibling);
    node = half(node);
    last = half(last);
  }
  if (last !== 0) refuse('ERR_PROOF_LENGTH', 'the proof has too few hashes');
  if (!sameHash(older, oldRoot)) refuse('ERR_PROOF_OLD_ROOT', 'the proof does not lead to the older root');
  if (!sameHash(newer, newRoot)) refuse('ERR_PROOF_ROOT', 'the proof does not lead to the newer root');
}

function verifyTrivially({ from, to, oldRoot, newRoot, proof }: ConsistencyClaim): void {
  if (proof.length > 0) refuse('ERR_PROOF_LENGTH', 'where there is nothing to show, the proof is empty');
  if (from === 0 && !sameHash(oldRoot, emptyRoot())) refuse('ERR_PROOF_OLD_ROOT', 'the root of no leaves is the hash of nothing');
  if (from === to && !sameHash(oldRoot, newRoot)) refuse('ERR_PROOF_ROOT', 'two roots for one size');
}

/** At the right edge a subtree has no sibling on some levels: those have no hash in the proof. */
function skipEmptyRight(node: number, last: number): [number, number] {
  while (node !== 0 && !isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  return [node, last];
}

function skipOdd(node: number, last: number): [number, number] {
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  return [node, last];
}

function checkHashes(known: readonly Uint8Array[], proof: readonly Uint8Array[]): void {
  if (![...known, ...proof].every((hash) => hash.length === hashLength)) refuse('ERR_PROOF_HASH', 'a hash has 32 bytes');
}

function refuse(code: ProofError['code'], say: string): never {
  throw new ProofError(code, say);
}
