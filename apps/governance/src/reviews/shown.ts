import { sql, type Kysely, type Selectable, type SqlBool } from 'kysely';
import type { Campaign, Caller, ReviewItem } from '@sallyport/platform-bus';
import { seconds } from '@sallyport/platform-config';
import type { Inventory } from '../inventory/inventory.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { ReviewError } from './errors.ts';
import type { ReviewTables } from './tables.ts';

type Db = Kysely<GovernanceDatabase>;
type CampaignRow = Selectable<ReviewTables['review_campaign']>;
export type ItemRow = Selectable<ReviewTables['review_item']>;

const readers = ['admin', 'auditor', 'operator', 'approver'];

export function mayRead({ roles }: Caller): void {
  if (!roles.some((role) => readers.includes(role))) throw new ReviewError('denied', `reviews are shown to the roles ${readers.join(', ')}`);
}

interface ListAsked {
  readonly by: Caller;
  readonly state: Campaign['state'] | null;
  readonly after: string | null;
  readonly limit: number;
}

/** Newest first. Throws ReviewError, StoreError. */
export async function listCampaigns(db: Db, { by, state, after, limit }: ListAsked): Promise<{ readonly campaigns: Campaign[]; readonly total: number }> {
  mayRead(by);
  const fits = state === null ? sql<SqlBool>`true` : sql<SqlBool>`state = ${state}`;
  const rows = await db.selectFrom('review_campaign').selectAll().where(fits).where(after === null ? sql<SqlBool>`true` : sql<SqlBool>`id < ${after}::uuid`).orderBy('id', 'desc').limit(limit).execute();
  const { n } = await db.selectFrom('review_campaign').select(sql<string>`count(*)`.as('n')).where(fits).executeTakeFirstOrThrow();
  return { campaigns: await counted(db, rows), total: Number(n) };
}

/** Throws ReviewError `not-found`, StoreError. */
export async function campaignOf(db: Db, id: string): Promise<Campaign> {
  const rows = await db.selectFrom('review_campaign').selectAll().where('id', '=', id).execute();
  const [found] = await counted(db, rows);
  if (found === undefined) throw new ReviewError('not-found', `there is no campaign ${id}`);
  return found;
}

async function counted(db: Db, rows: readonly CampaignRow[]): Promise<Campaign[]> {
  if (rows.length === 0) return [];
  const counts = await sql<{ campaign: string; state: ReviewItem['state']; n: string; overdue: string }>`
    select campaign, state, count(*)::text as n, (count(*) filter (where overdue and state = 'waiting'))::text as overdue from review_item where campaign = any(${rows.map(({ id }) => id)}::uuid[]) group by campaign, state`.execute(db);
  return rows.map((row) => {
    const of = counts.rows.filter(({ campaign }) => campaign === row.id);
    const n = (state: ReviewItem['state']) => Number(of.find((one) => one.state === state)?.n ?? 0);
    return {
      id: row.id, title: row.title, state: row.state, scope: row.scope_text, opened: row.opened.toISOString(), openedBy: row.opened_by, due: row.due.toISOString(), stops: row.stops.toISOString(), closed: row.closed?.toISOString() ?? null,
      items: of.reduce((sum, one) => sum + Number(one.n), 0), waiting: n('waiting'), overdue: of.reduce((sum, one) => sum + Number(one.overdue), 0), kept: n('kept'), narrowed: n('narrowed'), revoked: n('revoked'), stopped: n('stopped'), gone: n('gone'),
    };
  });
}

interface ShowAsked {
  readonly by: Caller;
  readonly campaign: string;
  readonly state: ReviewItem['state'] | null;
  readonly machine: string | null;
  readonly mine: boolean;
  readonly after: string | null;
  readonly limit: number;
}

