import type { ColumnType, Generated } from 'kysely';
import type { WordSource } from './words.ts';

/** What migrations 0003 and 0009 leave. `bigint` comes as text. */
export interface LifecycleTables {
  person_word: PersonWordTable;
  machine_status: MachineStatusTable;
  machine_transfer: MachineTransferTable;
  transfer_agreement: TransferAgreementTable;
  contract_warning: ContractWarningTable;
  login_revocation: LoginRevocationTable;
}

type Moment = ColumnType<Date, string, never>;

interface PersonWordTable {
  id: ColumnType<string, never, never>;
  person: string;
  source: WordSource;
  change: 'left' | 'returned';
  at: Moment;
  told_by: string;
  ref: string | null;
  reason: string;
  recorded: Moment;
}

interface MachineStatusTable {
  id: ColumnType<string, never, never>;
  machine: string;
  cause: string;
  state: 'attention' | 'suspended' | 'retired' | 'cleared';
  why: string;
  since: Moment;
  until: ColumnType<Date | null, string | null, never>;
  person: string | null;
  set_by: string;
  recorded: Moment;
}

export type TransferState = 'requested' | 'accepted' | 'done' | 'replaced' | 'withdrawn';

interface MachineTransferTable {
  id: string;
  machine: string;
  new_owner: string;
  backup_owner: string | null;
  previous_owner: string;
  reason: string;
  requested_by: string | null;
  requested: Moment;
  state: Generated<TransferState>;
  accepted: ColumnType<Date | null, string | null | undefined, string>;
  ended: ColumnType<Date | null, string | null | undefined, string>;
}

interface TransferAgreementTable {
  transfer: string;
  person: string;
  groups: string[];
  agreed: Moment;
}

interface ContractWarningTable {
  party: 'person' | 'vendor';
  name: string;
  ends: ColumnType<string, string, never>;
  days: number;
  recorded: ColumnType<Date, string, never>;
}

interface LoginRevocationTable {
  id: ColumnType<string, never, never>;
  person: string;
  before: Moment;
  source: WordSource;
  told_by: string;
  ref: string | null;
  reason: string;
  recorded: Moment;
}
