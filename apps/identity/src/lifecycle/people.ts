import type { Inventory } from '../model/inventory.ts';
import type { NewWord, WordSource } from './words.ts';

/** Whom a directory means: by one of the ids that it knows people by, else by the name here. Ids are those of one person: the linter refuses others. */
export function personMeant(inventory: Inventory, id: string): string | null {
  for (const { metadata, spec } of inventory.people.values()) if (spec.directoryIds?.includes(id) === true) return metadata.name;
  return inventory.people.has(id) ? id : null;
}

/** A moment as directories write it, in milliseconds since 1970; null for what is none. */
export function momentOf(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

/** What becomes of a word: said, or nothing new, or older than what the same source said since. */
export type Hearing = 'said' | 'unchanged' | 'older';

export function hear(inventory: Inventory, { person, source, change, at }: Pick<NewWord, 'person' | 'source' | 'change' | 'at'>): Hearing {
  const last = inventory.wordsOf(person).find((word) => word.source === source);
  if ((last?.change ?? 'returned') === change) return 'unchanged';
  return last !== undefined && at < last.at ? 'older' : 'said';
}

/** Sources that say that somebody left and whose word an operator may take back: what documents say, documents change. */
export function takenBack(inventory: Inventory, person: string): readonly WordSource[] {
  return inventory.wordsOf(person).flatMap(({ source, change }) => (change === 'left' && source !== 'document' && source !== 'contract' ? [source] : []));
}

