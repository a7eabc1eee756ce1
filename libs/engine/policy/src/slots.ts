import { fillSlot } from './cedar.ts';
import { Recent } from './recent.ts';

/**
 * A parsed set of rules lives inside Cedar under a name, and nothing but another set under the same name frees it: names
 * made freely would leak about 250 KB each. So there are `size` names, and the set used longest ago gives its name up.
 */
export class SlotPool {
  readonly #free: string[];
  readonly #taken: Recent<string, string>;

  constructor(size: number) {
    this.#free = Array.from({ length: size }, (_, i) => `slot-${i}`);
    this.#taken = new Recent(size);
  }

  /** The slot that holds the rules named by `digest`, filled first if they lost theirs. Throws PolicyEngineError. */
  slotOf(digest: string, rules: () => Readonly<Record<string, string>>): string {
    const held = this.#taken.get(digest);
    if (held !== undefined) return held;
    const slot = this.#free.pop() ?? this.#taken.takeOldest();
    if (slot === undefined) throw new RangeError('a slot pool needs at least one slot');
    try {
      fillSlot(slot, rules());
    } catch (error) {
      // What the slot held before no longer has a name in this pool, so nobody can be answered by it.
      this.#free.push(slot);
      throw error;
    }
    this.#taken.set(digest, slot);
    return slot;
  }
}

/** About 64 MB when full. More live slices than that are parsed anew when their turn comes (a few milliseconds). */
const slots = new SlotPool(256);

/** Cedar's parsed sets belong to the process, and so does this pool. */
export const slotOf = (digest: string, rules: () => Readonly<Record<string, string>>): string => slots.slotOf(digest, rules);
