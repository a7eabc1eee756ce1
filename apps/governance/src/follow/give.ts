import { sql, type Transaction } from 'kysely';
import { StoreError } from '@sallyport/platform-store';
import { counter, type Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Reader } from './reader.ts';
import type { Told } from './told.ts';

const skipped = counter('sallyport_governance_skipped_total', 'Leaves that a reader could not take', ['reader']);

/**
 * Gives a page to a reader. One that throws on it gets its halves, and their halves: what is left over is the leaf that it cannot take, which is noted and passed over, so that a
 * fault of ours in one event does not blind us for all that come after. Trouble of the database is no fault of a leaf, and thrown on.
 */
export async function give(trx: Transaction<GovernanceDatabase>, reader: Reader, page: readonly Told[], log: Log): Promise<void> {
  if (page.length === 0) return;
  await sql`savepoint given`.execute(trx);
  try {
    await reader.take(trx, page);
    await sql`release savepoint given`.execute(trx);
    return;
  } catch (error) {
    if (isTrouble(error)) throw error;
    await sql`rollback to savepoint given`.execute(trx);
    await sql`release savepoint given`.execute(trx);
    const [only] = page;
    if (page.length === 1 && only !== undefined) return pass(trx, reader.name, only.leaf, error, log);
  }
  const middle = page.length >> 1;
  await give(trx, reader, page.slice(0, middle), log);
  await give(trx, reader, page.slice(middle), log);
}

/** Notes a leaf that is passed over. */
export async function pass(trx: Transaction<GovernanceDatabase>, reader: string, leaf: number, error: unknown, log: Log): Promise<void> {
  log.error('a leaf of the ledger cannot be read and is passed over', { reader, leaf, error });
  skipped.inc({ reader });
  const why = error instanceof Error ? `${error.name}${error instanceof StoreError ? ` ${error.code}` : ''}` : 'unknown';
  await trx.insertInto('follow_skipped').values({ leaf, reader, why }).onConflict((conflict) => conflict.doNothing()).execute();
}

/** Everything of the database but what a value itself can be wrong by (22, 23, 54): a lost connection, a full disk, a missing table. */
function isTrouble(error: unknown): boolean {
  return error instanceof StoreError && !/^(22|23|54)...$/.test(error.code);
}
