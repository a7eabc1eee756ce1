import { sql, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { parseEnvelope } from '@sallyport/engine-evidence';
import { fail, ok, type Caller, type Erasure, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { RetentionDatabase } from './database.ts';
import { isNobodyInParticular } from './person.ts';
import type { RetentionStore } from './retention-store.ts';
import { wrappedKeyOf } from './session-keys.ts';

type Trx = Transaction<RetentionDatabase>;

/** Orders to make a session's texts unreadable, from two people. From the second one's on nobody is shown them; the sweep destroys the key. */
export class Erasures {
  readonly #store: RetentionStore;
  readonly #outbox: Outbox;

  constructor(store: RetentionStore, outbox: Outbox) {
    this.#store = store;
    this.#outbox = outbox;
  }

  async list(): Promise<readonly Erasure[]> {
    const rows = await this.#store.db.selectFrom('erasures').selectAll().orderBy('requested_at', 'desc').limit(1000).execute();
    return Promise.all(rows.map(async (row) => erasureOf(row, row.done_at === null ? await this.#due(this.#store.db, row.sid) : null)));
  }

  order(by: Caller, session: string, reason: string): Promise<Reply<{ erasure: Erasure }>> {
    return this.#store.db.transaction().execute(async (trx) => {
      if (isNobodyInParticular(by)) return fail('denied', 'an erasure is ordered by two people who are known: not with the bootstrap token');
      const refused = await this.#refusal(trx, session);
      if (refused !== null) return refused;
      const { rows } = await sql<{ outcome: string }>`select erasure_order(${session}::uuid, ${by.person}, ${reason}) as outcome`.execute(trx);
      const who = personWho(by.person);
      switch (rows[0]?.outcome) {
        case 'requested':
          await this.#outbox.emit(trx, 'erasure.requested', { session, reason }, { who });
          return ok({ erasure: await this.#one(trx, session) });
        case 'ordered': {
          const erasure = await this.#one(trx, session);
          await this.#outbox.emit(trx, 'erasure.confirmed', { session, requested_by: erasure.requested.by }, { who });
          return ok({ erasure });
        }
        case 'confirmed':
          return ok({ erasure: await this.#one(trx, session) });
        case 'same-person':
          return fail('denied', 'you have asked for this erasure already: somebody else must ask for the same');
        case 'held':
          return fail('held', `the session is under a legal hold: ${(await this.#store.holdsOn({ session }, trx)).join(', ')}`);
        default:
          return fail('internal', 'the database did not say what it did');
      }
    });
  }

  async #refusal(trx: Trx, session: string): Promise<Reply<never> | null> {
    const openings = await trx.selectFrom('session_openings').select('body').where('sid', '=', session).execute();
    if (openings.length === 0) return fail('not-found', 'the ledger has no such session, or its events are purged');
    const days = openings.map(({ body }) => wrappedKeyOf(parseEnvelope(body))?.day);
    return days.every((day) => day !== undefined) ? null : fail('invalid', 'the texts of this session are sealed to the reader’s key alone, which cannot be destroyed for one session: it was recorded before there were keys of the day');
  }

  async #one(trx: Trx, session: string): Promise<Erasure> {
    return erasureOf(await trx.selectFrom('erasures').selectAll().where('sid', '=', session).executeTakeFirstOrThrow(), await this.#due(trx, session));
  }

  /** The day from which on nothing that is sealed to the session's key can be on its way. */
  async #due(db: Pick<Trx, 'selectFrom'>, session: string): Promise<string | null> {
    const openings = await db.selectFrom('session_openings').select('body').where('sid', '=', session).execute();
    const days = openings.flatMap(({ body }) => wrappedKeyOf(parseEnvelope(body))?.day ?? []);
    if (days.length === 0) return null;
    const rows = await db.selectFrom('sealing_keys').select('quiet').where('id', 'in', days).execute();
    return rows.map(({ quiet }) => quiet).sort().at(-1) ?? null;
  }
}

function erasureOf(row: RetentionDatabase['erasures'], due: string | null): Erasure {
  return {
    session: row.sid, reason: row.reason, state: row.done_at !== null ? 'done' : row.confirmed_at !== null ? 'confirmed' : 'requested',
    requested: { by: row.requested_by, at: row.requested_at.toISOString() },
    confirmed: row.confirmed_by === null || row.confirmed_at === null ? null : { by: row.confirmed_by, at: row.confirmed_at.toISOString() },
    due,
  };
}
