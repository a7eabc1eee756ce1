import { sql, type Kysely, type Transaction } from 'kysely';
import type { IdentityDatabase } from '../store/database.ts';
import type { InventoryTables } from '../store/inventory-tables.ts';

/** Something that is said of a machine once, as long as it is about the same. */
export interface Mark {
  readonly machine: string;
  readonly mark: InventoryTables['inventory_mark']['mark'];
  readonly about: string;
}

/** Sets these marks. @returns the machines that had not this mark about this, in this transaction alone */
export async function markAll(trx: Transaction<IdentityDatabase>, marks: readonly Mark[], now: number): Promise<ReadonlySet<string>> {
  if (marks.length === 0) return new Set();
  const at = new Date(now).toISOString();
  const rows = await trx
    .insertInto('inventory_mark')
    .values(marks.toSorted((a, b) => (a.machine < b.machine ? -1 : 1)).map((one) => ({ ...one, marked: at })))
    .onConflict((conflict) => conflict.columns(['machine', 'mark']).doUpdateSet({ about: sql`excluded.about`, marked: sql`excluded.marked` }).where('inventory_mark.about', '<>', sql<string>`excluded.about`))
    .returning('machine')
    .execute();
  return new Set(rows.map(({ machine }) => machine));
}

/** Takes a mark from all machines but these: what is over may be said again. */
export async function unmarkOthers(db: Kysely<IdentityDatabase>, mark: Mark['mark'], machines: readonly string[]): Promise<void> {
  await db.deleteFrom('inventory_mark').where('mark', '=', mark).where('machine', '<>', sql<string>`all(${[...machines]})`).execute();
}
