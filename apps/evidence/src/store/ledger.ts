import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import type { EventData } from '@sallyport/domain-events';
import type { Outbox } from '@sallyport/platform-store';
import type { Batch } from '../model/batch.ts';
import type { KeyClaim } from '../model/key-claim.ts';
import type { EvidenceDatabase } from './database.ts';

const appended = z.strictObject({
  added: z.int(),
  conflicts: z.array(z.strictObject({ sid: z.string(), seq: z.int(), kept: z.string(), other: z.string() })),
  producers: z.array(z.strictObject({ producer: z.string(), epoch: z.string(), contiguous: z.int() })),
});
export type Appended = z.infer<typeof appended>;

/** Everything that the service writes, by the database's own functions: it has no right on a table. Throws StoreError. */
export class Ledger {
  readonly #db: Kysely<EvidenceDatabase>;
  readonly #outbox: Outbox;

  constructor(db: Kysely<EvidenceDatabase>, outbox: Outbox) {
    this.#db = db;
    this.#outbox = outbox;
  }

  /** Adds what is new. Two events that claim one number are both kept, and that is told in the same transaction; so is a key that is not taken for granted. */
  append(batch: Batch, claims: readonly KeyClaim[] = []): Promise<Appended & { readonly keyConflicts: number }> {
    return this.#db.transaction().execute(async (trx) => {
      const answer = await appendBatch(trx, batch);
      await this.#outbox.emitAll(trx, answer.conflicts.map((data) => ({ type: 'log.equivocation', data })));
      const keys = await claimKeys(trx, claims);
      await this.#outbox.emitAll(trx, keys.map((data) => ({ type: 'key.conflict', data })));
      return { ...answer, keyConflicts: keys.length };
    });
  }

  async keepAside(subject: string, reason: string, message: Uint8Array): Promise<void> {
    await sql`select keep_aside(${subject.replaceAll('\0', '')}, ${reason}, ${message})`.execute(this.#db);
  }

  /** Tells holes that are older than this, each once. @returns how many */
  tellGaps(olderMs: number): Promise<number> {
    return this.#db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ producer: string; epoch: string; from_pseq: string; to_pseq: string }>`select * from new_gaps(${interval(olderMs)})`.execute(trx);
      await this.#outbox.emitAll(trx, rows.map((gap) => ({ type: 'log.gap', data: { producer: gap.producer, epoch: gap.epoch, from: Number(gap.from_pseq), to: Number(gap.to_pseq) } })));
      return rows.length;
    });
  }

  /** Lets the watermark pass over holes that were told this long ago. @returns where it stands now for each producer that had one */
  async giveUpGaps(olderMs: number): Promise<Appended['producers']> {
    const { rows } = await sql<{ producer: string; epoch: string; contiguous: string }>`select * from give_up_gaps(${interval(olderMs)})`.execute(this.#db);
    return rows.map(({ producer, epoch, contiguous }) => ({ producer, epoch, contiguous: Number(contiguous) }));
  }

  /** Tells sessions that will not be closed any more. @returns how many */
  tellAbandoned(after: { readonly replacedMs: number; readonly silentMs: number }): Promise<number> {
    return this.#db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ sid: string; last_seq: string; why: string }>`select * from newly_abandoned(${interval(after.replacedMs)}, ${interval(after.silentMs)}, 500)`.execute(trx);
      await this.#outbox.emitAll(trx, rows.map(({ sid, last_seq, why }) => ({ type: 'session.abandoned', data: { session: sid, last_seq: Number(last_seq), why } })));
      return rows.length;
    });
  }

  /** Tells producers of which nothing came for so long, and those that are heard again, each once. */
  tellSilences(quietMs: number): Promise<{ readonly silent: readonly string[]; readonly heard: readonly string[] }> {
    return this.#db.transaction().execute(async (trx) => {
      const { rows: silent } = await sql<{ producer: string; epoch: string; last_pseq: string; since: Date }>`select * from newly_silent(${interval(quietMs)})`.execute(trx);
      const { rows: heard } = await sql<{ producer: string; epoch: string; last_pseq: string; seconds: string }>`select * from newly_heard()`.execute(trx);
      await this.#outbox.emitAll(trx, silent.map(({ producer, epoch, last_pseq, since }) => ({ type: 'producer.silent', data: { producer, epoch, last_pseq: Number(last_pseq), since: since.toISOString() } })));
      await this.#outbox.emitAll(trx, heard.map(({ producer, epoch, last_pseq, seconds }) => ({ type: 'producer.heard', data: { producer, epoch, last_pseq: Number(last_pseq), seconds: Number(seconds) } })));
      return { silent: silent.map(({ producer }) => producer), heard: heard.map(({ producer }) => producer) };
    });
  }

  async ensurePartitions(): Promise<void> {
    await sql`select ensure_partitions(1, 3)`.execute(this.#db);
  }

  /** How far each producer is that was heard of in the last day. */
  async watermarks(): Promise<Appended['producers']> {
    const rows = await this.#db.selectFrom('watermarks').select(['producer', 'epoch', 'contiguous']).where('last_seen', '>', sql<Date>`now() - interval '1 day'`).execute();
    return rows.map(({ producer, epoch, contiguous }) => ({ producer, epoch, contiguous: Number(contiguous) }));
  }
}

const keyFault = z.strictObject({ why: z.enum(['other-producer', 'other-key', 'not-its-own']), other: z.string().nullable() }).nullable();

async function claimKeys(trx: Transaction<EvidenceDatabase>, claims: readonly KeyClaim[]): Promise<EventData['key.conflict'][]> {
  const conflicts: EventData['key.conflict'][] = [];
  for (const { producer, epoch, vkey, publicKey } of claims) {
    const { rows } = await sql<{ fault: unknown }>`select claim_key(${producer}, ${epoch}, ${vkey}, ${publicKey}) as fault`.execute(trx);
    const fault = keyFault.parse(rows[0]?.fault ?? null);
    if (fault !== null) conflicts.push({ producer, epoch, key: vkey, ...fault });
  }
  return conflicts;
}

async function appendBatch(trx: Transaction<EvidenceDatabase>, b: Batch): Promise<Appended> {
  const { rows } = await sql<{ answer: unknown }>`select append(
    ${b.pack}, ${b.ids}, ${b.sids}, ${b.seqs}, ${b.producers}, ${b.epochs}, ${b.pseqs}, ${b.types}, ${b.whos}, ${b.targets}, ${b.walls},
    ${b.offs}, ${b.lens}, ${b.commands}, ${b.denied}, ${b.held}, ${b.rows}, ${b.bytes}, ${b.blobOf}, ${b.blobOffs}, ${b.blobLens}, ${b.states}) as answer`.execute(trx);
  return appended.parse(rows[0]?.answer);
}

const interval = (ms: number) => sql`make_interval(secs => ${ms / 1000})`;
