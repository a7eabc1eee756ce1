import { hash } from 'node:crypto';
import { byText } from './table.ts';

/**
 * A sample that anybody can draw again with nothing but SHA-256: each candidate gets the rank SHA-256(seed ‖ LF ‖ control ‖ LF ‖ key) in hex,
 * all as UTF-8, and the `n` lowest ranks are the sample, shown in the order of the candidates. It does not depend on the order in which the candidates
 * are handed in, and adding one candidate moves at most one other out. Whoever names the seed after the log was closed cannot have been
 * prepared for. Fewer than `n` candidates are all taken.
 */
export function sample<T>(candidates: readonly T[], key: (candidate: T) => string, n: number, seed: string, control: string): readonly T[] {
  const ranked = candidates.map((candidate) => ({ candidate, rank: rank(seed, control, key(candidate)) })).sort((a, b) => byText(a.rank, b.rank));
  const drawn = new Set(ranked.slice(0, Math.max(0, n)).map(({ candidate }) => candidate));
  return candidates.filter((candidate) => drawn.has(candidate));
}

export const rank = (seed: string, control: string, key: string): string => hash('sha256', `${seed}\n${control}\n${key}`, 'hex');