/** A campaign and a page of its items, in the order of machines. Throws ReviewError, StoreError. */
export async function showCampaign(db: Db, inventory: Inventory, asked: ShowAsked): Promise<{ readonly campaign: Campaign; readonly items: ReviewItem[]; readonly total: number }> {
  mayRead(asked.by);
  const campaign = await campaignOf(db, asked.campaign);
  const { person } = asked.by;
  const parts = [
    sql<SqlBool>`campaign = ${asked.campaign}::uuid`,
    ...(asked.state === null ? [] : [sql<SqlBool>`state = ${asked.state}`]),
    ...(asked.machine === null ? [] : [sql<SqlBool>`machine = ${asked.machine}`]),
    ...(asked.mine ? [sql<SqlBool>`state = 'waiting' and (assigned = ${person} or assigned is null and ${person} = any(reviewers))`] : []),
  ];
  const fits = sql<SqlBool>`${sql.join(parts, sql` and `)}`;
  const after = asked.after === null ? sql<SqlBool>`true` : sql<SqlBool>`(machine, id) > (select machine, id from review_item where id = ${asked.after}::uuid)`;
  const rows = await db.selectFrom('review_item').selectAll().where(fits).where(after).orderBy('machine').orderBy('id').limit(asked.limit).execute();
  const { n } = await db.selectFrom('review_item').select(sql<string>`count(*)`.as('n')).where(fits).executeTakeFirstOrThrow();
  return { campaign, items: await shownItems(db, inventory, campaign, rows), total: Number(n) };
}

/** Throws ReviewError `not-found`, StoreError. */
export async function itemOf(db: Db, inventory: Inventory, id: string): Promise<ReviewItem> {
  const row = await db.selectFrom('review_item').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new ReviewError('not-found', `there is no review item ${id}`);
  const campaign = await db.selectFrom('review_campaign').select(['due', 'stops']).where('id', '=', row.campaign).executeTakeFirstOrThrow();
  const [shown] = await shownItems(db, inventory, { due: campaign.due.toISOString(), stops: campaign.stops.toISOString() }, [row]);
  if (shown === undefined) throw new ReviewError('not-found', `there is no review item ${id}`);
  return shown;
}

async function shownItems(db: Db, inventory: Inventory, { due, stops }: Pick<Campaign, 'due' | 'stops'>, rows: readonly ItemRow[]): Promise<ReviewItem[]> {
  if (rows.length === 0) return [];
  const machines = await db.selectFrom('review_machine').selectAll().where('machine', '=', sql<string>`any(${[...new Set(rows.map(({ machine }) => machine))]})`).execute();
  const known = new Map(machines.map((row) => [row.machine, row]));
  return rows.map((row): ReviewItem => {
    const of = known.get(row.machine);
    return {
      id: row.id, campaign: row.campaign, state: row.state, machine: row.machine, owner: row.owner, criticality: row.criticality, entitlement: row.entitlement, entitlementUntil: row.until?.toISOString() ?? null, target: row.target, role: row.role,
      granted: row.granted, unused: row.unused, used: row.used, usedCount: Number(row.used_count), lastUsed: row.last_used?.toISOString() ?? null, reviewers: row.reviewers, assigned: row.assigned, due, stops, overdue: row.overdue,
      reviewBy: inventory.machines.get(row.machine)?.spec.reviewBy ?? null, nextReview: of === undefined ? null : new Date(nextReview(inventory, row.machine, of) ?? of.since.getTime()).toISOString().slice(0, 10),
      decided: row.decided === null ? null : { by: row.decided_by, at: row.decided.toISOString(), reason: row.reason ?? '' },
      policy: row.policy_name === null || row.policy_text === null ? null : { name: row.policy_name, text: row.policy_text }, enforced: row.enforced,
    };
  });
}

/** When the next review is due: as often as its criticality asks for, or by the date of its document where that comes first and was not reviewed for. Null for a machine that is no more. */
export function nextReview(inventory: Inventory, machine: string, { since, reviewed }: { readonly since: Date; readonly reviewed: Date | null }): number | null {
  const spec = inventory.machines.get(machine)?.spec;
  if (spec === undefined) return null;
  const from = (reviewed ?? since).getTime();
  const byCadence = from + seconds(inventory.settings.reviews[spec.criticality]) * 1000;
  const byDocument = Date.parse(`${spec.reviewBy}T00:00:00Z`);
  return reviewed !== null && byDocument <= from ? byCadence : Math.min(byCadence, byDocument);
}
