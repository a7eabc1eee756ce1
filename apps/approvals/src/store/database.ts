import type { ColumnType, Generated } from 'kysely';
import type { ApprovalEvent } from '../model/event.ts';
import type { Phase } from '../model/state.ts';

/** The schema `approvals`, as migrations/ leaves it. */
export interface ApprovalsDatabase {
  approval: ApprovalTable;
  approval_event: ApprovalEventTable;
  notice: NoticeTable;
  manifest: ManifestTable;
  manifest_statement: ManifestStatementTable;
  manifest_use: ManifestUseTable;
}

interface ApprovalTable {
  id: string;
  session: string | null;
  command: string | null;
  machine: string | null;
  target: string | null;
  subject_kind: 'access' | 'manifest' | 'change' | null;
  subject_id: string | null;
  /** Null in rows of before it was kept here too. */
  binding: string | null;
  state: Phase;
  created: Moment;
  expires: Moment;
  text_sealed: Buffer;
  parameters_sealed: Buffer | null;
  announce_after: Moment | null;
}

interface ApprovalEventTable {
  approval: string;
  seq: number;
  data: ColumnType<ApprovalEvent, string, never>;
  comment_sealed: Buffer | null;
}

interface NoticeTable {
  id: string;
  approval: string;
  state: Phase;
  body: string;
  created: Moment;
  attempts: Generated<number>;
  due: Moment;
  ended: Moment | null;
  ok: boolean | null;
}

interface ManifestTable {
  approval: string;
  machine: string;
  target: string;
  role: string | null;
  slice: string;
  uses_left: number;
}

interface ManifestStatementTable {
  approval: string;
  place: number;
  statement: string | null;
  shape: string;
  times: number;
  used: Generated<number>;
}

interface ManifestUseTable {
  approval: string;
  place: number;
  use: number;
  session: string;
  command: string;
  at: Moment;
}

/** Written as an RFC 3339 text with microseconds; read back with milliseconds, for timing only. Exact instants are in the events. */
type Moment = ColumnType<Date, string, string>;
