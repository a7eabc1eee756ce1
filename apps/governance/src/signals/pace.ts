/** Names that are remembered; beyond, the longest unseen is forgotten. */
const most = 10_000;

/** How often somebody may come: `perSecond` in the long run, `atOnce` in a burst. */
export class Pace {
  readonly #perSecond: number;
  readonly #atOnce: number;
  readonly #now: () => number;
  readonly #left = new Map<string, { left: number; at: number }>();

  /** @param now milliseconds since 1970 */
  constructor(perSecond: number, atOnce: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#now = now;
  }

  /** @returns seconds to wait, 0 when it may come in */
  ask(name: string): number {
    const now = this.#now();
    const before = this.#left.get(name) ?? { left: this.#atOnce, at: now };
    const left = Math.min(this.#atOnce, before.left + (Math.max(0, now - before.at) / 1000) * this.#perSecond);
    this.#left.delete(name);
    this.#left.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    const [oldest] = this.#left.keys();
    if (this.#left.size > most && oldest !== undefined) this.#left.delete(oldest);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#perSecond);
  }
}
