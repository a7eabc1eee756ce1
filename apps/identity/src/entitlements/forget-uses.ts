import { sql, type Kysely } from 'kysely';
import type { IdentityDatabase } from '../store/database.ts';

/** No session lives so long: which session came by which entitlement is then in evidence alone. */
const keptFor = '30 days';
const batch = 5000;

/** Forgets which sessions came by entitlements that ended long ago. The entitlements and their counts stay. @returns how many */
export async function forgetUses(db: Kysely<IdentityDatabase>, now: number): Promise<number> {
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      delete from entitlement_use where (session, entitlement) in (
        select u.session, u.entitlement from entitlement_use u join entitlement e on e.id = u.entitlement where e.ended < ${new Date(now).toISOString()}::timestamptz - ${keptFor}::interval limit ${batch})`.execute(db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BigInt(batch)) return total;
  }
}
