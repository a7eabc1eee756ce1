import type { ColumnType, Generated } from 'kysely';

/** `bigint` comes as text and is written as a number. */
export type Big = ColumnType<string, number, number>;

export interface FollowTables {
  follow_mark: { first_leaf: Big; hashes: ColumnType<Uint8Array, Uint8Array, Uint8Array> };
  follow_skipped: { leaf: Big; reader: string; why: string; at: ColumnType<Date, never, never> };
  follow_cursor: FollowCursorTable;
}

interface FollowCursorTable {
  one: Generated<boolean>;
  next_leaf: ColumnType<string, never, number>;
  ledger_size: ColumnType<string, never, number>;
  moved_at: ColumnType<Date, never, Date>;
}
