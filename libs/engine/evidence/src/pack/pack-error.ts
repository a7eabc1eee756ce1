/**
 * `ERR_PACK_ARCHIVE`: not the one archive that its content has. `ERR_PACK_TOO_LARGE`: past the limit that the caller set. `ERR_PACK_MANIFEST`: the manifest
 * is not one of this version. `ERR_PACK_LEAVES`: leaves are not what was declared. `ERR_PACK_PROOF`: a proof file is not in its one form. `ERR_PACK_PATH`: a file stands where none may.
 */
export type PackFaultCode = 'ERR_PACK_ARCHIVE' | 'ERR_PACK_TOO_LARGE' | 'ERR_PACK_MANIFEST' | 'ERR_PACK_LEAVES' | 'ERR_PACK_PROOF' | 'ERR_PACK_PATH';

/** A pack could not be read or written. Messages quote nothing of its content. */
export class PackError extends Error {
  override readonly name = 'PackError';
  readonly code: PackFaultCode;

  constructor(code: PackFaultCode, say: string) {
    super(say);
    this.code = code;
  }
}
