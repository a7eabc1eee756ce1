import type { ColumnType, Generated } from 'kysely';
import type { Big } from '../store/follow-tables.ts';
import type { Step } from './cadence.ts';

type Moment = ColumnType<Date, Date | string, Date | string>;

export interface DetectTables {
  detect_session: {
    session: string; machine: string; target: string; client: string | null; binding: string; network: string; runtime: string; token: string;
    opened: boolean; closed: boolean; seen_at: Moment; until: Moment; shell: boolean; terminal: boolean; odd_hour: boolean; unseen: number; steps: ColumnType<Step[], string, string>; told: boolean;
  };
  detect_profile: { machine: string; target: string; first_at: Moment; days: number; last_day: number; commands: Big; effects: number; statements: number; hours: number };
  detect_known: { machine: string; target: string; what: string; last_day: number };
  detection: {
    no: Generated<string>; id: string; kind: string; machine: string; what: string; session: string | null; say: string; facts: string[]; items: string[]; first_at: Moment; last_at: Moment;
    count: Big; events: number; days: number; since: Moment; state: 'open' | 'dismissed'; dismissed_by: string | null; dismissed_at: ColumnType<Date | null, Date | null, Date | null>; reason: string | null;
  };
}
