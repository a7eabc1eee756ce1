import type { SecretLease, SecretProvider } from '@sallyport/domain-model';
import { SecretUnavailableError } from './errors.ts';
import { BufferLease } from './lease.ts';

/**
 * Credentials in environment variables: `env:LEDGER_DB` (or `env:ledger-db`) is `SALLYPORT_SECRET_LEDGER_DB=user:password`, split at the first colon.
 * For trying things out: a process's environment is visible to its owner and to what it starts.
 */
export class EnvSecrets implements SecretProvider {
  readonly scheme = 'env';
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#env = env;
  }

  async lease(reference: string, _why: unknown, signal: AbortSignal): Promise<SecretLease> {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(reference)) throw new SecretUnavailableError('ERR_SECRET_REFERENCE', `env:${reference.slice(0, 64)} is no plain name`);
    signal.throwIfAborted();
    const name = `SALLYPORT_SECRET_${reference.toUpperCase().replaceAll('-', '_')}`;
    const value = this.#env[name];
    if (value === undefined || value === '') throw new SecretUnavailableError('ERR_SECRET_NOT_FOUND', `${name} is not set`);
    const colon = value.indexOf(':');
    if (colon < 1 || colon === value.length - 1) throw new SecretUnavailableError('ERR_SECRET_MALFORMED', `${name} is not of the form user:password`);
    return new BufferLease(value.slice(0, colon), new TextEncoder().encode(value.slice(colon + 1)));
  }
}
