import { sql, type Kysely } from 'kysely';
import type { EvidenceDatabase } from '../store/database.ts';

export interface LogState {
  readonly size: number;
  readonly frontier: Uint8Array;
}

export interface Epoch {
  readonly epoch: number;
  readonly origin: string;
}

/** A full subtree's root: entry `index` of `level` counts 256^level leaves. */
export interface LogNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

export interface StoredCheckpoint {
  readonly epoch: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** Null while it is written down and not signed yet. */
  readonly note: string | null;
}

/** The Merkle log's tables, by the database's own functions and views: the service has no right on a table. */
export class LogStore {
  readonly #db: Kysely<EvidenceDatabase>;

  constructor(db: Kysely<EvidenceDatabase>) {
    this.#db = db;
  }

  async state(): Promise<LogState> {
    const { size, frontier } = await this.#db.selectFrom('log_states').selectAll().executeTakeFirstOrThrow();
    return { size: Number(size), frontier };
  }

  /** Hashes of leaves from `from` on, in order. */
  async leaves(from: number, most: number): Promise<Uint8Array[]> {
    const rows = await this.#db.selectFrom('log_leaves').select('hash').where('at', '>', String(from)).orderBy('at').limit(most).execute();
    return rows.map(({ hash }) => hash);
  }

  /** Up to 256 entries of one tile, side by side. Level 0 are the leaves. */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const from = String(index * 256);
    const to = String(index * 256 + width);
    const rows =
      level === 0
        ? await this.#db.selectFrom('log_leaves').select('hash').where('at', '>', from).where('at', '<=', to).orderBy('at').execute()
        : await this.#db.selectFrom('log_nodes').select('hash').where('level', '=', level).where('index', '>=', from).where('index', '<', to).orderBy('index').execute();
    return Buffer.concat(rows.map(({ hash }) => hash));
  }

  async extend(from: number, to: number, nodes: readonly LogNode[], frontier: Uint8Array): Promise<void> {
    await sql`select log_extend(${from}, ${to}, ${nodes.map(({ level }) => level)}::smallint[], ${nodes.map(({ index }) => index)}::bigint[], ${nodes.map(({ hash }) => hash)}::bytea[], ${frontier})`.execute(this.#db);
  }

  async epoch(): Promise<Epoch | null> {
    const row = await this.#db.selectFrom('log_epochs').select(['epoch', 'origin']).orderBy('epoch', 'desc').limit(1).executeTakeFirst();
    return row ?? null;
  }

  async openEpoch({ epoch, origin }: Epoch, why: string, lost: { readonly size: number; readonly root: Uint8Array } | null): Promise<void> {
    await sql`select log_open_epoch(${epoch}, ${origin}, ${why}, ${lost?.size ?? null}, ${lost?.root ?? null})`.execute(this.#db);
  }

  /** The newest of an epoch, signed or not. */
  async lastCheckpoint(epoch: number): Promise<StoredCheckpoint | null> {
    const row = await this.#db.selectFrom('checkpoints').selectAll().where('epoch', '=', epoch).orderBy('size', 'desc').limit(1).executeTakeFirst();
    return row === undefined ? null : { epoch, size: Number(row.size), root: row.root, note: row.note };
  }

  /** The newest that is signed, of any epoch; or the newest that is not larger. */
  async signedCheckpoint(most: number | null, stamped = false): Promise<{ readonly note: string; readonly origin: string; readonly size: number; readonly timestamps: { authority: string; token: string }[] } | null> {
    let query = this.#db.selectFrom('checkpoints').innerJoin('log_epochs', 'log_epochs.epoch', 'checkpoints.epoch').select(['checkpoints.epoch', 'note', 'origin', 'size']).where('note', 'is not', null);
    if (most !== null) query = query.where('size', '<=', String(most));
    if (stamped) query = query.where(({ exists, selectFrom }) => exists(selectFrom('checkpoint_timestamps as t').select('t.size').whereRef('t.epoch', '=', 'checkpoints.epoch').whereRef('t.size', '=', 'checkpoints.size')));
    const row = await query.orderBy('checkpoints.epoch', 'desc').orderBy('size', 'desc').limit(1).executeTakeFirst();
    if (row === undefined) return null;
    const tokens = await this.#db.selectFrom('checkpoint_timestamps').select(['authority', 'token']).where('epoch', '=', row.epoch).where('size', '=', row.size).orderBy('authority').execute();
    return { note: row.note ?? '', origin: row.origin, size: Number(row.size), timestamps: tokens.map(({ authority, token }) => ({ authority, token: token.toString('base64') })) };
  }

  /** The signed ones behind that one, oldest first. */
  async signedAfter({ epoch, size }: { readonly epoch: number; readonly size: number }, most: number): Promise<{ epoch: number; origin: string; size: number; note: string; at: string }[]> {
    const rows = await this.#db
      .selectFrom('checkpoints').innerJoin('log_epochs', 'log_epochs.epoch', 'checkpoints.epoch').select(['checkpoints.epoch', 'origin', 'size', 'note', 'made_at'])
      .where(sql<boolean>`(checkpoints.epoch, checkpoints.size) > (${epoch}, ${size})`).where('note', 'is not', null).orderBy('checkpoints.epoch').orderBy('size').limit(most).execute();
    return rows.map((row) => ({ epoch: row.epoch, origin: row.origin, size: Number(row.size), note: row.note ?? '', at: row.made_at.toISOString() }));
  }

  /** Writes it down before it is signed. @returns the root that stands for this size */
  async intend(epoch: number, size: number, root: Uint8Array): Promise<Uint8Array> {
    const { rows } = await sql<{ root: Buffer }>`select checkpoint_intend(${epoch}, ${size}, ${root}) as root`.execute(this.#db);
    return rows[0]?.root ?? new Uint8Array();
  }

  /** Statements that one key followed another, the oldest first. */
  async rotations(): Promise<{ readonly old: string; readonly new: string; readonly note: string }[]> {
    return this.#db.selectFrom('log_key_rotations').select(['old', 'new', 'note']).orderBy('n').execute();
  }

  async rotated(of: { readonly old: string; readonly new: string; readonly note: string }): Promise<void> {
    await sql`select log_key_rotated(${of.old}, ${of.new}, ${of.note})`.execute(this.#db);
  }

  async signed(epoch: number, size: number, note: string): Promise<void> {
    await sql`select checkpoint_signed(${epoch}, ${size}, ${note})`.execute(this.#db);
  }
}
