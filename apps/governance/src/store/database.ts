import type { ColumnType, Generated } from 'kysely';

import type { ChangeTables } from '../changes/tables.ts';

/** The schema `governance`, as migrations/ leaves it. Each part of the service declares its own tables in its own folder and is joined here. */
export interface GovernanceDatabase extends ChangeTables {
  follow_cursor: FollowCursorTable;
}

interface FollowCursorTable {
  one: Generated<boolean>;
  /** `bigint`: comes as text. */
  next_leaf: ColumnType<string, never, number>;
  moved_at: ColumnType<Date, never, Date>;
}
