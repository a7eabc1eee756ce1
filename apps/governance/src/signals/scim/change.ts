import type { Transaction } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../../store/database.ts';
import { directoryWho } from '../directories.ts';
import { leaveWord, saidToBeGone } from '../leave.ts';
import type { People } from '../people.ts';

export type Trx = Transaction<GovernanceDatabase>;

export interface ScimParts {
  readonly outbox: Outbox;
  readonly people: People;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a directory says of somebody. */
export interface UserFacts {
  readonly userName: string;
  readonly externalId: string | null;
  readonly active: boolean;
}

const idsOf = (facts: UserFacts) => [...(facts.externalId === null ? [] : [facts.externalId]), facts.userName];

/**
 * What follows from a change of a user, written in the change's own transaction: that somebody is gone or back, for identity, and the event of the change. `before` null: new;
 * `after` null: deleted. Nothing where nothing changed.
 */
export async function followChange(of: ScimParts, trx: Trx, directory: string, before: UserFacts | null, after: UserFacts | null): Promise<void> {
  const origin = `scim:${directory}`;
  const ids = [...new Set([...(after === null ? [] : idsOf(after)), ...(before === null ? [] : idsOf(before))])];
  const renamed = before !== null && after !== null && (before.userName !== after.userName || before.externalId !== after.externalId);
  const gone = (before?.active ?? true) && after?.active !== true;
  const back = after?.active === true && (before === null ? await saidToBeGone(trx, origin, ids) : !before.active);
  const kind = before === null ? 'user.created' : after === null ? 'user.deleted' : gone ? 'user.deactivated' : back ? 'user.activated' : renamed ? 'user.changed' : null;
  if (kind === null) return;
  const now = of.now();
  const ref = ids[0] ?? null;
  const word = { source: 'scim', origin, ids, at: new Date(now), ref } as const;
  // Whoever is renamed while away is away by the new name, too.
  const left = gone || (renamed && after?.active === false);
  if (left) await leaveWord(trx, { ...word, kind: 'left', reason: after === null ? `deleted in ${directory}` : `not active in ${directory}` }, now);
  if (back) await leaveWord(trx, { ...word, kind: 'returned', reason: `active again in ${directory}` }, now);
  await of.outbox.emit(trx, 'signal.received', { source: 'scim', kind, person: of.people.match(ids)[0] ?? null, ref, outcome: left ? 'identity is told: left' : back ? 'identity is told: returned' : 'kept' }, { who: directoryWho(directory) });
}
