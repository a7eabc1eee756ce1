import type { ColumnType, Generated } from 'kysely';

/** The schema `sinks`, as migrations/ leaves it. */
export interface SinksDatabase {
  sink: SinkTable;
  sink_cursor: CursorTable;
  sink_mark: MarkTable;
  sink_state: StateTable;
}

interface SinkTable {
  name: string;
  version: number;
  change: 'created' | 'updated' | 'removed';
  body: string | null;
  digest: string;
  previous: string | null;
  author: string;
  created: ColumnType<Date, never, never>;
}

interface CursorTable {
  name: string;
  /** `bigint`: comes as text. */
  next_leaf: ColumnType<string, number | undefined, number>;
  told_leaf: ColumnType<string, number | undefined, number>;
  delivered: ColumnType<string, number | undefined, number>;
  filtered: ColumnType<string, number | undefined, number>;
  stalled_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  attempts: Generated<number>;
  last_code: ColumnType<string | null, string | null | undefined, string | null>;
  moved_at: Generated<Date>;
  batch_last: ColumnType<string | null, never, number | null>;
  checkpoint_epoch: ColumnType<number, never, number>;
  checkpoint_size: ColumnType<string, never, number>;
  turn: ColumnType<number, never, number>;
}

interface MarkTable {
  name: string;
  leaf: ColumnType<string, number, never>;
  sha256: string;
}

interface StateTable {
  one: Generated<boolean>;
  revision: ColumnType<string, never, number>;
}
