import type { ColumnType, Generated } from 'kysely';

/** The schema `policy`, as migrations/ leaves it. */
export interface PolicyDatabase {
  policy_version: PolicyVersionTable;
  policy_state: PolicyStateTable;
}

interface PolicyVersionTable {
  version: number;
  digest: string;
  files: string;
  rules: number;
  author: string;
  created: ColumnType<Date, never, never>;
}

interface PolicyStateTable {
  one: Generated<boolean>;
  version: ColumnType<number, never, number>;
}
