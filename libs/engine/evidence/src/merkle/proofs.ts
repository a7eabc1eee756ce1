import type { HashSource } from './hash-source.ts';
import { checkSize, splitOf } from './sizes.ts';
import { TreeError } from './tree-error.ts';

/** Leaves [from, to). */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * RFC 6962, 2.1.1, PATH(index, D[0:size]): the siblings from the leaf up, for `verifyInclusion`. `size` may be any that the source has
 * reached. Throws `TreeError`.
 */
export async function proveInclusion(source: HashSource, index: number, size = source.size): Promise<Uint8Array[]> {
  return hashes(source, pathOf(index, size));
}

/**
 * RFC 6962, 2.1.2, PROOF(from, D[0:to]): that the first `from` leaves are still what they were, for `verifyConsistency`. Empty where nothing
 * has to be shown: both sizes equal, or `from` 0. Throws `TreeError`.
 */
export async function proveConsistency(source: HashSource, from: number, to = source.size): Promise<Uint8Array[]> {
  return hashes(source, growthOf(from, to));
}

function hashes(source: HashSource, ranges: readonly Range[]): Promise<Uint8Array[]> {
  return Promise.all(ranges.map(({ from, to }) => source.range(from, to)));
}

function pathOf(index: number, size: number): Range[] {
  checkSize(index, 'an index');
  checkSize(size);
  if (index >= size) throw new TreeError('ERR_TREE_SIZE', 'the leaf is not in a tree of this size');
  const siblings: Range[] = [];
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      siblings.push({ from: middle, to });
      to = middle;
    } else {
      siblings.push({ from, to: middle });
      from = middle;
    }
  }
  return siblings.reverse();
}

function growthOf(old: number, size: number): Range[] {
  checkSize(old);
  checkSize(size);
  if (old > size) throw new TreeError('ERR_TREE_SIZE', 'a tree does not shrink');
  if (old === 0) return [];
  const parts: Range[] = [];
  let [from, to] = [0, size];
  while (to !== old) {
    const middle = from + splitOf(to - from);
    if (old <= middle) {
      parts.push({ from: middle, to });
      to = middle;
    } else {
      parts.push({ from, to: middle });
      from = middle;
    }
  }
  // A whole old tree is known to the verifier; a part of it is not.
  if (from > 0) parts.push({ from, to });
  return parts.reverse();
}
