import type { Transaction } from 'kysely';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Told } from './told.ts';

/**
 * Concludes something from what the ledger says. `take` runs in the transaction that moves the cursor on: what it writes there is written once for each leaf, in their
 * order, over restarts too. What it cannot do without the network it only writes down, for somebody else to do. It must not throw on an event that it does not understand.
 */
export interface Reader {
  readonly name: string;
  take(trx: Transaction<GovernanceDatabase>, page: readonly Told[]): Promise<void>;
}
