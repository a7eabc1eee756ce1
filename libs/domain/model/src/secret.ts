import type { SessionId } from './ids.ts';

/** Where credentials come from; one implementation for each scheme. */
export interface SecretProvider {
  /** `file`, `env`, … : the part of a reference before the colon. */
  readonly scheme: string;
  /**
   * Leases the credential for one dial. Throws SecretUnavailableError (never with the value in its text).
   * @param reference the part after the colon
   */
  lease(reference: string, why: { readonly session: SessionId; readonly target: string }, signal: AbortSignal): Promise<SecretLease>;
}

/** `await using lease = …` wipes the value when the block ends, whatever happens. */
export interface SecretLease extends AsyncDisposable {
  /** The value lives only inside the callback; the buffer is overwritten on dispose. */
  use<T>(work: (credential: Credential) => T): T;
}

export interface Credential {
  readonly username: string;
  readonly secret: Uint8Array;
}
