import { sql, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { fail, ok, type Caller, type Hold, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { RetentionDatabase } from './database.ts';
import { isNobodyInParticular } from './person.ts';
import type { RetentionStore } from './retention-store.ts';

type Scope = { readonly session: string | null; readonly machine: string | null; readonly target: string | null; readonly from: string | null; readonly to: string | null };
type Trx = Transaction<RetentionDatabase>;

/** Legal holds: one person places one, two people end it. Each step is an event in the same transaction. */
export class Holds {
  readonly #store: RetentionStore;
  readonly #outbox: Outbox;

  constructor(store: RetentionStore, outbox: Outbox) {
    this.#store = store;
    this.#outbox = outbox;
  }

  /** Those that stand, or all that there ever were. */
  async list(all: boolean): Promise<readonly Hold[]> {
    let query = this.#store.db.selectFrom('holds').selectAll().orderBy('placed_at', 'desc');
    if (!all) query = query.where('released_at', 'is', null);
    return (await query.execute()).map(holdOf);
  }

  /** A scope that fits nothing in the ledger is a slip of the hand, and would hold nothing. */
  place(by: Caller, scope: Scope, reason: string): Promise<Reply<{ hold: Hold }>> {
    return this.#store.db.transaction().execute(async (trx) => {
      const missing = await unknownOf(trx, scope);
      if (missing !== null) return fail('not-found', missing);
      const id = uuidv7();
      await sql`select hold_place(${id}::uuid, ${reason}, ${scope.session}::uuid, ${scope.machine}, ${scope.target}, ${scope.from}::timestamptz, ${scope.to}::timestamptz, ${by.person})`.execute(trx);
      await this.#outbox.emit(trx, 'hold.placed', { hold: id, reason, ...scope }, { who: personWho(by.person) });
      return ok({ hold: await this.#one(trx, id) });
    });
  }

  release(by: Caller, id: string, reason: string): Promise<Reply<{ hold: Hold }>> {
    return this.#store.db.transaction().execute(async (trx) => {
      if (isNobodyInParticular(by)) return fail('denied', 'a hold is released by two people who are known: not with the bootstrap token');
      const { rows } = await sql<{ outcome: string }>`select hold_release(${id}::uuid, ${by.person}, ${reason}) as outcome`.execute(trx);
      const who = personWho(by.person);
      switch (rows[0]?.outcome) {
        case 'requested':
          await this.#outbox.emit(trx, 'hold.release_requested', { hold: id, reason }, { who });
          return ok({ hold: await this.#one(trx, id) });
        case 'ended': {
          const hold = await this.#one(trx, id);
          await this.#outbox.emit(trx, 'hold.released', { hold: id, requested_by: hold.releaseRequested?.by ?? '' }, { who });
          return ok({ hold });
        }
        case 'same-person':
          return fail('denied', 'you have asked for its release already: somebody else must ask for the same');
        case 'released':
          return fail('not-pending', 'it was released before');
        default:
          return fail('not-found', 'there is no such hold');
      }
    });
  }

  async #one(trx: Trx, id: string): Promise<Hold> {
    return holdOf(await trx.selectFrom('holds').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
  }
}

async function unknownOf(trx: Trx, { session, machine, target, from, to }: Scope): Promise<string | null> {
  if (from !== null && to !== null && from >= to) return 'the time of the hold ends before it begins';
  const known = async (column: 'sid' | 'machine' | 'target', value: string) => {
    const { rows } = await sql`select 1 from sessions where ${sql.ref(column)} = ${value} limit 1`.execute(trx);
    return rows.length > 0;
  };
  if (session !== null && !(await known('sid', session))) return 'the ledger has no such session';
  if (machine !== null && !(await known('machine', machine))) return `the ledger has no session of a machine ${machine}`;
  if (target !== null && !(await known('target', target))) return `the ledger has no session with a target ${target}`;
  return null;
}

function holdOf(row: RetentionDatabase['holds']): Hold {
  const requested = row.release_by === null || row.release_at === null ? null : { by: row.release_by, at: row.release_at.toISOString(), reason: row.release_reason ?? '' };
  return {
    id: row.id, reason: row.reason,
    scope: { session: row.session, machine: row.machine, target: row.target, from: row.from_at?.toISOString() ?? null, to: row.to_at?.toISOString() ?? null },
    placed: { by: row.placed_by, at: row.placed_at.toISOString() },
    releaseRequested: requested,
    released: row.released_by === null || row.released_at === null ? null : { by: row.released_by, at: row.released_at.toISOString() },
  };
}
