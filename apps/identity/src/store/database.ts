import type { ColumnType, Generated } from 'kysely';

/** The schema `identity`, as migrations/ leaves it. */
export interface IdentityDatabase {
  document: DocumentTable;
  inventory_state: InventoryStateTable;
  token_use: TokenUseTable;
}

interface DocumentTable {
  kind: string;
  name: string;
  version: number;
  change: 'created' | 'updated' | 'removed';
  body: string | null;
  digest: string;
  previous: string | null;
  author: string;
  created: ColumnType<Date, never, never>;
}

interface InventoryStateTable {
  one: Generated<boolean>;
  /** `bigint`: comes as text. */
  revision: ColumnType<string, never, number>;
}

interface TokenUseTable {
  binding: string;
  token: Buffer;
  attempt: string;
  first_source: string;
  first_seen: ColumnType<Date, never, never>;
  expires: ColumnType<Date, string, never>;
}
