import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { partyId, type Party } from '@sallyport/domain-model';
import type { LoginRevocation } from '../lifecycle/login-revocations.ts';
import type { Ticket, TicketUse, Spent } from '../model/ticket.ts';
import type { IdentityDatabase } from './database.ts';

/** A ticket that is to be remembered. */
export interface NewTicket extends Ticket {
  /** SHA-256 of the ticket, null for a certificate. */
  readonly secret: Uint8Array | null;
  /** Serial of the certificate, null for a ticket. */
  readonly serial: bigint | null;
  /** Milliseconds since 1970. */
  readonly issued: number;
}

/** Kept for an hour after their end, so that a late comer hears `expired` and not `unknown`. */
const keptFor = '1 hour';
const cleanBatch = 5000;

export async function addTicket(trx: Transaction<IdentityDatabase>, ticket: NewTicket): Promise<void> {
  const { bindingDigest, maxUses, issued, expires, secret, serial, targets, extensions, sources, act, behalf, behalfSince, ...rest } = ticket;
  await trx
    .insertInto('ticket')
    .values({
      ...rest, targets: [...targets], extensions: [...extensions], sources: [...sources], act: [...act], behalf: behalf === null ? null : partyId(behalf), behalf_since: behalfSince === null ? null : new Date(behalfSince).toISOString(), binding_digest: bindingDigest, max_uses: maxUses,
      secret: secret === null ? null : Buffer.from(secret), serial: serial === null ? null : String(serial), issued: new Date(issued).toISOString(), expires: new Date(expires).toISOString(),
    })
    .execute();
}

export async function ticketBySecret(db: Kysely<IdentityDatabase>, secret: Uint8Array): Promise<Ticket | null> {
  const found = await db.selectFrom('ticket').selectAll().where('secret', '=', Buffer.from(secret)).executeTakeFirst();
  return found === undefined ? null : ticketOf(found);
}

export async function certificateBySerial(db: Kysely<IdentityDatabase>, serial: bigint): Promise<Ticket | null> {
  // Outside of `bigint` there is none of ours.
  if (serial > 0x7fff_ffff_ffff_ffffn) return null;
  const found = await db.selectFrom('ticket').selectAll().where('serial', '=', String(serial)).executeTakeFirst();
  return found === undefined ? null : ticketOf(found);
}

function ticketOf({ id, kind, machine, binding, binding_digest, npid, issuer, targets, key, extensions, sources, act, behalf, behalf_since, source, max_uses, expires }: Selectable<IdentityDatabase['ticket']>): Ticket {
  return { id, kind, machine, binding, bindingDigest: binding_digest, npid, issuer, targets, key, extensions, sources, act, behalf: behalf === null ? null : partyOf(behalf), behalfSince: behalf_since?.getTime() ?? null, source, maxUses: max_uses, expires: expires.getTime() };
}

/** The table takes nothing but these two kinds. */
function partyOf(text: string): Party {
  const colon = text.indexOf(':');
  return { kind: text.slice(0, colon) === 'person' ? 'person' : 'machine', name: text.slice(colon + 1) };
}

/**
 * Counts uses, in the order given: the rows are locked in one order, so that two processes wait for each other and never both, and no use is counted that there
 * is no room for. @returns what became of each, by its attempt
 */
export async function spendTickets(trx: Transaction<IdentityDatabase>, uses: readonly { readonly attempt: string; readonly use: TicketUse }[]): Promise<ReadonlyMap<string, Spent>> {
  const outcome = new Map<string, Spent>();
  if (uses.length === 0) return outcome;
  const ids = [...new Set(uses.map(({ use }) => use.ticket))];
  const rows = await trx.selectFrom('ticket').select(['id', 'uses', 'max_uses', 'revoked']).where('id', 'in', ids).orderBy('id').forUpdate().execute();
  const counted = new Map(rows.map((row) => [row.id, { ...row, before: row.uses }]));
  for (const { attempt, use } of uses) {
    const row = counted.get(use.ticket);
    if (row === undefined || row.revoked !== null) outcome.set(attempt, 'revoked');
    else if (row.max_uses !== null && row.uses >= row.max_uses) outcome.set(attempt, 'used-up');
    else {
      row.uses++;
      outcome.set(attempt, 'spent');
    }
  }
  for (const { id, uses: now, before } of counted.values()) if (now !== before) await trx.updateTable('ticket').set({ uses: now }).where('id', '=', id).execute();
  return outcome;
}

/** Ends all that machines have in hand to act for these parties. @returns the ids, by machine */
export const revokeFor = (trx: Transaction<IdentityDatabase>, parties: readonly Party[], now: number): Promise<ReadonlyMap<string, readonly string[]>> => revokeWhere(trx, 'behalf', parties.map(partyId), now);

/** Ends all that these machines have in hand. @returns the ids, by machine; machines that had nothing are not in it */
export const revokeOf = (trx: Transaction<IdentityDatabase>, machines: readonly string[], now: number): Promise<ReadonlyMap<string, readonly string[]>> => revokeWhere(trx, 'machine', machines, now);

/** Ends all that machines have in hand by logins of these people from before. @returns the ids, by machine */
export async function revokeLogins(trx: Transaction<IdentityDatabase>, revocations: readonly LoginRevocation[], now: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const ended = new Map<string, string[]>();
  const at = new Date(now).toISOString();
  for (const { person, before } of revocations) {
    const until = sql<Date>`${new Date(before).toISOString()}::timestamptz`;
    const live = liveOf(trx, at).where('behalf', '=', partyId({ kind: 'person', name: person })).where((is) => is.or([is('behalf_since', 'is', null), is('behalf_since', '<', until)])).forUpdate();
    add(ended, await trx.updateTable('ticket').set({ revoked: at }).where('id', 'in', live).returning(['id', 'machine']).execute());
  }
  return ended;
}

async function revokeWhere(trx: Transaction<IdentityDatabase>, column: 'machine' | 'behalf', named: readonly string[], now: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const ended = new Map<string, string[]>();
  if (named.length === 0) return ended;
  const at = new Date(now).toISOString();
  const live = liveOf(trx, at).where(column, 'in', named).forUpdate();
  add(ended, await trx.updateTable('ticket').set({ revoked: at }).where('id', 'in', live).returning(['id', 'machine']).execute());
  return ended;
}

const liveOf = (trx: Transaction<IdentityDatabase>, at: string) => trx.selectFrom('ticket').select('id').where('revoked', 'is', null).where('expires', '>', sql<Date>`${at}::timestamptz`).orderBy('id');

function add(ended: Map<string, string[]>, rows: readonly { readonly id: string; readonly machine: string }[]): void {
  for (const { id, machine } of rows) ended.set(machine, [...(ended.get(machine) ?? []), id]);
}

/** Forgets tickets that have long expired. @returns how many */
export async function forgetTickets(db: Kysely<IdentityDatabase>): Promise<number> {
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`delete from ticket where id = any (array(select id from ticket where expires < now() - ${keptFor}::interval order by id limit ${cleanBatch} for update skip locked))`.execute(db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BigInt(cleanBatch)) return total;
  }
}
