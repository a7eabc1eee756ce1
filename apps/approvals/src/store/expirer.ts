import { sql, type Kysely } from 'kysely';
import type { Clock } from '@sallyport/domain-model';
import type { Announcer } from './announcer.ts';
import type { Approvals } from './approvals.ts';
import type { ApprovalsDatabase } from './database.ts';

/** Most approvals that one round ends; the next round follows at once while there are more. */
const batch = 200;

/**
 * Ends what nobody answered. State is in the database, so a restart loses nothing: what fell due meanwhile ends in the first round.
 * Several instances may run; rounds are taken by one at a time (advisory lock), and the row lock decides anyway.
 */
export async function expireDue(parts: { readonly db: Kysely<ApprovalsDatabase>; readonly approvals: Approvals; readonly announcer: Announcer; readonly clock: Clock }): Promise<number> {
  const ids = await parts.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(hashtext('sallyport.approvals.expirer')) as mine`.execute(trx);
    if (rows[0]?.mine !== true) return [];
    const now = new Date(parts.clock.now()).toISOString();
    return trx.selectFrom('approval').select('id').where('state', 'in', ['pending', 'approved']).where('expires', '<=', sql<Date>`${now}::timestamptz`).orderBy('expires').limit(batch).execute();
  });
  for (const { id } of ids) {
    const acted = await parts.approvals.act(id, null, (_state, at) => ({ do: 'expire', at }));
    await parts.announcer.announce(id, acted);
  }
  return ids.length;
}
