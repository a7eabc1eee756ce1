import { sql, type QueryExecutorProvider } from 'kysely';

/** Anything that can run a statement: a Kysely of any schema, or a transaction of one. */
export type Executor = QueryExecutorProvider;
export type TransactionExecutor = QueryExecutorProvider & { readonly isTransaction: boolean };

export interface OutboxHead {
  readonly epoch: string;
  /** The last counter written. */
  readonly pseq: number;
  readonly prev: string;
}

/** Locks the head until the transaction ends, so that counters are given and become visible in one order. */
export async function takeHead(trx: Executor): Promise<OutboxHead> {
  const { rows } = await sql<{ epoch: string; pseq: string; prev: string }>`select epoch, pseq, prev from outbox_head for update`.execute(trx);
  return head(rows[0]);
}

/** The head, and the oldest event that is still there (one past the head when none is). */
export async function readHead(db: Executor): Promise<OutboxHead & { readonly oldest: number }> {
  const { rows } = await sql<{ epoch: string; pseq: string; prev: string; oldest: string }>`
    select epoch, pseq, prev, coalesce((select min(o.pseq) from outbox o), h.pseq + 1) as oldest from outbox_head h`.execute(db);
  return { ...head(rows[0]), oldest: Number(rows[0]?.oldest) };
}

/** Writes rows and moves the head in one statement: the caller holds the head. */
export async function writeEvents(trx: Executor, rows: readonly { readonly pseq: number; readonly event: Uint8Array }[], prev: string): Promise<void> {
  const events = rows.map(({ event }) => Buffer.from(event.buffer, event.byteOffset, event.byteLength));
  await sql`
    with added as (insert into outbox (pseq, event) select * from unnest(${rows.map(({ pseq }) => pseq)}::bigint[], ${events}::bytea[]))
    update outbox_head set pseq = ${rows.at(-1)?.pseq}, prev = ${prev}`.execute(trx);
}

export async function readRows(db: Executor, after: number, limit: number): Promise<readonly { readonly pseq: number; readonly event: Uint8Array }[]> {
  const { rows } = await sql<{ pseq: string; event: Buffer }>`select pseq, event from outbox where pseq > ${after} order by pseq limit ${limit}`.execute(db);
  return rows.map((row) => ({ pseq: Number(row.pseq), event: row.event }));
}

export async function removeUpTo(db: Executor, pseq: number): Promise<void> {
  await sql`delete from outbox where pseq <= ${pseq}`.execute(db);
}

function head(row: { epoch: string; pseq: string; prev: string } | undefined): OutboxHead {
  if (row === undefined) throw new Error('outbox_head has no row: its migration was not applied');
  return { epoch: row.epoch, pseq: Number(row.pseq), prev: row.prev };
}
