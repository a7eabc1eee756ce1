import type { Inventory } from '../model/inventory.ts';
import type { WordSource } from './words.ts';

/** Who logged in as this person before has to log in anew. */
export interface LoginRevocation {
  readonly person: string;
  /** Milliseconds since 1970, a whole second: tokens count in seconds. */
  readonly before: number;
}

export interface NewLoginRevocation extends LoginRevocation {
  readonly source: WordSource;
  /** The source itself, or `person:NAME`. */
  readonly toldBy: string;
  readonly ref: string | null;
  readonly reason: string;
}

/** Clocks of those who tell us may be ahead by so much, in milliseconds. */
const skew = 5 * 60_000;

/**
 * Until when logins are revoked by a session that ended at this moment: the end of its second, because a token that was issued within it may be of before. A moment that no clock can have reached
 * is taken as now. @param now milliseconds since 1970
 */
export function revokedBefore(at: number, now: number): number {
  return (Math.floor((at > now + skew ? now : at) / 1000) + 1) * 1000;
}

/** What becomes of a revocation: it counts, or as much or more was revoked already. */
export const hearRevocation = (inventory: Inventory, { person, before }: LoginRevocation): 'session-revoked' | 'unchanged' => (before > (inventory.loginsFrom(person) ?? 0) ? 'session-revoked' : 'unchanged');

/** Those that stand once these were said too: of each person the latest. */
export function withRevocations(standing: readonly LoginRevocation[], said: readonly LoginRevocation[]): readonly LoginRevocation[] {
  const latest = new Map<string, number>();
  for (const { person, before } of [...standing, ...said]) latest.set(person, Math.max(before, latest.get(person) ?? 0));
  return [...latest].map(([person, before]) => ({ person, before }));
}
