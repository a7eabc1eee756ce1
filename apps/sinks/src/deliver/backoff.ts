export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * Milliseconds until the next attempt after `attempts` have failed: doubling, the upper half of it by chance. What the receiver asked for counts when it is longer.
 * @param random in [0, 1)
 */
export function pauseAfter(attempts: number, { firstMs, mostMs }: Backoff, asked: number | null, random: number): number {
  const step = Math.min(mostMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return Math.max(asked ?? 0, Math.round(step / 2 + (step / 2) * random));
}
