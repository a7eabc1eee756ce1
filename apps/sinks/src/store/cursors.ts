import { sql, type Kysely } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { SinksDatabase } from './database.ts';

export interface Cursor {
  /** The leaf that is delivered next. */
  readonly next: number;
  readonly stalledAt: Date | null;
  readonly attempts: number;
}

/** How far each sink is. What is told of it goes with the row, in one transaction. Throws StoreError. */
export class Cursors {
  readonly #db: Kysely<SinksDatabase>;
  readonly #outbox: Outbox;

  constructor(db: Kysely<SinksDatabase>, outbox: Outbox) {
    this.#db = db;
    this.#outbox = outbox;
  }

  /** A sink that is new begins at the first leaf. */
  async open(name: string): Promise<Cursor> {
    await this.#db.insertInto('sink_cursor').values({ name }).onConflict((conflict) => conflict.doNothing()).execute();
    const { next_leaf, stalled_at, attempts } = await this.#db.selectFrom('sink_cursor').select(['next_leaf', 'stalled_at', 'attempts']).where('name', '=', name).executeTakeFirstOrThrow();
    return { next: Number(next_leaf), stalledAt: stalled_at, attempts };
  }

  /** Of every sink that ever began, by its name. */
  async all(): Promise<ReadonlyMap<string, Cursor>> {
    const rows = await this.#db.selectFrom('sink_cursor').select(['name', 'next_leaf', 'stalled_at', 'attempts']).execute();
    return new Map(rows.map(({ name, next_leaf, stalled_at, attempts }) => [name, { next: Number(next_leaf), stalledAt: stalled_at, attempts }]));
  }

  /** The receiver has everything before `next`. One that had stalled has recovered. */
  async moved(name: string, next: number, counts: { readonly delivered: number; readonly filtered: number }, now: Date): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const was = await trx.selectFrom('sink_cursor').select(['stalled_at', 'attempts']).where('name', '=', name).forUpdate().executeTakeFirstOrThrow();
      await trx.updateTable('sink_cursor').set({
        next_leaf: next, delivered: sql<number>`delivered + ${counts.delivered}`, filtered: sql<number>`filtered + ${counts.filtered}`, stalled_at: null, attempts: 0, last_code: null, moved_at: now,
      }).where('name', '=', name).execute();
      if (was.stalled_at === null) return;
      const seconds = Math.max(0, Math.round((now.getTime() - was.stalled_at.getTime()) / 1000));
      await this.#outbox.emit(trx, 'sink.recovered', { sink: name, next, attempts: was.attempts, seconds });
    });
  }

  /** An attempt failed. From `stallAfter` attempts on it is told, once. */
  async failed(name: string, code: string, lag: number, stallAfter: number, now: Date): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const was = await trx.selectFrom('sink_cursor').select(['next_leaf', 'stalled_at', 'attempts']).where('name', '=', name).forUpdate().executeTakeFirstOrThrow();
      const attempts = was.attempts + 1;
      const stalls = was.stalled_at === null && attempts >= stallAfter;
      await trx.updateTable('sink_cursor').set({ attempts, last_code: code, ...(stalls ? { stalled_at: now } : {}) }).where('name', '=', name).execute();
      if (stalls) await this.#outbox.emit(trx, 'sink.stalled', { sink: name, next: Number(was.next_leaf), code, attempts, lag });
    });
  }

  /** Tells what was delivered since the last such word; nothing when nothing was. */
  async watermark(name: string, lag: number): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const { next_leaf, told_leaf, delivered, filtered } = await trx.selectFrom('sink_cursor').selectAll().where('name', '=', name).forUpdate().executeTakeFirstOrThrow();
      if (next_leaf === told_leaf) return;
      await trx.updateTable('sink_cursor').set({ told_leaf: Number(next_leaf), delivered: 0, filtered: 0 }).where('name', '=', name).execute();
      await this.#outbox.emit(trx, 'sink.watermark', { sink: name, from: Number(told_leaf), next: Number(next_leaf), delivered: Number(delivered), filtered: Number(filtered), lag });
    });
  }
}
