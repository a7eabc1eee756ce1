/** Failed logins of one address within the window, after which its connections are closed before a key exchange costs anything. */
const most = 30;
const windowMs = 60_000;
/** Addresses remembered; the oldest are forgotten first. */
const maxAddresses = 10_000;

/** Counts failed logins by address. An aid against guessing and noise: tokens cannot be guessed. */
export class Attempts {
  readonly #now: () => number;
  readonly #failed = new Map<string, { since: number; count: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  mayTry(address: string): boolean {
    const known = this.#failed.get(address);
    if (known === undefined) return true;
    if (this.#now() - known.since < windowMs) return known.count < most;
    this.#failed.delete(address);
    return true;
  }

  failed(address: string): void {
    const known = this.#failed.get(address);
    if (known !== undefined && this.#now() - known.since < windowMs) known.count++;
    else {
      this.#failed.delete(address);
      this.#failed.set(address, { since: this.#now(), count: 1 });
    }
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > maxAddresses && oldest !== undefined) this.#failed.delete(oldest);
  }
}
