import type { ColumnType } from 'kysely';
import type { Big } from '../store/follow-tables.ts';

type Moment = ColumnType<Date, Date, Date>;
/** `date` columns are read as text by whoever needs them: the driver would make local midnights of them. */
type Day = ColumnType<Date, string, string>;

export interface UsageTables {
  usage_session: { session: string; machine: string; target: string; role: string; protocol: string; opened: Moment };
  usage_day: { machine: string; target: string; role: string; verb: string; object: string; day: Day; commands: Big; allowed: Big; denied: Big; held: Big; first_at: Moment; last_at: Moment };
  decided_input: {
    digest: Uint8Array; machine: string; target: string; role: string; protocol: string; reading: string; kind: string; effects: string[]; decision: string; by_gate: boolean; rolled: number;
    rules: string[]; policy: Big;
  };
  decided_day: { digest: Uint8Array; day: Day; commands: Big; example: string; last_at: Moment };
  usage_width: { machine: string; target: string; day: Day; objects: Big; inputs: Big };
  entitlement_seen: {
    entitlement: string; kind: string; machine: string; target: string; role: string; granted: Moment; until: Moment; requester: string | null; approved_by: string[];
    used: ColumnType<string, number | undefined, number>; last_used: ColumnType<Date | null, Date | null | undefined, Date>; ended: ColumnType<Date | null, Date | null | undefined, Date | null>;
    ended_why: ColumnType<string | null, string | null | undefined, string | null>; flagged: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  entitlement_asked: { request: string; requester: string; asked: Moment };
}
