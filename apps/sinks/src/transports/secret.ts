import { SecretUnavailableError, type SecretSource } from '@sallyport/platform-secrets';
import { id, uuidv7, type SessionId } from '@sallyport/domain-model';
import { DeliveryError } from './transport.ts';

export interface SecretValue {
  readonly user: string;
  readonly value: string;
}

/** How long a secret is used before it is read again, in milliseconds: replacing it is enough to change it. */
const freshMs = 30_000;
const withinMs = 5_000;

/** The secret that a sink names. Kept in memory for half a minute. */
export class Secret {
  readonly #source: SecretSource;
  readonly #reference: string;
  readonly #sink: string;
  #known: { readonly value: SecretValue; readonly until: number } | null = null;

  constructor(source: SecretSource, reference: string, sink: string) {
    this.#source = source;
    this.#reference = reference;
    this.#sink = sink;
  }

  /** The receiver does not take it: it is read anew the next time. */
  forget(): void {
    this.#known = null;
  }

  /** Throws DeliveryError `secret`, which names the reference. */
  async get(): Promise<SecretValue> {
    if (this.#known !== null && this.#known.until > performance.now()) return this.#known.value;
    try {
      await using lease = await this.#source.lease(this.#reference, { session: id<SessionId>(uuidv7()), target: this.#sink }, AbortSignal.timeout(withinMs));
      const value = lease.use(({ username, secret }) => ({ user: username, value: Buffer.from(secret).toString('utf8') }));
      this.#known = { value, until: performance.now() + freshMs };
      return value;
    } catch (error) {
      throw new DeliveryError('secret', error instanceof SecretUnavailableError ? `${error.code}: ${this.#reference}` : `${this.#reference} cannot be read`);
    }
  }
}
