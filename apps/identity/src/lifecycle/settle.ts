import type { Inventory } from '../model/inventory.ts';
import type { PlannedChange } from '../model/plan-apply.ts';
import { consequences, type Consequences } from '../model/consequences.ts';
import { mayMove, type Mover } from './state.ts';
import type { NewLoginRevocation } from './login-revocations.ts';
import { conclude, type NewStatus } from './status.ts';
import { wordsOfDocument, type NewWord } from './words.ts';

/** What is to change: documents, what was said of people, what is held against machines, and whose logins are revoked. */
export interface Amendment {
  readonly by: Mover;
  readonly documents: readonly PlannedChange[];
  readonly words: readonly NewWord[];
  readonly statuses: readonly NewStatus[];
  readonly revocations?: readonly NewLoginRevocation[];
}

/** A person who was here and is gone, or the other way round. */
export interface Turned {
  readonly person: string;
  readonly change: 'left' | 'returned';
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Machines that this person answers for, by name. */
  readonly machines: readonly string[];
}

/** The inventory as it is afterwards, with all that follows. */
export interface Settled {
  readonly after: Inventory;
  readonly words: readonly NewWord[];
  readonly statuses: readonly NewStatus[];
  readonly revocations: readonly NewLoginRevocation[];
  readonly people: readonly Turned[];
  readonly follows: Consequences;
}

/** A machine would have moved in a way that nothing may move it. Nothing is written then. */
export class ForbiddenMoveError extends Error {
  readonly code = 'ERR_FORBIDDEN_MOVE';
}

/**
 * Everything that follows from an amendment at this moment: words that documents and dates say, states that people's leaving makes. The one way by which machines are
 * moved, whatever it began with. @param now milliseconds since 1970
 */
export function settle(before: Inventory, { by, documents, words: said, statuses: set, revocations = [] }: Amendment, now: number): Settled {
  const revision = before.revision + 1;
  const changed = documents.filter(({ change }) => change !== 'unchanged');
  const standing = changed.map(({ kind, name, version, digest, document }) => ({ kind, name, version, digest, document }));
  const told = before.with(revision, { documents: standing, words: said, statuses: set, revocations });
  const words = [...told.people.values()].flatMap((person) => wordsOfDocument(person, told.wordsOf(person.metadata.name), now));
  const known = words.length === 0 ? told : told.with(revision, { words });
  const settings = known.governance;
  const statuses = [...known.machines].flatMap(([name, machine]) => {
    const was = before.machines.get(name);
    return conclude(machine, known.statusesOf(name), { owner: known.gone(machine.spec.owner), overlooked: was !== undefined && before.ownerGone(was), settings, now });
  });
  const after = statuses.length === 0 ? known : known.with(revision, { statuses });
  const follows = consequences(before, after, changed);
  for (const { machine, from, to } of follows.moved) {
    // Dates pass while people act: what follows from facts alone may move any machine at the same time.
    if (to !== 'removed' && !mayMove(by, from, to) && !mayMove('fact', from, to)) throw new ForbiddenMoveError(`machine ${machine} cannot go from ${from} to ${to} by ${by}`);
  }
  return { after, words: [...said, ...words], statuses: [...set, ...statuses], revocations, people: turned(before, after, [...said, ...words]), follows };
}

/** Whether there is something to settle without anything having been said: a date has passed, or grace is over. */
export function isDue(inventory: Inventory, now: number): boolean {
  for (const person of inventory.people.values()) if (wordsOfDocument(person, inventory.wordsOf(person.metadata.name), now).length > 0) return true;
  const settings = inventory.governance;
  for (const [name, machine] of inventory.machines) {
    const owner = inventory.gone(machine.spec.owner);
    if (conclude(machine, inventory.statusesOf(name), { owner, overlooked: owner !== null, settings, now }).length > 0) return true;
  }
  return false;
}

function turned(before: Inventory, after: Inventory, words: readonly NewWord[]): readonly Turned[] {
  return [...new Set(words.map(({ person }) => person))].flatMap((person): Turned[] => {
    const [was, is] = [before.gone(person), after.gone(person)];
    // Somebody whose document is new was not gone before: there was nobody.
    const here = was === null || !before.people.has(person);
    if (here === (is === null)) return [];
    const machines = [...after.machines.values()].filter(({ metadata, spec }) => spec.owner === person && after.stateOf(metadata.name) !== 'retired').map(({ metadata }) => metadata.name);
    if (is !== null) return [{ person, change: 'left', source: is.source, at: is.since, machines }];
    const last = words.findLast((word) => word.person === person);
    return [{ person, change: 'returned', source: last?.source ?? 'document', at: last?.at ?? 0, machines }];
  });
}
