import type { ColumnType, Generated } from 'kysely';

/** What migrations/0004_inventory.sql adds. */
export interface InventoryTables {
  machine_use: MachineUseTable;
  candidate: CandidateTable;
  inventory_mark: InventoryMarkTable;
  machine_origin: MachineOriginTable;
}

interface MachineUseTable {
  machine: string;
  binding: string;
  first_used: ColumnType<Date, string, never>;
  last_used: ColumnType<Date, string, string>;
  sources: string[];
  doors: string[];
  clients: string[];
}

export type CandidateState = 'open' | 'adopted' | 'blocked' | 'dismissed';

interface CandidateTable {
  id: string;
  issuer: string;
  key: Buffer;
  iss: string;
  audience: string;
  claims: string;
  seen: string;
  state: Generated<CandidateState>;
  first_seen: ColumnType<Date, string, never>;
  last_seen: ColumnType<Date, string, string>;
  /** `bigint`: comes as text. */
  attempts: ColumnType<string, number, number>;
  sources: string[];
  doors: string[];
  machine: string | null;
  decided: ColumnType<Date | null, string | null | undefined, string | null>;
  decided_by: string | null;
  reason: string | null;
}

interface InventoryMarkTable {
  machine: string;
  mark: 'stale-flag' | 'orphan';
  about: string;
  marked: ColumnType<Date, string, string>;
}

interface MachineOriginTable {
  source: string;
  stable: string;
  machine: string;
  first: ColumnType<Date, string, never>;
}
