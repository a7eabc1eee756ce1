/** A retention class and how long it is kept. */
export interface RetentionClass {
  readonly name: string;
  readonly days: number;
}

/** The class of the events themselves; all others are of texts, which targets name. */
export const classOfEvents = 'events';
/** Texts of sessions with targets that name no other class. */
export const standardClass = 'standard';

/** Events seven years, texts thirteen months; `short` and `long` for targets that want them. */
export const defaultClasses = 'events=7y standard=13m short=30d long=7y';

const daysOf: Readonly<Record<string, number>> = { d: 1, m: 31, y: 366 };
const entry = /^([a-z][a-z0-9-]{0,30})=(\d{1,5})([dmy])$/;
/** A session may run into the next day, and its events may come late: a class that is shorter would end while it is written. */
const fewestDays = 7;

/**
 * Reads `events=7y standard=13m`: names with days, months (of 31 days) or years (of 366), and white space between. Throws RangeError on anything else, without
 * `events` or `standard`, or where texts are kept longer than the events that name their keys.
 */
export function parseClasses(text: string): readonly RetentionClass[] {
  const classes = text.split(/\s+/).filter((part) => part !== '').map(classOf);
  const names = new Set(classes.map(({ name }) => name));
  if (names.size < classes.length) throw new RangeError('a retention class stands there twice');
  for (const needed of [classOfEvents, standardClass]) if (!names.has(needed)) throw new RangeError(`the retention class ${needed} is missing`);
  const events = classes.find(({ name }) => name === classOfEvents)?.days ?? 0;
  const longer = classes.find(({ days }) => days > events);
  if (longer !== undefined) throw new RangeError(`the retention class ${longer.name} is longer than that of events, without which its texts cannot be opened`);
  return classes;
}

function classOf(text: string): RetentionClass {
  const [, name = '', count = '', unit = ''] = entry.exec(text) ?? [];
  const days = Number(count) * (daysOf[unit] ?? Number.NaN);
  if (!(days >= fewestDays && days <= 36_600)) throw new RangeError(`a retention class is like standard=13m or short=30d, at least ${fewestDays} days: ${JSON.stringify(text.slice(0, 40))}`);
  return { name, days };
}
