import { identityList, type Bus } from '@sallyport/platform-bus';
import { issuerDocument } from '@sallyport/platform-config';
import { valueOf } from '../errors/api-error.ts';

/** Where people log in: an issuer with the public client that the command line uses there. */
export interface LoginPlace {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly audience: string | null;
  readonly resource: string | null;
  readonly token: 'access' | 'id';
}

/** Anybody may ask, so identity is asked once in this time, in milliseconds. */
const keptForMs = 10_000;

/** The issuers of the inventory that are trusted for people and offer a login. */
export class LoginPlaces {
  readonly #bus: Pick<Bus, 'call'>;
  readonly #now: () => number;
  #kept: { readonly places: Promise<LoginPlace[]>; readonly until: number } | null = null;

  constructor(bus: Pick<Bus, 'call'>, now: () => number = Date.now) {
    this.#bus = bus;
    this.#now = now;
  }

  /** Throws an ApiError while identity does not answer; that is not kept. */
  all(): Promise<LoginPlace[]> {
    if (this.#kept !== null && this.#kept.until > this.#now()) return this.#kept.places;
    const places = this.#ask();
    this.#kept = { places, until: this.#now() + keptForMs };
    places.catch(() => {
      if (this.#kept?.places === places) this.#kept = null;
    });
    return places;
  }

  async #ask(): Promise<LoginPlace[]> {
    const { documents } = valueOf(await this.#bus.call(identityList, { kind: 'Issuer', name: null }));
    return documents.flatMap((document) => {
      const parsed = issuerDocument.safeParse(document);
      if (!parsed.success) return [];
      const { metadata, spec } = parsed.data;
      if (spec.login === undefined || !spec.trusts.includes('people')) return [];
      const { clientId, scopes, audience = null, resource = null, token } = spec.login;
      return [{ name: metadata.name, issuer: spec.issuer, clientId, scopes, audience, resource, token }];
    });
  }
}
