import type { ColumnType, Generated } from 'kysely';

/** The tables of `0002_signals.sql`. */
export interface SignalsDatabase {
  directory: DirectoryTable;
  directory_user: DirectoryUserTable;
  directory_group: DirectoryGroupTable;
  directory_member: DirectoryMemberTable;
  departure: DepartureTable;
  signal: SignalTable;
  security_event: SecurityEventTable;
  last_day: LastDayTable;
}

interface DirectoryTable {
  name: string;
  kind: 'scim' | 'ssf';
  token_hash: Buffer;
  added_at: Date;
  added_by: string;
  revoked_at: Date | null;
  seen_at: Date | null;
  issuer: string | null;
  jwks_uri: string | null;
  audience: string | null;
  authority: string | null;
  poll: string | null;
  credential: string | null;
}

interface DirectoryUserTable {
  id: Generated<string>;
  directory: string;
  user_name: string;
  user_key: string;
  external_id: string | null;
  active: boolean;
  created_at: Date;
  changed_at: Date;
}

interface DirectoryGroupTable {
  id: Generated<string>;
  directory: string;
  display_name: string;
  display_key: string;
  external_id: string | null;
  created_at: Date;
  changed_at: Date;
}

interface DirectoryMemberTable {
  group_id: string;
  user_id: string;
}

interface DepartureTable {
  origin: string;
  id_hash: Buffer;
  left_at: Date;
  person: string | null;
}

interface SignalTable {
  /** `bigint`: comes as text. */
  no: ColumnType<string, never, never>;
  id: string;
  source: 'scim' | 'ssf' | 'hr';
  origin: string;
  kind: 'left' | 'returned' | 'session-revoked';
  subject: Buffer;
  ids: string[];
  happened_at: Date;
  ref: string | null;
  reason: string;
  made_at: Date;
  due_at: Date;
  attempts: Generated<number>;
  told_at: Date | null;
  person: string | null;
  suspended: Generated<number>;
  attention: Generated<number>;
  outcome: Generated<string>;
  once: string | null;
}

interface SecurityEventTable {
  directory: string;
  jti_hash: Buffer;
  until: Date;
}

interface LastDayTable {
  id_hash: Buffer;
  id: string;
  /** `date`: read as text, since the driver would make a local midnight of it. */
  day: ColumnType<Date, string, string>;
}
