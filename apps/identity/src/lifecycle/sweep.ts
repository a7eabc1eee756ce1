import type { Registry } from '../store/registry.ts';
import type { Amendments } from './amendments.ts';
import { isDue } from './settle.ts';
import type { Warnings } from './warnings.ts';

export interface SweepParts {
  readonly registry: Registry;
  readonly amendments: Amendments;
  readonly warnings: Warnings;
  readonly now: () => number;
}

/** What time alone brings about: grace that is over, contracts and reviews that have ended, warnings before. Looks in memory; writes only where something is due, once, whichever process comes first. */
export async function sweep({ registry, amendments, warnings, now }: SweepParts): Promise<void> {
  const inventory = registry.inventory;
  const at = now();
  if (isDue(inventory, at)) {
    await amendments.make<void>({
      who: null, author: 'identity', source: 'apply',
      decide: () => Promise.resolve({ first: [], last: [], amendment: { by: 'fact', documents: [], words: [], statuses: [] }, answer: () => undefined }),
    });
  }
  await warnings.look(registry.inventory, at);
}
