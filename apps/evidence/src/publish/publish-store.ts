import { sql, type Kysely } from 'kysely';
import type { Leaf } from './message.ts';

/** What the publisher reads, and the cursor that it moves. */
interface Views {
  publish_leaves: { /** The leaf and one. */ at: string; event_id: string; sha256: Buffer; received_at: Date | null; body: Buffer | null };
  publish_cursors: { next_leaf: string; checkpoint_epoch: number; checkpoint_size: string; moved_at: Date };
  checkpoints: { epoch: number; size: string; note: string | null };
}

export type PublishDatabase = Pick<Views, keyof Views>;

export interface Cursor {
  readonly next: number;
  readonly epoch: number;
  readonly size: number;
}

export interface SignedCheckpoint {
  readonly epoch: number;
  readonly size: number;
  readonly note: string;
}

/** One publisher at a time: it works while its connection holds this lock. */
const lock = '4611686018427387002';

/** On one connection, so that the lock is gone with it. Throws StoreError. */
export class PublishStore {
  readonly #db: Kysely<PublishDatabase>;

  constructor(connection: Kysely<PublishDatabase>) {
    this.#db = connection;
  }

  /** False while another publisher is at work. */
  async lock(): Promise<boolean> {
    const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${lock}::bigint) as held`.execute(this.#db);
    return rows[0]?.held === true;
  }

  async unlock(): Promise<void> {
    await sql`select pg_advisory_unlock(${lock}::bigint)`.execute(this.#db);
  }

  /** Leaves from `from` on; a number that the ledger has no more comes as a leaf with nothing. */
  async leaves(from: number, most: number): Promise<Leaf[]> {
    const rows = await this.#db.selectFrom('publish_leaves').selectAll().where('at', '>', String(from)).orderBy('at').limit(most).execute();
    const leaves: Leaf[] = [];
    for (const row of rows) {
      for (let gone = from + leaves.length; gone < Number(row.at) - 1 && leaves.length < most; gone++) leaves.push({ leaf: gone, event: null, sha256: null, received: null, body: null });
      if (leaves.length === most) break;
      leaves.push({ leaf: Number(row.at) - 1, event: row.event_id, sha256: row.sha256.toString('hex'), received: row.received_at?.toISOString() ?? null, body: row.body });
    }
    return leaves;
  }

  /** The hash (hex) that the ledger has for a leaf; null for a leaf that it has not. */
  async hashOf(leaf: number): Promise<string | null> {
    const row = await this.#db.selectFrom('publish_leaves').select('sha256').where('at', '=', String(leaf + 1)).executeTakeFirst();
    return row?.sha256.toString('hex') ?? null;
  }

  /** How many leaves the ledger has. */
  async size(): Promise<number> {
    const row = await this.#db.selectFrom('publish_leaves').select('at').orderBy('at', 'desc').limit(1).executeTakeFirst();
    return row === undefined ? 0 : Number(row.at);
  }

  async cursor(): Promise<Cursor> {
    const row = await this.#db.selectFrom('publish_cursors').selectAll().executeTakeFirstOrThrow();
    return { next: Number(row.next_leaf), epoch: row.checkpoint_epoch, size: Number(row.checkpoint_size) };
  }

  async moved({ next, epoch, size }: Cursor): Promise<void> {
    await sql`select publish_moved(${next}, ${epoch}, ${size})`.execute(this.#db);
  }

  /** The newest signed checkpoint whose leaves are all before `next`, when it is newer than the one published last. */
  async newCheckpoint({ next, epoch, size }: Cursor): Promise<SignedCheckpoint | null> {
    const row = await this.#db
      .selectFrom('checkpoints').select(['epoch', 'size', 'note']).where('note', 'is not', null).where('size', '<=', String(next)).where('epoch', '>=', epoch)
      .orderBy('epoch', 'desc').orderBy('size', 'desc').limit(1).executeTakeFirst();
    if (row === undefined || row.note === null) return null;
    const newer = row.epoch > epoch || Number(row.size) > size;
    return newer ? { epoch: row.epoch, size: Number(row.size), note: row.note } : null;
  }
}
