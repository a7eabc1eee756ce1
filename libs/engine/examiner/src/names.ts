import { concealedText } from '@sallyport/domain-events';
import { text, type Fact } from './fact.ts';

/** `person:alice` and `machine:nightly` without what they are: events name them in both ways. */
export const bare = (name: string): string => name.replace(/^(?:machine|person|service):/, '');

/** The machine that the data of an event name; empty where they name none. */
export const namedMachine = (fact: Fact): string => bare(text(fact, 'machine'));

/** Who acted, without prefix; null where nobody is named or the name is withheld. */
export const actorOf = ({ who }: Pick<Fact, 'who'>): string | null => known(who === null ? '' : bare(who.id));

/** A name that can be compared; null for none, and for one that is withheld. */
export const known = (name: string): string | null => (name === '' || name === concealedText ? null : bare(name));

/** For a cell: `person:~` where the name is withheld, empty where there is none. */
export const shownActor = ({ who }: Pick<Fact, 'who'>): string | null => who?.id ?? null;

/** Whether two names are of one; null where that cannot be said. */
export function same(a: string | null, b: string | null): boolean | null {
  return a === null || b === null ? null : a === b;
}

/** Seconds from one moment to another, to the millisecond; null where one of them is no moment. Negative where the second was earlier. */
export function secondsBetween(from: string, to: string): number | null {
  const ms = Date.parse(to) - Date.parse(from);
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** Text order of moments is time order only where they have the same number of digits: these come from several writers. */
export const isBefore = (a: string, b: string): boolean => Date.parse(a) < Date.parse(b);
