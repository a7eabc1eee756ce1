import type { Adapter, AdapterPayload } from 'oidc-provider';

/** Everything is forgotten with the process; past this the oldest goes. */
const most = 2_000;

interface Kept {
  readonly payload: AdapterPayload;
  readonly until: number;
}

/**
 * Where the provider keeps its codes, grants and refresh tokens. A browser's session is kept without the person, so that each login asks anew
 * who it is: in the demo one browser is many people.
 */
export function memory(now: () => number = Date.now): (model: string) => Adapter {
  const kept = new Map<string, Kept>();
  return (model) => new Shelf(model, kept, now);
}

class Shelf implements Adapter {
  readonly #model: string;
  readonly #kept: Map<string, Kept>;
  readonly #now: () => number;

  constructor(model: string, kept: Map<string, Kept>, now: () => number) {
    this.#model = model;
    this.#kept = kept;
    this.#now = now;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    for (const [key, { until }] of this.#kept) {
      if (until > this.#now() && this.#kept.size < most) break;
      this.#kept.delete(key);
    }
    const { accountId, ...nobody } = payload;
    const shown = this.#model === 'Session' && accountId !== undefined ? nobody : payload;
    this.#kept.set(this.#key(id), { payload: shown, until: this.#now() + expiresIn * 1000 });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const found = this.#kept.get(this.#key(id));
    return found !== undefined && found.until > this.#now() ? found.payload : undefined;
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#where((payload) => payload.userCode === userCode);
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#where((payload) => payload.uid === uid);
  }

  async consume(id: string): Promise<void> {
    const found = this.#kept.get(this.#key(id));
    if (found !== undefined) this.#kept.set(this.#key(id), { ...found, payload: { ...found.payload, consumed: Math.floor(this.#now() / 1000) } });
  }

  async destroy(id: string): Promise<void> {
    this.#kept.delete(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of this.#kept) if (key.startsWith(`${this.#model} `) && payload.grantId === grantId) this.#kept.delete(key);
  }

  async #where(fits: (payload: AdapterPayload) => boolean): Promise<AdapterPayload | undefined> {
    for (const [key, { payload, until }] of this.#kept) if (key.startsWith(`${this.#model} `) && until > this.#now() && fits(payload)) return payload;
    return undefined;
  }

  #key(id: string): string {
    return `${this.#model} ${id}`;
  }
}
