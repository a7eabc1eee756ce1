import { createHash } from 'node:crypto';
import { identityResolve, type Bus } from '@sallyport/platform-bus';
import { ApiError } from '../errors/api-error.ts';
import { bootstrapIdentity, bootstrapName, type BootstrapToken } from './bootstrap-token.ts';
import { FailedLogins } from './failed-logins.ts';
import type { Identity } from './request.ts';

/** A good answer is believed this long: so long a suspension of a person may take to be felt here. Refusals are never kept. */
const believedForMs = 30_000;
const most = 1_000;
const longestToken = 16_384;

export interface Knock {
  readonly token: string;
  readonly address: string;
  readonly port: number;
  readonly client: string | null;
}

/** Finds out who a token is. Identity verifies; the token goes there and nowhere else, and is remembered by its hash only. */
export class People {
  readonly #bus: Pick<Bus, 'call'>;
  readonly #bootstrap: BootstrapToken | null;
  readonly #now: () => number;
  readonly #failed = new FailedLogins();
  readonly #known = new Map<string, { readonly identity: Identity; readonly until: number }>();

  constructor(bus: Pick<Bus, 'call'>, bootstrap: BootstrapToken | null, now: () => number = Date.now) {
    this.#bus = bus;
    this.#bootstrap = bootstrap;
    this.#now = now;
  }

  /** Throws an ApiError: `unauthenticated`, `unauthorized`, `rate-limited`, or that identity cannot be asked. */
  async who(knock: Knock): Promise<Identity> {
    const key = createHash('sha256').update(knock.token).digest('base64url');
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known.identity;
    this.#known.delete(key);
    if (this.#failed.tooMany(knock.address, this.#now())) throw new ApiError('rate-limited', 'too many failed logins from this address');
    if (this.#bootstrap?.is(knock.token) === true) return bootstrapIdentity;
    const identity = await this.#ask(knock);
    this.#remember(key, identity);
    return identity;
  }

  async #ask({ token, address, port, client }: Knock): Promise<Identity> {
    if (token.length > longestToken) throw this.#refused(address, 'unauthenticated', 'the token is too long');
    const reply = await this.#bus.call(identityResolve, { token, door: 'api', source: { address, port, client }, session: null, expect: 'person' });
    if (!reply.ok) {
      const { code, say } = reply.error;
      throw code === 'unauthenticated' || code === 'unauthorized' ? this.#refused(address, code, say) : new ApiError('unavailable', 'logins cannot be checked at this moment');
    }
    if (reply.value.kind !== 'person' || reply.value.person === bootstrapName) throw this.#refused(address, 'unauthorized', 'this token is not a person who may use the API');
    const { person, roles, groups, tokenExpires } = reply.value;
    return { person, roles, groups, tokenExpires };
  }

  #refused(address: string, code: 'unauthenticated' | 'unauthorized', say: string): ApiError {
    this.#failed.failed(address, this.#now());
    return new ApiError(code, say);
  }

  #remember(key: string, identity: Identity): void {
    const expires = identity.tokenExpires === null ? 0 : Date.parse(identity.tokenExpires);
    const until = Math.min(this.#now() + believedForMs, Number.isNaN(expires) ? 0 : expires);
    if (this.#known.size >= most) this.#known.clear();
    this.#known.set(key, { identity, until });
  }
}
