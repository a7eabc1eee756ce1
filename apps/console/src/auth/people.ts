import { createHash } from 'node:crypto';
import { buckets, identityResolve, type Bus } from '@sallyport/platform-bus';
import { ApiError } from '../errors/api-error.ts';
import { bootstrapIdentity, bootstrapName, type BootstrapToken } from './bootstrap-token.ts';
import { FailedLogins } from './failed-logins.ts';
import type { Identity } from './request.ts';

/** A good answer is believed this long, and until identity shows that something changed about the person. Refusals are never kept. */
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

  #changes = 0;

  constructor(bus: Pick<Bus, 'call'>, bootstrap: BootstrapToken | null, now: () => number = Date.now) {
    this.#bus = bus;
    this.#bootstrap = bootstrap;
    this.#now = now;
  }

  /** Whoever left, changed or has to log in again is asked about anew at the next request, as soon as identity shows it to the others. @returns how to stop */
  async follow(bus: Pick<Bus, 'kv'>): Promise<() => void> {
    const bucket = await bus.kv(buckets.inventory);
    const stops = await Promise.all(['person', 'login'].map((kind) => bucket.watch(`${kind}.*`, (key) => this.#forget(key.slice(kind.length + 1)))));
    return () => stops.forEach((stop) => stop());
  }

  /** Throws an ApiError: `unauthenticated`, `session-revoked` (log in again), `unauthorized`, `rate-limited`, or that identity cannot be asked. */
  async who(knock: Knock): Promise<Identity> {
    const key = createHash('sha256').update(knock.token).digest('base64url');
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known.identity;
    this.#known.delete(key);
    if (this.#failed.tooMany(knock.address, this.#now())) throw new ApiError('rate-limited', 'too many failed logins from this address');
    if (this.#bootstrap?.is(knock.token) === true) return bootstrapIdentity;
    const changes = this.#changes;
    const identity = await this.#ask(knock);
    // What changed while identity answered may be missing in the answer.
    if (changes === this.#changes) this.#remember(key, identity);
    return identity;
  }

  async #ask({ token, address, port, client }: Knock): Promise<Identity> {
    if (token.length > longestToken) throw this.#refused(address, 'unauthenticated', 'the token is too long');
    const reply = await this.#bus.call(identityResolve, { token, door: 'api', source: { address, port, client }, session: null, expect: 'person' });
    if (!reply.ok) {
      const { code, say } = reply.error;
      // Identity's sentences end in their code.
      if (code === 'unauthenticated' && say.endsWith('(session-revoked)')) throw this.#refused(address, 'session-revoked', say);
      throw code === 'unauthenticated' || code === 'unauthorized' ? this.#refused(address, code, say) : new ApiError('unavailable', 'logins cannot be checked at this moment');
    }
    if (reply.value.kind !== 'person' || reply.value.person === bootstrapName) throw this.#refused(address, 'unauthorized', 'this token is not a person who may use the API');
    const { person, roles, groups, tokenExpires } = reply.value;
    return { person, roles, groups, tokenExpires };
  }

  #refused(address: string, code: 'unauthenticated' | 'session-revoked' | 'unauthorized', say: string): ApiError {
    this.#failed.failed(address, this.#now());
    return new ApiError(code, say);
  }

  #forget(person: string): void {
    this.#changes++;
    for (const [key, { identity }] of this.#known) if (identity.person === person) this.#known.delete(key);
  }

  #remember(key: string, identity: Identity): void {
    const expires = identity.tokenExpires === null ? 0 : Date.parse(identity.tokenExpires);
    const until = Math.min(this.#now() + believedForMs, Number.isNaN(expires) ? 0 : expires);
    if (this.#known.size >= most) this.#known.clear();
    this.#known.set(key, { identity, until });
  }
}
