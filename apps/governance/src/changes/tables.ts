import type { ColumnType, Generated } from 'kysely';

/** The tables of changes, as migrations/0006_changes.sql leaves them. */
export interface ChangeTables {
  change: ChangeTable;
  change_part: ChangePartTable;
}

export type StoredState = 'proposed' | 'waiting' | 'approved' | 'rejected' | 'activating' | 'activated' | 'withdrawn';

interface ChangeTable {
  id: string;
  title: string;
  ticket: string | null;
  author: string;
  documents: string;
  policies: string;
  remove: string;
  prune: boolean;
  kinds: string[];
  count: number;
  digest: string;
  rolls_back: string | null;
  state: Generated<StoredState>;
  say: string;
  round: Generated<number>;
  changed_decisions: ColumnType<number | null, never, number | null>;
  activator: ColumnType<string | null, never, string | null>;
  claimed: ColumnType<Date | null, never, Date | null>;
  created: ColumnType<Date, Date, never>;
  changed: ColumnType<Date, Date, Date>;
}

interface ChangePartTable {
  change: string;
  round: number;
  owner: string;
  steps: string;
  warnings: string;
  kinds: string[];
  approvers: string;
  binding: string;
  text: string;
  before: string;
  approval: ColumnType<string | null, never, string>;
  approval_state: ColumnType<string | null, never, string>;
  approved_by: ColumnType<string[], never, string[]>;
  applied: ColumnType<boolean, never, boolean>;
}
