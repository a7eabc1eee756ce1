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

export async function writeEvent(trx: Executor, pseq: number, event: Uint8Array, prev: string): Promise<void> {
  await sql`insert into outbox (pseq, event) values (${pseq}, ${event})`.execute(trx);
  await sql`update outbox_head set pseq = ${pseq}, prev = ${prev}`.execute(trx);
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
