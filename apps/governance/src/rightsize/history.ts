import { sql, type Kysely } from 'kysely';
import type { GovernanceDatabase } from '../store/database.ts';

/** One distinct decision of the past, and how often it was made. */
export interface Past {
  readonly machine: string;
  readonly target: string;
  readonly role: string;
  readonly protocol: string;
  readonly reading: string;
  readonly kind: string;
  readonly effects: readonly string[];
  readonly decision: 'allow' | 'deny' | 'hold';
  /** Refused by the gateway's own rule about classified columns. */
  readonly byGate: boolean;
  /** Above 0 effects stand for many objects. */
  readonly rolled: number;
  readonly rules: readonly string[];
  readonly policy: number;
  readonly commands: number;
  readonly example: string;
  readonly last: Date;
}

/** More distinct decisions than this are not looked at in one go. */
export const mostPast = 50_000;

export interface Span {
  readonly machine: string | null;
  readonly target: string | null;
  /** The first day (UTC), `2026-11-23`. */
  readonly from: string;
}

/** The distinct decisions of a span, most commands first; one more than `mostPast` when there are too many. Throws StoreError. */
export async function pastOf(db: Kysely<GovernanceDatabase>, { machine, target, from }: Span): Promise<readonly Past[]> {
  const { rows } = await sql<Omit<Past, 'byGate' | 'policy' | 'commands'> & { by_gate: boolean; policy: string; commands: string }>`
    select i.machine, i.target, i.role, i.protocol, i.reading, i.kind, i.effects, i.decision, i.by_gate, i.rolled, i.rules, i.policy,
      d.commands::text as commands, d.last, d.example
    from (
      select digest, sum(commands) as commands, max(last_at) as last, (array_agg(example order by last_at desc))[1] as example
      from decided_day where day >= ${from}::date ${machine === null ? sql`` : sql`and digest in (select digest from decided_input where machine = ${machine} ${target === null ? sql`` : sql`and target = ${target}`})`}
      group by digest
    ) d join decided_input i using (digest)
    ${machine === null && target !== null ? sql`where i.target = ${target}` : sql``}
    order by d.commands desc, i.digest limit ${mostPast + 1}`.execute(db);
  return rows.map(({ by_gate, policy, commands, ...rest }) => ({ ...rest, byGate: by_gate, policy: Number(policy), commands: Number(commands) }));
}
