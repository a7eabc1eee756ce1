/** Failures of one source within the window, after which it waits. */
const allowed = 10;
const windowMs = 60_000;
/** Sources remembered. Past it the oldest is forgotten: an attacker with so many addresses is not slowed down by this. */
const most = 10_000;

/**
 * Slows down guessing: a source with ten failed logins within a minute is refused until the minute is over. In memory and per process:
 * it is an aid; tokens are what makes guessing hopeless.
 */
export class FailedLogins {
  readonly #sources = new Map<string, { count: number; until: number }>();

  tooMany(source: string, now: number): boolean {
    const known = this.#sources.get(source);
    return known !== undefined && known.until > now && known.count >= allowed;
  }

  failed(source: string, now: number): void {
    const known = this.#sources.get(source);
    if (known !== undefined && known.until > now) {
      known.count++;
      return;
    }
    this.#sources.delete(source);
    if (this.#sources.size >= most) for (const oldest of this.#sources.keys()) return this.#replace(oldest, source, now);
    this.#sources.set(source, { count: 1, until: now + windowMs });
  }

  #replace(oldest: string, source: string, now: number): void {
    this.#sources.delete(oldest);
    this.#sources.set(source, { count: 1, until: now + windowMs });
  }
}
