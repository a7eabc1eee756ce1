import type { Kysely } from 'kysely';
import { stopped } from '../model/askable.ts';
import type { Machines } from '../model/eligible.ts';
import type { Announcer } from './announcer.ts';
import type { Approvals } from './approvals.ts';
import type { ApprovalsDatabase } from './database.ts';

/** Most approvals of one machine that one round takes back; the next round goes on. */
const batch = 200;

/**
 * Takes back what stopped machines asked for, and what was granted to them and not used: a machine that works again asks anew. The sessions end by themselves, and withdraw what they hold; this
 * is for whatever has no session, and for gateways that are gone. Over restarts too, since it compares and remembers nothing.
 */
export async function stopOf(parts: { readonly db: Kysely<ApprovalsDatabase>; readonly approvals: Approvals; readonly announcer: Announcer; readonly machines: Machines }): Promise<number> {
  const live = await parts.db.selectFrom('approval').select('machine').distinct().where('state', 'in', ['pending', 'approved']).where('machine', 'is not', null).execute();
  let taken = 0;
  for (const { machine } of live) {
    if (machine === null || stopped(parts.machines, { machine, requester: null, subject: null }) === null) continue;
    const ids = await parts.db.selectFrom('approval').select('id').where('machine', '=', machine).where('state', 'in', ['pending', 'approved']).orderBy('id').limit(batch).execute();
    for (const { id } of ids) {
      const acted = await parts.approvals.act(id, null, ({ asked }, at) => ({ do: 'stop', at, why: stopped(parts.machines, asked) }));
      await parts.announcer.announce(id, acted);
      if (acted.changed) taken++;
    }
  }
  return taken;
}
