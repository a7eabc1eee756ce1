import { sql, type Kysely } from 'kysely';
import type { Outbox } from '@sallyport/platform-store';
import type { SinksDatabase } from './database.ts';

export interface Place {
  readonly epoch: number;
  readonly size: number;
}

export interface Cursor {
  /** The leaf that is delivered next. */
  readonly next: number;
  /** The last leaf of the batch that begins there and was on its way. */
  readonly batchLast: number | null;
  /** The checkpoint that was delivered last. */
  readonly checkpoint: Place;
  /** How often the ledger was found set back. */
  readonly turn: number;
  /** SHA-256 (hex) of the leaf before `next`, as it was delivered. */
  readonly sha256: string | null;
  readonly stalledAt: Date | null;
}

export interface Moved {
  readonly next: number;
  /** Null: as it was. */
  readonly checkpoint: Place | null;
  /** Of the leaf before `next`, where it is known. */
  readonly sha256: string | null;
}

export interface Counts {
  readonly delivered: number;
  readonly filtered: number;
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
    const row = await this.#db.selectFrom('sink_cursor').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
    const next = Number(row.next_leaf);
    const mark = await this.#db.selectFrom('sink_mark').select('sha256').where('name', '=', name).where('leaf', '=', String(next - 1)).executeTakeFirst();
    return {
      next, batchLast: row.batch_last === null ? null : Number(row.batch_last), checkpoint: { epoch: row.checkpoint_epoch, size: Number(row.checkpoint_size) }, turn: row.turn, sha256: mark?.sha256 ?? null, stalledAt: row.stalled_at,
    };
  }

  /** Of every sink that ever began, by its name. */
  async all(): Promise<ReadonlyMap<string, Pick<Cursor, 'next' | 'stalledAt'>>> {
    const rows = await this.#db.selectFrom('sink_cursor').select(['name', 'next_leaf', 'stalled_at']).execute();
    return new Map(rows.map(({ name, next_leaf, stalled_at }) => [name, { next: Number(next_leaf), stalledAt: stalled_at }]));
  }

  /** Notes the batch that begins at `first`. @returns the last leaf of the one that stands: it may have been noted before, by this process or another */
  async intend(name: string, first: number, last: number): Promise<number> {
    await this.#db.updateTable('sink_cursor').set({ batch_last: last }).where('name', '=', name).where('next_leaf', '=', String(first)).where('batch_last', 'is', null).execute();
    const { batch_last } = await this.#db.selectFrom('sink_cursor').select('batch_last').where('name', '=', name).executeTakeFirstOrThrow();
    return batch_last === null ? last : Number(batch_last);
  }

  /** The receiver has everything before `next`. One that had stalled has recovered. */
  async moved(name: string, { next, checkpoint, sha256 }: Moved, counts: Counts, now: Date): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const was = await trx.selectFrom('sink_cursor').select(['stalled_at', 'attempts']).where('name', '=', name).forUpdate().executeTakeFirstOrThrow();
      await trx.updateTable('sink_cursor').set({
        next_leaf: next, batch_last: null, delivered: sql<number>`delivered + ${counts.delivered}`, filtered: sql<number>`filtered + ${counts.filtered}`, stalled_at: null, attempts: 0, last_code: null, moved_at: now,
        ...(checkpoint === null ? {} : { checkpoint_epoch: checkpoint.epoch, checkpoint_size: checkpoint.size }),
      }).where('name', '=', name).execute();
      if (sha256 !== null) await mark(trx, name, next, sha256);
      if (was.stalled_at === null) return;
      const seconds = Math.max(0, Math.round((now.getTime() - was.stalled_at.getTime()) / 1000));
      await this.#outbox.emit(trx, 'sink.recovered', { sink: name, next, attempts: was.attempts, seconds });
    });
  }

  /** Leaves that the sink has, the newest first, each with its hash. */
  async marks(name: string): Promise<{ readonly leaf: number; readonly sha256: string }[]> {
    const rows = await this.#db.selectFrom('sink_mark').select(['leaf', 'sha256']).where('name', '=', name).orderBy('leaf', 'desc').execute();
    return rows.map(({ leaf, sha256 }) => ({ leaf: Number(leaf), sha256 }));
  }

  /** Delivery begins at leaf `to` again. `epoch`: with the checkpoints of that epoch; null: with those that are behind `to`. */
  async setBack(name: string, to: number, epoch: number | null, lag: number): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const was = await trx.selectFrom('sink_cursor').selectAll().where('name', '=', name).forUpdate().executeTakeFirstOrThrow();
      const [next, told] = [Number(was.next_leaf), Number(was.told_leaf)];
      if (next > told) await this.#outbox.emit(trx, 'sink.watermark', { sink: name, from: told, next, delivered: Number(was.delivered), filtered: Number(was.filtered), lag });
      await trx.updateTable('sink_cursor').set({
        turn: was.turn + 1, next_leaf: to, told_leaf: to, delivered: 0, filtered: 0, batch_last: null, checkpoint_epoch: epoch ?? was.checkpoint_epoch, checkpoint_size: epoch === null ? Math.min(Number(was.checkpoint_size), to) : 0,
      }).where('name', '=', name).execute();
      await trx.deleteFrom('sink_mark').where('name', '=', name).where('leaf', '>=', String(to)).execute();
      await this.#outbox.emit(trx, 'sink.rewound', { sink: name, from: next, next: to });
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

/** One mark is kept for each power of two of the distance to the cursor: about forty, whatever the log's size. */
async function mark(trx: Kysely<SinksDatabase>, name: string, next: number, sha256: string): Promise<void> {
  await trx.insertInto('sink_mark').values({ name, leaf: next - 1, sha256 }).onConflict((conflict) => conflict.doNothing()).execute();
  await sql`delete from sink_mark where name = ${name} and leaf not in (select min(leaf) from sink_mark where name = ${name} group by floor(log(2, greatest(1, ${next}::bigint - leaf)::numeric)))`.execute(trx);
}
