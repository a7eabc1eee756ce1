import { sql, type Kysely, type Transaction } from 'kysely';
import type { RetentionDatabase } from './database.ts';
import type { RingKey } from './key-ring.ts';

/** A month's table of events or ciphertexts. */
export interface Month {
  readonly name: string;
  readonly class: string;
  readonly from: string;
  readonly to: string;
  /** The first day on which it may go. */
  readonly due: string;
  readonly holds: readonly string[];
}

export type SealingKeyRow = RetentionDatabase['sealing_keys'];
type Db = Kysely<RetentionDatabase> | Transaction<RetentionDatabase>;

/** A session's key, sealed to another key than the one that the gateway sealed it to. */
export interface Resealed {
  readonly event: string;
  readonly sid: string;
  readonly iv: Buffer;
  readonly wrapped: Buffer;
}

/** What the database keeps of retention. What takes away is done in a role of its own, which this service is for such a transaction only. */
export class RetentionStore {
  readonly #db: Kysely<RetentionDatabase>;
  readonly #purger: Kysely<RetentionDatabase>;

  /** @param purger connections on which a statement may take long: a month is read before it goes */
  constructor(db: Kysely<RetentionDatabase>, purger: Kysely<RetentionDatabase>) {
    this.#db = db;
    this.#purger = purger;
  }

  get db(): Kysely<RetentionDatabase> {
    return this.#db;
  }

  /** @returns days before; null for a new class */
  async setClass(db: Db, name: string, days: number): Promise<number | null> {
    const { rows } = await sql<{ was: number | null }>`select retention_set(${name}, ${days}) as was`.execute(db);
    return rows[0]?.was ?? null;
  }

  async classes(db: Db = this.#db): Promise<readonly { readonly name: string; readonly days: number; readonly effectiveDays: number }[]> {
    const rows = await db.selectFrom('retention_classes').selectAll().orderBy('class').execute();
    return rows.map((row) => ({ name: row.class, days: row.days, effectiveDays: row.effective_days }));
  }

  async keyMade({ id, class: name, day, kind }: RingKey): Promise<void> {
    await sql`select sealing_key_made(${id}, ${name}, ${day}::date, ${kind})`.execute(this.#db);
  }

  async key(id: string, db: Db = this.#db): Promise<SealingKeyRow | null> {
    return (await db.selectFrom('sealing_keys').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
  }

  /** Keys that are not destroyed and whose class has run out by that day. */
  dueKeys(by: string, db: Db = this.#db): Promise<readonly SealingKeyRow[]> {
    return db.selectFrom('sealing_keys').selectAll().where('destroyed_at', 'is', null).where('due', '<=', by).orderBy('day').execute();
  }

  async destroyedKeys(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db.selectFrom('sealing_keys').select('id').where('id', 'in', [...ids]).where('destroyed_at', 'is not', null).execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** Holds on sessions of a day, or on one session. */
  async holdsOn(what: { readonly day: string } | { readonly session: string }, db: Db = this.#db): Promise<readonly string[]> {
    const [day, session] = 'day' in what ? [what.day, null] : [null, what.session];
    const { rows } = await sql<{ id: string }>`select holds_held as id from holds_held(${day}::date, ${session}::uuid)`.execute(db);
    return rows.map(({ id }) => id);
  }

  async months(db: Db = this.#db): Promise<readonly Month[]> {
    const { rows } = await sql<{ name: string; class: string; from_at: Date; to_at: Date; due: string | null; holds: string[] }>`select name, class, from_at, to_at, due::text, to_json(holds) as holds from retention_tables()`.execute(db);
    return rows.flatMap(({ name, class: of, from_at, to_at, due, holds }) => (due === null ? [] : [{ name, class: of, from: from_at.toISOString(), to: to_at.toISOString(), due, holds }]));
  }

  /** Why a month stays now; empty when it may go. A month is read for this. */
  async blocks(month: string, delivered: number | null): Promise<readonly string[]> {
    const { rows } = await sql<{ blocks: string[] }>`select to_json(purge_blocks(${month}, ${delivered})) as blocks`.execute(this.#purger);
    return rows[0]?.blocks ?? ['unknown'];
  }

  /** All leaves without an event by policy, once this month is gone. */
  async leavesWithout(month: string): Promise<readonly (readonly number[])[]> {
    return this.#asRetention(async (trx) => {
      const { rows } = await sql<{ leaves: number[][] }>`select purge_leaves(${month}) as leaves`.execute(trx);
      return rows[0]?.leaves ?? [];
    });
  }

  async purge(month: string, delivered: number | null, events: readonly string[]): Promise<void> {
    await this.#asRetention((trx) => sql`select purge_partition(${month}, ${delivered}, ${[...events]}::uuid[])`.execute(trx));
  }

  async expireKey(id: string, event: string): Promise<void> {
    await this.#asRetention((trx) => sql`select sealing_key_expire(${id}, ${event}::uuid)`.execute(trx));
  }

  async replaceKey(old: string, next: string, event: string, kept: readonly Resealed[]): Promise<void> {
    await this.#asRetention((trx) => sql`select sealing_key_replace(${old}, ${next}, ${event}::uuid, ${kept.map((one) => one.event)}::uuid[], ${kept.map(({ sid }) => sid)}::uuid[],
      ${kept.map(({ iv }) => iv)}::bytea[], ${kept.map(({ wrapped }) => wrapped)}::bytea[])`.execute(trx));
  }

  #asRetention<T>(work: (trx: Transaction<RetentionDatabase>) => Promise<T>): Promise<T> {
    return this.#purger.transaction().execute(async (trx) => {
      await sql`set local role sallyport_retention`.execute(trx);
      return work(trx);
    });
  }
}
