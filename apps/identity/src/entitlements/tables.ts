import type { ColumnType, Generated } from 'kysely';

type Moment = ColumnType<Date, string, never>;
/** Written once, later. */
type Later<T, W = T> = ColumnType<T | null, never, W>;

export interface EntitlementTable {
  id: string;
  kind: 'standing' | 'jit' | 'break-glass';
  machine: string;
  target: string;
  role: string | null;
  document: string | null;
  document_version: number | null;
  request: string | null;
  approval: string | null;
  approved_by: string[];
  reason: string;
  starts: Moment;
  until: Moment;
  limited_by: string | null;
  uses: number | null;
  used: Generated<number>;
  last_used: Later<Date, string>;
  ended: Later<Date, string>;
  why: Later<'time' | 'revoked' | 'superseded'>;
  ended_say: Later<string>;
}

export interface EntitlementUseTable {
  session: string;
  entitlement: string;
  at: Moment;
}

export interface EntitlementStateTable {
  one: Generated<boolean>;
  /** `bigint`: comes as text. */
  revision: ColumnType<string, never, number>;
}

export interface AccessRequestTable {
  id: string;
  kind: 'jit' | 'break-glass';
  path: string;
  path_version: number;
  machine: string;
  target: string;
  role: string | null;
  seconds: number;
  uses: number | null;
  reason: string;
  requester: string;
  source: string;
  by_connecting: boolean;
  poll: Buffer | null;
  state: Generated<'pending' | 'granted' | 'rejected' | 'expired' | 'withdrawn' | 'refused'>;
  approval: Later<string>;
  url: Later<string>;
  created: Moment;
  expires: Moment;
  decided: Later<Date, string>;
  code: Later<string>;
  say: Later<string>;
}

export interface GlassReviewTable {
  entitlement: string;
  machine: string;
  requester: string;
  barred: string[];
  opened: Moment;
  due: Moment;
  reviewer: Later<string>;
  reviewed: Later<Date, string>;
  finding: Later<'justified' | 'not-justified'>;
  say: Later<string>;
}
