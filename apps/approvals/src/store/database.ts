import type { ColumnType, Generated } from 'kysely';
import type { ApprovalEvent } from '../model/event.ts';
import type { Phase } from '../model/state.ts';

/** The schema `approvals`, as migrations/ leaves it. */
export interface ApprovalsDatabase {
  approval: ApprovalTable;
  approval_event: ApprovalEventTable;
  notice: NoticeTable;
}

interface ApprovalTable {
  id: string;
  session: string;
  command: string;
  machine: string;
  target: string;
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

/** Written as an RFC 3339 text with microseconds; read back with milliseconds, for timing only. Exact instants are in the events. */
type Moment = ColumnType<Date, string, string>;
