import type { Credential, SecretLease } from '@sallyport/domain-model';
import { SecretUnavailableError } from './errors.ts';

/** A lease over a buffer of its own, which dispose overwrites. Whoever copies the bytes in `use` answers for the copy. */
export class BufferLease implements SecretLease {
  readonly #username: string;
  readonly #secret: Uint8Array;
  #ended = false;

  /** @param secret taken over: nobody else may keep it */
  constructor(username: string, secret: Uint8Array) {
    this.#username = username;
    this.#secret = secret;
  }

  use<T>(work: (credential: Credential) => T): T {
    if (this.#ended) throw new SecretUnavailableError('ERR_SECRET_DISPOSED', 'the lease of this credential has ended');
    return work({ username: this.#username, secret: this.#secret });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#secret.fill(0);
    return Promise.resolve();
  }
}
