/**
 * `ERR_TREE_SIZE`: a size, an index or a range is no whole number from 0 to 2^53 - 1, or lies outside the tree. `ERR_TREE_HASH`: a hash is not
 * 32 bytes. `ERR_TREE_FRONTIER`: a stored frontier is not one of its size, or not of the root that is known. `ERR_TREE_TILE`: a tile does not
 * exist in the tree, its path is not canonical, or its bytes are not its width.
 */
export type TreeFault = 'ERR_TREE_SIZE' | 'ERR_TREE_HASH' | 'ERR_TREE_FRONTIER' | 'ERR_TREE_TILE';

/** The tree was asked for something that it cannot have, or what was stored of it is damaged. Never the outcome of verifying a proof: that is `ProofError`. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
  readonly code: TreeFault;

  constructor(code: TreeFault, say: string) {
    super(say);
    this.code = code;
  }
}
