import { objectOf, rollUp, verbOf } from '../usage/roll-up.ts';

/** Verbs and kinds of object that say nothing of what a machine is for: transactions, settings, constants. */
const idle: readonly string[] = ['control'];
const without = /^(session|setting|type):/;

/**
 * An effect as it is compared between days: files by the folder that they are in; numbers and identifiers that count on (dates, partitions, ids) as `#`. Null for what is not compared.
 * @param effect `read ledger.entries_2026_11` is `read ledger.entries_#_#`; `write file:/srv/in/77.csv` is `write file:/srv/in/*`
 */
export function effectName(effect: string): string | null {
  const [verb, object] = [verbOf(effect.slice(0, 2000)), objectOf(effect.slice(0, 2000))];
  if (idle.includes(verb) || without.test(object)) return null;
  const where = object.startsWith('file:') ? rollUp(object, 1) : object;
  return `${verb.slice(0, 20)} ${rollUp(counted(where), 0)}`;
}

const counted = (text: string): string => text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?=[a-f]*\d)[0-9a-f]{12,}\b|\d+/gi, '#');
