/** A receiver that is away is tried for this long, then given up; the approval itself does not wait for it. */
export const giveUpAfterMs = 24 * 3600_000;
const firstMs = 1_000;
const longestMs = 3600_000;

/**
 * Milliseconds until the next attempt after `attempts` have failed: doubling from one second to one hour, the upper half of it by
 * chance, so that many notices that failed together do not come back together. Null when the time is over.
 * @param random in [0, 1)
 */
export function nextAttemptIn(attempts: number, ageMs: number, random: number): number | null {
  const step = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  const wait = Math.round(step / 2 + (step / 2) * random);
  return ageMs + wait > giveUpAfterMs ? null : wait;
}
