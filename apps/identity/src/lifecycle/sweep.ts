import type { Inventory } from '../model/inventory.ts';
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

/** An inventory in which nothing was due is looked through again after so long, in milliseconds: with ten thousand machines each look takes 30 ms of everybody else's time. */
const againMs = 10_000;
const notDue = new WeakMap<Inventory, number>();

/** What time alone brings about: grace that is over, contracts and reviews that have ended, warnings before. Looks in memory; writes only where something is due, once, whichever process comes first. */
export async function sweep({ registry, amendments, warnings, now }: SweepParts): Promise<void> {
  const inventory = registry.inventory;
  const at = now();
  const last = notDue.get(inventory);
  // A clock that was set is looked at anew.
  const tooSoon = last !== undefined && at >= last && at - last < againMs;
  if (!tooSoon && !isDue(inventory, at)) notDue.set(inventory, at);
  else if (!tooSoon) {
    await amendments.make<void>({
      who: null, author: 'identity', source: 'apply',
      decide: () => Promise.resolve({ first: [], last: [], amendment: { by: 'fact', documents: [], words: [], statuses: [] }, answer: () => undefined }),
    });
  }
  await warnings.look(registry.inventory, at);
}
