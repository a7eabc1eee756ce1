import { isIPv6 } from 'node:net';
import { plainAddress } from '@sallyport/platform-identity';

/** Addresses that are remembered; beyond, the longest unseen is forgotten, which costs an attacker with a million addresses nothing and us no memory. */
const maxAddresses = 20_000;

/** How many exchanges one address may ask for: `perSecond` in the long run, five times as many at once. IPv6 counts by /64, which is one site's. */
export class Rate {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** @param now milliseconds since 1970 */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @returns seconds to wait, or 0 when it may come in */
  ask(address: string): number {
    const key = siteOf(plainAddress(address));
    const most = this.#perSecond * 5;
    const now = this.#now();
    const before = this.#buckets.get(key) ?? { left: most, at: now };
    const left = Math.min(most, before.left + (Math.max(0, now - before.at) / 1000) * this.#perSecond);
    // Set anew, so that the map's order is that of the last time seen.
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left >= 1 ? left - 1 : left, at: now });
    if (this.#buckets.size > maxAddresses) for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      break;
    }
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#perSecond);
  }
}

/** The first four groups of an IPv6 address, written out. */
function siteOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1).join('').split('::');
  const groups = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const all = tail === undefined ? before : [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return `${all.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
