/**
 * | code | meaning |
 * |---|---|
 * | ERR_SECRET_REFERENCE | the reference is malformed, or its scheme has no provider |
 * | ERR_SECRET_NOT_FOUND | there is no such credential |
 * | ERR_SECRET_UNSAFE | it is there, but others than its owner could read or change it |
 * | ERR_SECRET_MALFORMED | it is there, but is not a credential |
 * | ERR_SECRET_UNREADABLE | reading it failed, or took too long |
 * | ERR_SECRET_DISPOSED | the lease has ended |
 */
export type SecretErrorCode = 'ERR_SECRET_REFERENCE' | 'ERR_SECRET_NOT_FOUND' | 'ERR_SECRET_UNSAFE' | 'ERR_SECRET_MALFORMED' | 'ERR_SECRET_UNREADABLE' | 'ERR_SECRET_DISPOSED';

/** A credential cannot be leased. The message names the reference and never holds any part of the credential. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';
  readonly code: SecretErrorCode;

  constructor(code: SecretErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
