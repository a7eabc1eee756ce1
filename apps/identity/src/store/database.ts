import type { ColumnType, Generated } from 'kysely';
import type { LifecycleTables } from '../lifecycle/lifecycle-tables.ts';
import type { InventoryTables } from './inventory-tables.ts';
import type { AccessRequestTable, EntitlementStateTable, EntitlementTable, EntitlementUseTable, GlassReviewTable } from '../entitlements/tables.ts';

/** The schema `identity`, as migrations/ leaves it. */
export interface IdentityDatabase extends InventoryTables, LifecycleTables {
  document: DocumentTable;
  inventory_state: InventoryStateTable;
  token_use: TokenUseTable;
  ticket: TicketTable;
  entitlement: EntitlementTable;
  entitlement_use: EntitlementUseTable;
  entitlement_state: EntitlementStateTable;
  access_request: AccessRequestTable;
  glass_review: GlassReviewTable;
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
  /** `bigint`: comes as text. */
  revision: ColumnType<string, number, never>;
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

interface TicketTable {
  id: string;
  kind: 'ticket' | 'ssh-certificate';
  secret: Buffer | null;
  /** `bigint`: comes as text. */
  serial: string | null;
  machine: string;
  binding: string;
  binding_digest: string;
  npid: string;
  issuer: string;
  targets: string[];
  key: string | null;
  extensions: string[];
  sources: string[];
  act: string[];
  behalf: string | null;
  behalf_since: ColumnType<Date | null, string | null, never>;
  source: string;
  uses: Generated<number>;
  max_uses: number | null;
  issued: ColumnType<Date, string, never>;
  expires: ColumnType<Date, string, never>;
  revoked: ColumnType<Date | null, never, string>;
}
