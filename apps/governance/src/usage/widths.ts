import { rollUp, type Level } from './roll-up.ts';

/** Rows that one machine may have for one target on one day before what is new is rolled up: as is, then inside of what, then by kind, then at all. */
export const widest = { objects: 1000, inputs: 2000 } as const;

/** At which level each of these is kept. `taken` rows are there already; what is rolled up counts once it is stored. */
export function levels(count: number, isNew: (index: number) => boolean, taken: number, limit: number): Level[] {
  let at = taken;
  return Array.from({ length: count }, (_, i): Level => {
    if (!isNew(i)) return 0;
    if (at < limit) {
      at++;
      return 0;
    }
    return at < limit * 2 ? 1 : at < limit * 3 ? 2 : 3;
  });
}

/** The effects of a command at a level, without repeats, sorted. At the last one only their verbs. */
export function rolledEffects(effects: readonly string[], level: Level): readonly string[] {
  if (level === 0) return effects;
  return [...new Set(effects.map((effect) => {
    const space = effect.indexOf(' ');
    return space === -1 ? effect : `${effect.slice(0, space)} ${rollUp(effect.slice(space + 1), level)}`;
  }))].sort();
}
