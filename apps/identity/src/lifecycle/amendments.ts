import type { Kysely, Transaction } from 'kysely';
import type { Authority, Who } from '@sallyport/domain-events';
import type { Party } from '@sallyport/domain-model';
import { subjects, type Bus } from '@sallyport/platform-bus';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { lockRevision, writeVersions } from '../store/documents.ts';
import type { Mirror } from '../store/mirror.ts';
import type { Registry } from '../store/registry.ts';
import { revokeFor, revokeLogins, revokeOf } from '../store/tickets.ts';
import { writeRevocations, writeStatuses, writeWords } from './runtime.ts';
import { settle, type Amendment, type Settled } from './settle.ts';
import { eventsOf } from './told.ts';
import { addTransfers, endTransfers, type NewTransfer } from './transfers.ts';

export interface AmendmentsParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Outbox;
  readonly registry: Registry;
  readonly mirror: Mirror;
  readonly bus: Bus;
  /** Brings what follows from documents (standing entitlements) into agreement with them, before gateways hear of the change. */
  readonly agree?: () => Promise<unknown>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What an act finds: the inventory as it is, locked until the transaction ends. */
export interface Found {
  readonly before: Inventory;
  readonly trx: Transaction<IdentityDatabase>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What an act came to. */
export interface Decision<T> {
  /** Made when all is known; `settled` is null where nothing changes. */
  answer(settled: Settled | null): T;
  /** Null: nothing is to change, and only `first` and `last` are written. */
  readonly amendment: Amendment | null;
  /** Told before what follows, and after it. */
  readonly first: readonly EventToTell[];
  readonly last: readonly EventToTell[];
  /** What versions of documents say of their author, where these were more than who acts. */
  readonly author?: string;
}

export interface Act<T> {
  /** In whose name; null for the service itself. */
  readonly who: Who | null;
  /** What versions of documents say of their author. */
  readonly author: string;
  readonly auth?: Authority | null;
  /** By what machines are recorded anew, where their documents change. */
  readonly source: 'apply' | 'transfer' | 'hand';
  /** Looks, and says what is to change; may write tables of its own. */
  decide(found: Found): Promise<Decision<T>>;
}

export type Made<T> = { readonly done: true; readonly answer: T } | { readonly done: false };

/**
 * The one way by which the inventory changes, whatever the change begins with: an apply, a signal, a date, a person's act. One after the other, over all processes; what
 * follows (words, states, revoked tickets, tasks) and the evidence of it are written in the same transaction. Afterwards gateways are told which leases are stale.
 */
export class Amendments {
  readonly #parts: AmendmentsParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: AmendmentsParts) {
    this.#parts = parts;
  }

  /** By the inventory as it is when its turn has come. Throws StoreError. */
  make<T>(act: Act<T>): Promise<T> {
    return this.#inTurn(async () => {
      const made = await this.#commit(act, null);
      if (!made.done) throw new Error('an act by the inventory of its moment found another one');
      return made.answer;
    });
  }

  /** By this inventory, or not at all: `done` is false when it does not hold any more, and nothing is written then. */
  makeFrom<T>(before: Inventory, act: Act<T>): Promise<Made<T>> {
    return this.#inTurn(() => this.#commit(act, before));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #commit<T>(act: Act<T>, expected: Inventory | null): Promise<Made<T>> {
    const { db, outbox, registry } = this.#parts;
    const committed = await db.transaction().execute(async (trx) => {
      const revision = await lockRevision(trx);
      if (expected !== null && expected.revision !== revision) return null;
      // Read in this transaction: to wait for a second connection while holding the lock could be for ever.
      const before = expected ?? (await registry.within(trx, revision));
      const now = this.#parts.now();
      const decision = await act.decide({ before, trx, now });
      const settled = decision.amendment === null ? null : settle(before, decision.amendment, now);
      const changes = settled !== null && (decision.amendment?.documents.length ?? 0) + settled.words.length + settled.statuses.length + settled.revocations.length > 0 ? settled : null;
      if (changes === null) await outbox.emitAll(trx, [...decision.first, ...decision.last]);
      else await this.#write(trx, act, decision, changes, now);
      return { settled: changes, answer: decision.answer(changes) };
    });
    if (committed === null) return { done: false };
    if (committed.settled !== null) await this.#tell(committed.settled);
    return { done: true, answer: committed.answer };
  }

  async #write<T>(trx: Transaction<IdentityDatabase>, { who, author, auth = null, source }: Act<T>, { amendment, first, last, author: authors = author }: Decision<T>, settled: Settled, now: number): Promise<void> {
    const { after, words, statuses, revocations, follows } = settled;
    const documents = amendment?.documents ?? [];
    await writeVersions(trx, documents, authors, after.revision);
    await writeWords(trx, words, now);
    await writeStatuses(trx, statuses, now);
    await writeRevocations(trx, revocations, now);
    const asked = tasks(settled);
    await addTransfers(trx, asked, now);
    await endTransfers(trx, statuses.filter(({ cause, state }) => cause === 'owner-gone' && state === 'cleared').map(({ machine }) => machine), 'withdrawn', now, 'by-nobody');
    await endTransfers(trx, follows.moved.filter(({ to }) => to === 'retired' || to === 'removed').map(({ machine }) => machine), 'withdrawn', now);
    const revoked = await revokeOf(trx, follows.suspended.map(({ machine }) => machine), now);
    const gone = settled.people.flatMap(({ person, change }): Party[] => (change === 'left' ? [{ kind: 'person', name: person }] : []));
    const forgone = await revokeFor(trx, [...gone, ...follows.suspended.map(({ machine }): Party => ({ kind: 'machine', name: machine }))], now);
    const ended = await revokeLogins(trx, revocations, now);
    await this.#parts.outbox.emitAll(trx, [...first, ...eventsOf({ documents, settled, revoked, forgone, ended, asked, who, auth, source }), ...last]);
  }

  /** After the commit: the bucket first, so that who asks for a new lease because of the message is answered from the new inventory. */
  async #tell({ after, follows }: Settled): Promise<void> {
    const { registry, mirror, bus, agree, log } = this.#parts;
    registry.advance(after);
    // Whoever is let in by an entitlement looks for itself whether they agree: what fails here is late and not wrong.
    await agree?.().catch((error: unknown) => log.warn('entitlements do not agree with the inventory yet', { error }));
    try {
      await mirror.sync(() => registry.inventory);
    } catch (error) {
      // Committed and in force for new sessions; the timer of the service tells the others as soon as the bus is back.
      log.warn('the inventory could not be shown to the other services yet', { error });
    }
    for (const scope of follows.stale) bus.publish(subjects.leaseChanged, scope);
  }
}

/** Machines that have lost their owner are offered to the backup owner, where there is one who is here. Nothing is taken from those rules by it. */
function tasks({ after, statuses, people }: Settled): readonly NewTransfer[] {
  const left = new Set(people.filter(({ change }) => change === 'left').map(({ person }) => person));
  return statuses.flatMap(({ machine, cause, state, person }): NewTransfer[] => {
    const document = after.machines.get(machine);
    if (cause !== 'owner-gone' || state === 'cleared' || document === undefined || person === null || !left.has(person)) return [];
    const { backupOwner } = document.spec;
    if (backupOwner === person || after.gone(backupOwner) !== null) return [];
    return [{ machine, newOwner: backupOwner, backupOwner: null, previousOwner: person, reason: `${person} left`, requestedBy: null }];
  });
}
