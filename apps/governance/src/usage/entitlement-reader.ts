import { sql, type Transaction } from 'kysely';
import type { Reader } from '../follow/reader.ts';
import { isOf, type Told } from '../follow/told.ts';
import type { GovernanceDatabase } from '../store/database.ts';

type Trx = Transaction<GovernanceDatabase>;

/** What entitlements there are, who asked for them, and when they were used: as identity told it. Their truth is identity's; this is what reviews are made of. */
export class EntitlementReader implements Reader {
  readonly name = 'entitlements';

  async take(trx: Trx, page: readonly Told[]): Promise<void> {
    for (const told of page) {
      if (isOf(told, 'entitlement.requested')) await asked(trx, told);
      else if (isOf(told, 'entitlement.granted')) await granted(trx, told);
      else if (isOf(told, 'entitlement.refused')) await trx.deleteFrom('entitlement_asked').where('request', '=', told.event.d.request).execute();
      else if (isOf(told, 'entitlement.expired') || isOf(told, 'entitlement.revoked')) await ended(trx, told.event.d.entitlement, told.event.type === 'entitlement.expired' ? 'expired' : 'revoked', told);
    }
    await used(trx, page);
  }
}

async function asked(trx: Trx, told: Told<'entitlement.requested'>): Promise<void> {
  const { request } = told.event.d;
  await trx.insertInto('entitlement_asked').values({ request, requester: told.event.who?.id ?? `machine:${told.event.d.machine}`, asked: timeOf(told) }).onConflict((conflict) => conflict.doNothing()).execute();
}

/** Granted by request: whoever asked for it. By a document: whoever applied that. */
async function granted(trx: Trx, told: Told<'entitlement.granted'>): Promise<void> {
  const { entitlement, kind, machine, target, role, from, until, request, approved_by } = told.event.d;
  const [request_] = request === null ? [] : await trx.deleteFrom('entitlement_asked').where('request', '=', request).returning('requester').execute();
  const values = {
    entitlement, kind, machine, target, role: role ?? '', granted: dateOf(from, told), until: dateOf(until, told), requester: request_?.requester ?? told.event.who?.id ?? null, approved_by: [...approved_by],
  };
  await trx
    .insertInto('entitlement_seen')
    .values(values)
    .onConflict((conflict) => conflict.column('entitlement').doUpdateSet({ until: values.until, role: values.role, kind, ended: null, ended_why: null, flagged: null }))
    .execute();
}

async function ended(trx: Trx, entitlement: string, why: string, told: Told): Promise<void> {
  await trx.updateTable('entitlement_seen').set({ ended: timeOf(told), ended_why: why }).where('entitlement', '=', entitlement).where('ended', 'is', null).execute();
}

async function used(trx: Trx, page: readonly Told[]): Promise<void> {
  const uses = new Map<string, { count: number; last: number }>();
  for (const told of page) {
    if (!isOf(told, 'entitlement.used')) continue;
    const { entitlement } = told.event.d;
    const at = timeOf(told).getTime();
    const so = uses.get(entitlement) ?? { count: 0, last: at };
    uses.set(entitlement, { count: so.count + 1, last: Math.max(so.last, at) });
  }
  if (uses.size === 0) return;
  const rows = [...uses];
  await sql`
    update entitlement_seen e set used = e.used + k.count, last_used = greatest(e.last_used, k.last), flagged = null
    from unnest(${rows.map(([id]) => id)}::text[], ${rows.map(([, { count }]) => count)}::bigint[], ${rows.map(([, { last }]) => new Date(last).toISOString())}::timestamptz[]) as k (id, count, last)
    where e.entitlement = k.id`.execute(trx);
}

function timeOf({ event, received }: Told): Date {
  const told = Date.parse(event.t.wall);
  return new Date(Number.isNaN(told) ? received : told);
}

function dateOf(text: string, told: Told): Date {
  const at = Date.parse(text);
  return Number.isNaN(at) ? timeOf(told) : new Date(at);
}
