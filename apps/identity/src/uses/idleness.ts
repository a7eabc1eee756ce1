import { sql, type Kysely } from 'kysely';
import type { IdentityDatabase } from '../store/database.ts';

/** Since when a machine did not come. */
export interface Idleness {
  readonly machine: string;
  /** When it came last, milliseconds since 1970; null: never. */
  readonly lastUsed: number | null;
  /** From when its idleness counts: its last use, its creation, or when it was last let work; the latest of them. */
  readonly since: number;
}

/**
 * Those of these machines that did not come since `before`. A machine that never came counts from its creation; one that was made active, or taken up again, from then on: otherwise it
 * would be suspended on its first day.
 */
export async function idleMachines(db: Kysely<IdentityDatabase>, machines: readonly string[], before: number): Promise<readonly Idleness[]> {
  if (machines.length === 0) return [];
  const used = await db
    .selectFrom('machine_use')
    .select(['machine', sql<Date>`max(last_used)`.as('last')])
    .where('machine', '=', sql<string>`any(${[...machines]})`)
    .groupBy('machine')
    .execute();
  const last = new Map(used.map((row) => [row.machine, row.last.getTime()]));
  const suspects = machines.filter((machine) => (last.get(machine) ?? 0) < before);
  const begun = await beginnings(db, suspects);
  return suspects.flatMap((machine) => {
    const lastUsed = last.get(machine) ?? null;
    const since = Math.max(lastUsed ?? 0, begun.get(machine) ?? 0);
    return since === 0 || since >= before ? [] : [{ machine, lastUsed, since }];
  });
}

/** When each of them was last let work: by its document, or because what held it back was lifted. Milliseconds since 1970. */
async function beginnings(db: Kysely<IdentityDatabase>, machines: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (machines.length === 0) return new Map();
  const { rows } = await sql<{ name: string; begun: Date }>`
    with version as (
      select name, created, body::jsonb #>> '{spec,state}' as state, lag(body::jsonb #>> '{spec,state}') over (partition by name order by version) as before
      from document where kind = 'Machine' and name = any(${[...machines]})
    ), beginning as (
      select name, max(created) as at from version where state = 'active' and before is distinct from 'active' group by name
      union all
      select machine, max(recorded) from machine_status where machine = any(${[...machines]}) and state = 'cleared' group by machine
    )
    select name, max(at) as begun from beginning group by name`.execute(db);
  return new Map(rows.map(({ name, begun }) => [name, begun.getTime()]));
}
