/**
 * `ERR_PROOF_SIZE`: a size or index is no whole number from 0 to 2^53 - 1, or the leaf is not in the tree, or the tree shrank. `ERR_PROOF_HASH`: a hash is
 * not 32 bytes. `ERR_PROOF_LENGTH`: more or fewer hashes than these sizes ask for. `ERR_PROOF_ROOT`: the proof does not lead to the root (for
 * consistency: the newer one). `ERR_PROOF_OLD_ROOT`: it does not lead to the older root.
 */
export type ProofFault = 'ERR_PROOF_SIZE' | 'ERR_PROOF_HASH' | 'ERR_PROOF_LENGTH' | 'ERR_PROOF_ROOT' | 'ERR_PROOF_OLD_ROOT';

/** A proof was refused. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly code: ProofFault;

  constructor(code: ProofFault, say: string) {
    super(say);
    this.code = code;
  }
}
