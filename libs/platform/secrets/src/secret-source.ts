import type { SecretLease, SecretProvider } from '@sallyport/domain-model';
import { SecretUnavailableError } from './errors.ts';

/** The provider for each scheme: `file:ledger-db` goes to the one whose scheme is `file`. */
export class SecretSource {
  readonly #providers: ReadonlyMap<string, SecretProvider>;

  constructor(providers: readonly SecretProvider[]) {
    this.#providers = new Map(providers.map((provider) => [provider.scheme, provider]));
  }

  /** @param reference with its scheme: `file:ledger-db`. Throws SecretUnavailableError. */
  async lease(reference: string, why: Parameters<SecretProvider['lease']>[1], signal: AbortSignal): Promise<SecretLease> {
    const colon = reference.indexOf(':');
    const provider = this.#providers.get(reference.slice(0, Math.max(colon, 0)));
    if (provider === undefined) throw new SecretUnavailableError('ERR_SECRET_REFERENCE', `a credential reference starts with one of ${[...this.#providers.keys()].map((scheme) => `${scheme}:`).join(', ')}`);
    return await provider.lease(reference.slice(colon + 1), why, signal);
  }
}
