import { dayOf } from './moment.ts';
import type { Sighting } from './sighting.ts';

const day = 86_400_000;
/** Not seen for so long, an open detection is told again when it is seen again. */
const quietMs = 7 * day;
/** Seen again within it, what was dismissed is still the same: two places that have been at it at once for weeks, a client that tries the same token each minute. Sessions of people begin anew. */
const episodeMs = { shared_binding: day, replay: day / 24, human_use: 0, new_behaviour: 0 } as const;
/** What is seen on so many days, over so long, is usual, and once somebody has dismissed it nobody is told of it again; not seen for a month, it is usual no more. */
const usualDays = 10;
const usualMs = 14 * day;
const forgottenDays = 30;
/** Events of one detection, besides those after a quiet time and those that say how many: what a release brings is one detection with a list, not a hundred alerts. */
const mostEvents = 10;
const mostFacts = 20;
const mostItems = 50;

/** A detection as it is kept. Times are milliseconds since 1970. */
export interface Seen {
  facts: readonly string[];
  /** Hashes. */
  items: readonly string[];
  session: string | null;
  say: string;
  readonly first: number;
  last: number;
  count: number;
  events: number;
  /** Days on which it was seen since `since`. */
  days: number;
  since: number;
  readonly dismissed: number | null;
}

/** What comes of a sighting: the detection that it is counted on, whether that is a new one, and whether it is told. */
export interface Outcome {
  readonly seen: Seen;
  readonly fresh: boolean;
  readonly tell: boolean;
}

/** @param before the last detection of this kind, machine and matter, or null; @param item hash of the sighting's */
export function sight(before: Seen | null, sighting: Sighting, item: string): Outcome {
  if (before === null) return { seen: begun(sighting, [item], 1, sighting.at), fresh: true, tell: true };
  const { kind, at } = sighting;
  const known = before.items.includes(item);
  const gap = dayOf(at) - dayOf(before.last);
  const [days, since] = gap > forgottenDays ? [1, at] : [before.days + (gap > 0 ? 1 : 0), before.since];
  const items = known ? before.items : [...before.items, item].slice(-mostItems);
  const counted = { ...before, items, days, since, count: before.count + 1, last: Math.max(before.last, at) };
  if (before.dismissed === null) {
    const again = at - before.last >= quietMs;
    const tell = again || (!known && before.events < mostEvents) || (kind === 'replay' && /^10+$/.test(String(counted.count)));
    return { seen: { ...counted, facts: joined(before.facts, sighting.facts), events: before.events + (tell ? 1 : 0) }, fresh: false, tell };
  }
  const usual = days >= usualDays && at - since >= usualMs;
  const same = known && (usual || at <= before.dismissed || at - before.last < episodeMs[kind]);
  return same ? { seen: counted, fresh: false, tell: false } : { seen: begun(sighting, items, days, since), fresh: true, tell: true };
}

function begun({ at, facts, session, say }: Sighting, items: readonly string[], days: number, since: number): Seen {
  return { facts: joined([], facts), items, session, say, first: at, last: at, count: 1, events: 1, days, since, dismissed: null };
}

const joined = (before: readonly string[], more: readonly string[]): readonly string[] => [...new Set([...before, ...more])].slice(0, mostFacts);
