/**
 * `ERR_TIMESTAMP_REFUSED`: the authority has not granted it. `ERR_TIMESTAMP_MALFORMED`: not a token in DER with one signer. `ERR_TIMESTAMP_IMPRINT`: of
 * something else. `ERR_TIMESTAMP_NONCE`: an answer to another request. `ERR_TIMESTAMP_SIGNER`: its signer's certificate is not there, not the one that was
 * signed for, or not for timestamps. `ERR_TIMESTAMP_SIGNATURE`: the signature does not hold, or is of a kind that is not understood.
 * `ERR_TIMESTAMP_CHAIN`: no way from the signer to a trusted authority, at the time that the token says.
 */
export type TimestampFault =
  | 'ERR_TIMESTAMP_REFUSED'
  | 'ERR_TIMESTAMP_MALFORMED'
  | 'ERR_TIMESTAMP_IMPRINT'
  | 'ERR_TIMESTAMP_NONCE'
  | 'ERR_TIMESTAMP_SIGNER'
  | 'ERR_TIMESTAMP_SIGNATURE'
  | 'ERR_TIMESTAMP_CHAIN';

/** A timestamp was refused. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
  readonly code: TimestampFault;

  constructor(code: TimestampFault, say: string) {
    super(say);
    this.code = code;
  }
}

export function refuse(code: TimestampFault, say: string): never {
  throw new TimestampError(code, say);
}
