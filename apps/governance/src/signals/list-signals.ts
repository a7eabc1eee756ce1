import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { governanceSignals } from '@sallyport/platform-bus';
import type { GovernanceDatabase } from '../store/database.ts';

type Listed = z.output<(typeof governanceSignals)['value']>;

/** What was told of people, newest first. @param before id of the last one of the page before */
export async function listSignals(db: Kysely<GovernanceDatabase>, { pending, before, limit }: { readonly pending: boolean; readonly before: string | null; readonly limit: number }): Promise<Listed> {
  const counts = await db.selectFrom('signal').select(({ fn }) => [fn.countAll<string>().as('all'), fn.countAll<string>().filterWhere('told_at', 'is', null).as('waiting')]).executeTakeFirstOrThrow();
  const from = before === null ? undefined : await db.selectFrom('signal').select('no').where('id', '=', before).executeTakeFirst();
  const rows = await db
    .selectFrom('signal')
    .selectAll()
    .$if(pending, (query) => query.where('told_at', 'is', null))
    .$if(before !== null, (query) => query.where('no', '<', from?.no ?? '0'))
    .orderBy('no', 'desc')
    .limit(limit)
    .execute();
  return {
    signals: rows.map((row) => ({
      id: row.id, source: row.source, origin: row.origin, kind: row.kind, ids: row.ids, person: row.person, at: row.happened_at.toISOString(), received: row.made_at.toISOString(), told: row.told_at?.toISOString() ?? null,
      attempts: row.attempts, outcome: row.outcome, suspended: row.suspended, attention: row.attention,
    })),
    total: Number(pending ? counts.waiting : counts.all),
    pending: Number(counts.waiting),
  };
}
