import type { ColumnType, Generated } from 'kysely';

/** The schema `masking`, as migrations/ leaves it. */
export interface MaskingDatabase {
  classification: ClassificationTable;
  plan: PlanTable;
  classification_state: ClassificationStateTable;
}

interface ClassificationTable {
  name: string;
  version: number;
  change: 'created' | 'updated' | 'removed';
  target: string;
  body: string | null;
  digest: string;
  previous: string | null;
  author: string;
  created: ColumnType<Date, never, never>;
}

interface PlanTable {
  id: string;
  target: string;
  body: string;
  created: ColumnType<Date, never, never>;
}

interface ClassificationStateTable {
  one: Generated<boolean>;
  /** `bigint`: comes as text. */
  revision: ColumnType<string, never, number>;
}
