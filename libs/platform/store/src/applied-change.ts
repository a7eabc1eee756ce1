import type { ChangeAuthority } from '@sallyport/platform-bus';
import { sql } from 'kysely';
import type { Executor, TransactionExecutor } from './outbox-rows.ts';

/** Whether this service has written its part of a change already. The table comes by `-- include applied-change` in a migration, behind the function `refuse_change`. */
export async function isApplied(db: Executor, { id, round, binding }: ChangeAuthority): Promise<boolean> {
  const { rows } = await sql`select 1 from applied_change where change = ${id} and round = ${round} and binding = ${binding}`.execute(db);
  return rows.length > 0;
}

/** Remembers, in the transaction that writes it, that a part of a change is written. Nothing for what is applied without a change. */
export async function markApplied(trx: TransactionExecutor, change: ChangeAuthority | null): Promise<void> {
  if (change === null) return;
  await sql`insert into applied_change (change, round, approval, binding) values (${change.id}, ${change.round}, ${change.approval}, ${change.binding})`.execute(trx);
}
