import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { EventToTell } from '@sallyport/platform-store';
import { acting, demand, RefusedAct, unavailable, type ActingParts } from './acting.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Amendments, Decision } from './amendments.ts';
import { hearRevocation, revokedBefore } from './login-revocations.ts';
import { hear, momentOf, personMeant, takenBack } from './people.ts';
import type { Amendment, Settled } from './settle.ts';
import type { NewWord } from './words.ts';

const dayMs = 86_400_000;

type SignalKind = 'left' | 'returned' | 'session-revoked';

export interface Signal {
  readonly source: 'scim' | 'ssf' | 'hr' | 'contract' | 'directory' | 'operator';
  readonly kind: SignalKind;
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

/** Somebody left, is back, or has to log in anew: said by a directory, or by a person. What follows is written with it. */
export class Signals {
  readonly #parts: SignalsParts;

  constructor(parts: SignalsParts) {
    this.#parts = parts;
  }

  async take({ source, kind, person: id, at: when, ref, reason }: Signal): Promise<Reply<SignalAnswer>> {
    if (source === 'contract' || source === 'operator') return fail('invalid', `source: ${source} is not told here`);
    const at = momentOf(when);
    if (at === null) return fail('invalid', 'at: must be a moment like 2026-11-20T17:00:00Z');
    if (kind !== 'session-revoked' && at > this.#parts.now() + dayMs) return fail('invalid', 'at: is more than a day ahead; tell it when the day has come');
    try {
      const answer = await this.#parts.amendments.make<SignalAnswer>({
        who: null, author: source, source: 'apply',
        decide: ({ before, now }) => {
          const person = personMeant(before, id);
          const { outcome, amendment } = person === null ? { outcome: 'nobody', amendment: null } : heard(before, { person, source, kind, at, toldBy: source, ref, reason }, now);
          const event: EventToTell = { type: 'signal.received', data: { source, kind, person, ref, outcome } };
          return Promise.resolve({
            first: [event], last: [], amendment,
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
  tell(by: Caller, person: string, kind: SignalKind, reason: string): Promise<Reply<SignalAnswer & { person: string }>> {
    return acting(this.#parts, by, `person.${kind}`, person, async () => {
      demand(by, kind === 'returned' ? ['admin'] : ['admin', 'operator'], kind === 'session-revoked' ? 'to revoke somebody’s sessions' : `to say that somebody ${kind}`);
      if (kind === 'returned' && person === by.person) throw new RefusedAct('denied', 'nobody says of himself that he is back');
      return this.#parts.amendments.make<SignalAnswer & { person: string }>({
        who: personWho(by.person), author: by.person, source: 'hand',
        decide: ({ before, now }) => {
          if (!before.people.has(person)) throw new RefusedAct('not-found', `there is no person ${person} in the inventory`);
          if (kind === 'session-revoked') return Promise.resolve(revoked(before, { by, person, reason }, now));
          const word = { person, change: kind, at: now, toldBy: `person:${by.person}`, ref: null, reason } as const;
          const words: readonly NewWord[] = kind === 'left' ? [{ ...word, source: 'operator' as const }].filter((one) => hear(before, one) !== 'unchanged') : takenBack(before, person).map((source) => ({ ...word, source }));
          if (kind === 'returned' && words.length === 0 && before.gone(person) !== null) throw new RefusedAct('document-says-left', `the document of ${person} says it (active, contractEnd): change it there`);
          const event: EventToTell = { type: 'signal.received', data: { source: 'operator', kind, person, ref: null, outcome: words.length === 0 ? 'unchanged' : kind }, who: personWho(by.person) };
          return Promise.resolve({ first: [event], last: [], amendment: words.length === 0 ? null : { by: 'fact', documents: [], words, statuses: [] }, answer: (settled) => ({ ...whatFollowed(settled, person), person }) });
        },
      });
    });
  }
}

/** What becomes of a word of a source about somebody who is known here. */
function heard(before: Inventory, { kind, ...said }: Omit<NewWord, 'change'> & { readonly kind: SignalKind }, now: number): { readonly outcome: string; readonly amendment: Amendment | null } {
  if (kind !== 'session-revoked') {
    const word: NewWord = { ...said, change: kind };
    const outcome = hear(before, word);
    return outcome === 'said' ? { outcome: kind, amendment: { ...nothing, words: [word] } } : { outcome, amendment: null };
  }
  const { at, ...of } = said;
  const revocation = { ...of, before: revokedBefore(at, now) };
  const outcome = hearRevocation(before, revocation);
  return { outcome, amendment: outcome === 'unchanged' ? null : { ...nothing, revocations: [revocation] } };
}

/** The same, as an operator says it. */
function revoked(before: Inventory, { by, person, reason }: { readonly by: Caller; readonly person: string; readonly reason: string }, now: number): Decision<SignalAnswer & { person: string }> {
  const { outcome, amendment } = heard(before, { person, source: 'operator', kind: 'session-revoked', at: now, toldBy: `person:${by.person}`, ref: null, reason }, now);
  const event: EventToTell = { type: 'signal.received', data: { source: 'operator', kind: 'session-revoked', person, ref: null, outcome }, who: personWho(by.person) };
  return { first: [event], last: [], amendment, answer: (settled) => ({ ...whatFollowed(settled, person), person }) };
}

const nothing = { by: 'fact', documents: [], words: [], statuses: [] } as const;

function whatFollowed(settled: Settled | null, person: string | null): Omit<SignalAnswer, 'person'> {
  const moved = (settled?.follows.moved ?? []).filter(({ machine }) => settled?.after.machines.get(machine)?.spec.owner === person);
  return { changed: settled !== null, suspended: moved.filter(({ to }) => to === 'suspended').map(({ machine }) => machine), attention: moved.filter(({ to }) => to === 'attention').map(({ machine }) => machine) };
}
