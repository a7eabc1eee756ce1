import { sql, type Kysely } from 'kysely';
import type { EvidenceDatabase } from '../store/database.ts';

/** Cosignatures beside their checkpoints. The view `checkpoints` shows notes with them. */
export class Cosignatures {
  readonly #db: Kysely<EvidenceDatabase>;

  constructor(db: Kysely<EvidenceDatabase>) {
    this.#db = db;
  }

  /** The first of a witness for a checkpoint stays. */
  async add(epoch: number, size: number, witness: string, line: string): Promise<void> {
    await sql`select checkpoint_cosign(${epoch}, ${size}, ${witness}, ${line})`.execute(this.#db);
  }
}
