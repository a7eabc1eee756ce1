import { sql, type Transaction } from 'kysely';
import type { ReviewItem } from '@sallyport/platform-bus';
import type { GovernanceDatabase } from '../store/database.ts';

type Trx = Transaction<GovernanceDatabase>;

export interface LiveEntitlement {
  readonly entitlement: string;
  readonly machine: string;
  readonly target: string;
  readonly role: string;
  readonly until: Date;
  readonly requester: string | null;
  readonly last_used: Date | null;
}

/** Effects on one target in one role; the first fifty of `count`. */
export interface UseOf {
  readonly role: string;
  readonly effects: ReviewItem['used'];
  readonly count: number;
  readonly last: Date | null;
}

export async function liveEntitlements(trx: Trx, machines: readonly string[], now: Date): Promise<readonly LiveEntitlement[]> {
  return trx.selectFrom('entitlement_seen').select(['entitlement', 'machine', 'target', 'role', 'until', 'requester', 'last_used']).where('machine', '=', sql<string>`any(${machines})`).where('ended', 'is', null).where('until', '>', now).execute();
}

/** What machines used since a day, by `machine target`. */
export async function usesOf(trx: Trx, machines: readonly string[], from: string): Promise<ReadonlyMap<string, readonly UseOf[]>> {
  const { rows } = await sql<{ machine: string; target: string; role: string; count: string; last: Date; effects: { verb: string; object: string; commands: number; denied: number; last: string }[] }>`
    select machine, target, role, count(*)::text as count, max(last) as last,
      jsonb_agg(jsonb_build_object('verb', verb, 'object', object, 'commands', commands, 'denied', denied, 'last', to_char(last at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) order by place) filter (where place <= 50) as effects
    from (
      select machine, target, role, verb, object, sum(commands) as commands, sum(denied) as denied, max(last_at) as last, row_number() over (partition by machine, target, role order by sum(allowed) desc, sum(commands) desc, verb, object) as place
      from usage_day where machine = any(${machines}) and day >= ${from}::date and verb <> 'connect' group by machine, target, role, verb, object
    ) as effects group by machine, target, role`.execute(trx);
  return grouped(rows, ({ role, count, last, effects }): UseOf => ({ role, effects, count: Number(count), last }));
}

/** Targets that machines connected to since a day, by machine, and when last. */
export async function connectionsOf(trx: Trx, machines: readonly string[], from: string): Promise<ReadonlyMap<string, ReadonlyMap<string, Date>>> {
  const { rows } = await sql<{ machine: string; target: string; last: Date }>`
    select machine, target, max(last_at) as last from usage_day where machine = any(${machines}) and day >= ${from}::date and verb = 'connect' and allowed > 0 group by machine, target`.execute(trx);
  const found = new Map<string, Map<string, Date>>();
  for (const { machine, target, last } of rows) found.set(machine, (found.get(machine) ?? new Map<string, Date>()).set(target, last));
  return found;
}

/** Rules by which something was allowed since a day, by `machine target`. */
export async function rulesUsed(trx: Trx, machines: readonly string[], from: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await sql<{ machine: string; target: string; rules: string[] }>`
    select i.machine, i.target, array_agg(distinct r.rule) as rules from decided_input i cross join unnest(i.rules) as r (rule)
    where i.machine = any(${machines}) and i.decision <> 'deny' and exists (select from decided_day d where d.digest = i.digest and d.day >= ${from}::date) group by i.machine, i.target`.execute(trx);
  return new Map(rows.map(({ machine, target, rules }) => [`${machine} ${target}`, new Set(rules)]));
}

function grouped<R extends { readonly machine: string; readonly target: string }, T>(rows: readonly R[], of: (row: R) => T): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const key = `${row.machine} ${row.target}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [of(row)]);
    else list.push(of(row));
  }
  return found;
}
