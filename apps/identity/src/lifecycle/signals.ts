import { fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { EventToTell } from '@sallyport/platform-store';
import { acting, demand, RefusedAct, unavailable, whoOf, type ActingParts } from './acting.ts';
import type { Amendments } from './amendments.ts';
import { hear, momentOf, personMeant, takenBack } from './people.ts';
import type { Settled } from './settle.ts';
import type { NewWord } from './words.ts';

const dayMs = 86_400_000;

export interface Signal {
  readonly source: 'scim' | 'ssf' | 'hr' | 'contract' | 'directory' | 'operator';
  readonly kind: 'left' | 'returned';
  readonly person: string;
  readonly at: string;
  readonly ref: string | null;
  readonly reason: string;
}

export interface SignalAnswer {
  person: string | null;
  changed: boolean;
  suspended: string[];
  attention: string[];
}

export interface SignalsParts extends ActingParts {
  readonly amendments: Amendments;
  readonly now: () => number;
}

/** Somebody left, or is back: said by a directory, or by a person. What follows is written with it. */
export class Signals {
  readonly #parts: SignalsParts;

  constructor(parts: SignalsParts) {
    this.#parts = parts;
  }

  async take({ source, kind, person: id, at: when, ref, reason }: Signal): Promise<Reply<SignalAnswer>> {
    if (source === 'contract' || source === 'operator') return fail('invalid', `source: ${source} is not told here`);
    const at = momentOf(when);
    if (at === null) return fail('invalid', 'at: must be a moment like 2026-11-20T17:00:00Z');
    if (at > this.#parts.now() + dayMs) return fail('invalid', 'at: is more than a day ahead; tell it when the day has come');
    try {
      const answer = await this.#parts.amendments.make<SignalAnswer>({
        who: null, author: source, source: 'apply',
        decide: ({ before }) => {
          const person = personMeant(before, id);
          const word: NewWord | null = person === null ? null : { person, source, change: kind, at, toldBy: source, ref, reason };
          const heard = word === null ? 'nobody' : hear(before, word);
          const event: EventToTell = { type: 'signal.received', data: { source, kind, person, ref, outcome: heard === 'said' ? kind : heard } };
          return Promise.resolve({
            first: [event], last: [],
            amendment: word === null || heard !== 'said' ? null : { by: 'fact', documents: [], words: [word], statuses: [] },
            answer: (settled) => ({ person, ...whatFollowed(settled, person) }),
          });
        },
      });
      return ok(answer);
    } catch (error) {
      if (error instanceof StoreError) return unavailable(this.#parts.log, error, `signal.${kind}`);
      throw error;
    }
  }

  /** A person's own word about another. */
  tell(by: Caller, person: string, kind: 'left' | 'returned', reason: string): Promise<Reply<SignalAnswer & { person: string }>> {
    return acting(this.#parts, by, `person.${kind}`, person, async () => {
      demand(by, kind === 'left' ? ['admin', 'operator'] : ['admin'], `to say that somebody ${kind}`);
      if (kind === 'returned' && person === by.person) throw new RefusedAct('denied', 'nobody says of himself that he is back');
      return this.#parts.amendments.make<SignalAnswer & { person: string }>({
        who: whoOf(by), author: by.person, source: 'hand',
        decide: ({ before, now }) => {
          if (!before.people.has(person)) throw new RefusedAct('not-found', `there is no person ${person} in the inventory`);
          const word = { person, change: kind, at: now, toldBy: `person:${by.person}`, ref: null, reason } as const;
          const words: readonly NewWord[] = kind === 'left' ? [{ ...word, source: 'operator' as const }].filter((one) => hear(before, one) !== 'unchanged') : takenBack(before, person).map((source) => ({ ...word, source }));
          if (kind === 'returned' && words.length === 0 && before.gone(person) !== null) throw new RefusedAct('document-says-left', `the document of ${person} says it (active, contractEnd): change it there`);
          const event: EventToTell = { type: 'signal.received', data: { source: 'operator', kind, person, ref: null, outcome: words.length === 0 ? 'unchanged' : kind }, who: whoOf(by) };
          return Promise.resolve({ first: [event], last: [], amendment: words.length === 0 ? null : { by: 'fact', documents: [], words, statuses: [] }, answer: (settled) => ({ ...whatFollowed(settled, person), person }) });
        },
      });
    });
  }
}

function whatFollowed(settled: Settled | null, person: string | null): Omit<SignalAnswer, 'person'> {
  const moved = (settled?.follows.moved ?? []).filter(({ machine }) => settled?.after.machines.get(machine)?.spec.owner === person);
  return { changed: settled !== null, suspended: moved.filter(({ to }) => to === 'suspended').map(({ machine }) => machine), attention: moved.filter(({ to }) => to === 'attention').map(({ machine }) => machine) };
}
