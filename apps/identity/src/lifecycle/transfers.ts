import type { Kysely, Selectable, Transaction } from 'kysely';
import { uuidv7 } from '@sallyport/domain-model';
import type { IdentityDatabase } from '../store/database.ts';
import type { TransferState } from './lifecycle-tables.ts';

/** Somebody is asked to answer for a machine. */
export interface Transfer {
  readonly id: string;
  readonly machine: string;
  readonly newOwner: string;
  /** Null: as the document has it. */
  readonly backupOwner: string | null;
  readonly previousOwner: string;
  readonly reason: string;
  /** Null where it followed from somebody's leaving. */
  readonly requestedBy: string | null;
  /** Milliseconds since 1970. */
  readonly requested: number;
  readonly state: TransferState;
  readonly accepted: number | null;
  readonly ended: number | null;
  readonly agreements: readonly Agreement[];
}

export interface Agreement {
  readonly person: string;
  readonly groups: readonly string[];
  readonly at: number;
}

export type NewTransfer = Pick<Transfer, 'machine' | 'newOwner' | 'backupOwner' | 'previousOwner' | 'reason' | 'requestedBy'>;

type Trx = Transaction<IdentityDatabase>;
const iso = (ms: number) => new Date(ms).toISOString();
const open = ['requested', 'accepted'] as const;

/** The one that waits for somebody, locked until the transaction ends; null when there is none. */
export async function openTransfer(trx: Trx, machine: string): Promise<Transfer | null> {
  const row = await trx.selectFrom('machine_transfer').selectAll().where('machine', '=', machine).where('state', 'in', open).forUpdate().executeTakeFirst();
  if (row === undefined) return null;
  const [transfer] = await withAgreements(trx, [row]);
  return transfer ?? null;
}

/** All that there were, the newest first, so many at most. */
export async function transfersOf(db: Kysely<IdentityDatabase>, machine: string, most: number): Promise<readonly Transfer[]> {
  return withAgreements(db, await db.selectFrom('machine_transfer').selectAll().where('machine', '=', machine).orderBy('requested', 'desc').orderBy('id', 'desc').limit(most).execute());
}

/** Those of these machines that wait for somebody, by machine. */
export async function openTransfersOf(db: Kysely<IdentityDatabase>, machines: readonly string[]): Promise<ReadonlyMap<string, Transfer>> {
  if (machines.length === 0) return new Map();
  const rows = await db.selectFrom('machine_transfer').selectAll().where('machine', 'in', machines).where('state', 'in', open).execute();
  return new Map((await withAgreements(db, rows)).map((transfer) => [transfer.machine, transfer]));
}

async function withAgreements(db: Kysely<IdentityDatabase>, rows: readonly Selectable<IdentityDatabase['machine_transfer']>[]): Promise<readonly Transfer[]> {
  if (rows.length === 0) return [];
  const agreed = await db.selectFrom('transfer_agreement').selectAll().where('transfer', 'in', rows.map(({ id }) => id)).orderBy('agreed').execute();
  return rows.map((row) => ({
    id: row.id, machine: row.machine, newOwner: row.new_owner, backupOwner: row.backup_owner, previousOwner: row.previous_owner, reason: row.reason, requestedBy: row.requested_by,
    requested: row.requested.getTime(), state: row.state, accepted: row.accepted?.getTime() ?? null, ended: row.ended?.getTime() ?? null,
    agreements: agreed.filter(({ transfer }) => transfer === row.id).map(({ person, groups, agreed: at }) => ({ person, groups, at: at.getTime() })),
  }));
}

/** Asks, in place of what was asked for these machines before. @returns their ids, by machine */
export async function addTransfers(trx: Trx, asked: readonly NewTransfer[], now: number): Promise<ReadonlyMap<string, string>> {
  await endTransfers(trx, asked.map(({ machine }) => machine), 'replaced', now);
  const rows = asked.map(({ machine, newOwner, backupOwner, previousOwner, reason, requestedBy }) => ({
    id: uuidv7(now), machine, new_owner: newOwner, backup_owner: backupOwner, previous_owner: previousOwner, reason, requested_by: requestedBy, requested: iso(now),
  }));
  for (let at = 0; at < rows.length; at += 1000) await trx.insertInto('machine_transfer').values(rows.slice(at, at + 1000)).execute();
  return new Map(rows.map(({ machine, id }) => [machine, id]));
}

/** Ends what waits for these machines. @param asked only what nobody asked for by hand, or all of it */
export async function endTransfers(trx: Trx, machines: readonly string[], how: 'replaced' | 'withdrawn', now: number, asked: 'all' | 'by-nobody' = 'all'): Promise<void> {
  if (machines.length === 0) return;
  const ending = trx.updateTable('machine_transfer').set({ state: how, ended: iso(now) }).where('machine', 'in', machines).where('state', 'in', open);
  await (asked === 'all' ? ending : ending.where('requested_by', 'is', null)).execute();
}

export async function acceptTransfer(trx: Trx, { id, backupOwner }: Pick<Transfer, 'id' | 'backupOwner'>, now: number): Promise<void> {
  await trx.updateTable('machine_transfer').set({ state: 'accepted', accepted: iso(now), backup_owner: backupOwner }).where('id', '=', id).execute();
}

export async function finishTransfer(trx: Trx, id: string, now: number): Promise<void> {
  await trx.updateTable('machine_transfer').set({ state: 'done', ended: iso(now) }).where('id', '=', id).execute();
}

/** False when this person agreed already. */
export async function addAgreement(trx: Trx, transfer: string, { person, groups, at }: Agreement): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await trx.insertInto('transfer_agreement').values({ transfer, person, groups: [...groups], agreed: iso(at) }).onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
  return numInsertedOrUpdatedRows > 0n;
}
