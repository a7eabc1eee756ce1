import { sql } from 'kysely';
import { identityMachineSuspend, identityRevoke, type Bus } from '@sallyport/platform-bus';
import { seconds } from '@sallyport/platform-config';
import type { Outbox, Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Inventory } from '../inventory/inventory.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { closeCampaign, reviewedWhenDone } from './decide.ts';
import type { Openings } from './open.ts';
import { nextReview } from './shown.ts';

export interface SweepParts {
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly bus: Pick<Bus, 'call'>;
  readonly inventory: Inventory;
  readonly openings: Openings;
  readonly log: Log;
  readonly now: () => number;
}

const dayMs = 86_400_000;
const chunk = 500;
/** How long before it is due a scheduled campaign begins. */
export const leadDays = 14;
/** What could not be ended is tried again after so long. */
const againMs = 5_000;
/** Leaves that may be unread while something is said to be unused: the heartbeats of a few seconds. */
const mostUnread = 200;
const keptDays = 400;
const criticalities = ['critical', 'high', 'medium', 'low'] as const;

/**
 * What time brings about: campaigns that begin, items that are overdue, access that ends because nobody decided, campaigns that are done, entitlements that nobody uses, days that are forgotten. Each step is
 * one transaction with its events and can be run again, or by several processes at once: rows are locked or passed over, and one turn of the schedule has one name.
 */
export class Sweep {
  readonly #of: SweepParts;

  constructor(of: SweepParts) {
    this.#of = of;
  }

  /** What is due within seconds. */
  async often(): Promise<void> {
    while (await this.#of.openings.goOn());
    while ((await this.#gone()) > 0);
    while ((await this.#overdue()) > 0);
    while ((await this.#stop()) > 0);
    while (await this.#enforce());
    while (await this.#close());
  }

  /** What is due within hours. */
  async seldom(): Promise<void> {
    await this.#schedule();
    while ((await this.#unused()) > 0);
    await this.#forget();
  }

  /** Entitlements that ended before anybody decided. */
  async #gone(): Promise<number> {
    const at = new Date(this.#of.now());
    return this.#of.store.db.transaction().execute(async (trx) => {
      const rows = await sql<{ campaign: string; machine: string }>`
        update review_item set state = 'gone', decided = ${at} where id in (
          select i.id from review_item i join entitlement_seen e on e.entitlement = i.entitlement
          where i.state = 'waiting' and i.entitlement is not null and (e.ended is not null or e.until <= ${at}) limit ${chunk} for update of i skip locked)
        returning campaign, machine`.execute(trx);
      for (const row of rows.rows) await reviewedWhenDone(trx, row, at);
      return rows.rows.length;
    });
  }

  async #overdue(): Promise<number> {
    const { store, outbox, now } = this.#of;
    const at = new Date(now());
    return store.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: string; campaign: string; machine: string; due: Date; stops: Date }>`
        update review_item i set overdue = true from review_campaign c where c.id = i.campaign and i.id in (
          select o.id from review_item o join review_campaign oc on oc.id = o.campaign where o.state = 'waiting' and not o.overdue and oc.state = 'open' and oc.due <= ${at} limit ${chunk} for update of o skip locked)
        returning i.id, i.campaign, i.machine, c.due, c.stops`.execute(trx);
      await outbox.emitAll(trx, rows.map(({ id, campaign, machine, due, stops }) => ({ type: 'review.overdue' as const, data: { campaign, item: id, machine, due: due.toISOString(), stops: stops.toISOString() } })));
      return rows.length;
    });
  }

  /** Nobody decided in time. */
  async #stop(): Promise<number> {
    const { store, outbox, now } = this.#of;
    const at = new Date(now());
    return store.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: string; campaign: string; machine: string; entitlement: string | null }>`
        update review_item set state = 'stopped', decided = ${at}, reason = 'nobody decided in time', enforced = false where id in (
          select i.id from review_item i join review_campaign c on c.id = i.campaign where i.state = 'waiting' and c.state = 'open' and c.stops <= ${at} limit ${chunk} for update of i skip locked)
        returning id, campaign, machine, entitlement`.execute(trx);
      await outbox.emitAll(trx, rows.map(({ id, campaign, machine, entitlement }) => ({ type: 'review.stopped' as const, data: { campaign, item: id, machine, entitlement } })));
      return rows.length;
    });
  }

  /** Ends one access that has to end, by identity, which closes its sessions. Whoever ends it holds its row meanwhile. */
  async #enforce(): Promise<boolean> {
    const { store, log, now } = this.#of;
    const at = now();
    return store.db.transaction().execute(async (trx) => {
      const item = await trx
        .selectFrom('review_item').select(['id', 'machine', 'entitlement', 'state', 'reason']).where('enforced', '=', false).where((eb) => eb.or([eb('tried', 'is', null), eb('tried', '<=', new Date(at - againMs))]))
        .orderBy('tried', (order) => order.asc().nullsFirst()).limit(1).forUpdate().skipLocked().executeTakeFirst();
      if (item === undefined) return false;
      const refused = await this.#end(item);
      if (refused !== null) log.warn('access that a review ended is still there; trying again', { item: item.id, code: refused });
      await trx.updateTable('review_item').set(refused === null ? { enforced: true, tried: new Date(at) } : { tried: new Date(at) }).where('id', '=', item.id).execute();
      return true;
    });
  }

  /** Null when it has ended. */
  async #end({ id, machine, entitlement, state, reason }: { readonly id: string; readonly machine: string; readonly entitlement: string | null; readonly state: string; readonly reason: string | null }): Promise<string | null> {
    const { bus } = this.#of;
    const why = `${state === 'stopped' ? 'review' : 'revoked by a review'}: ${reason ?? ''}`.slice(0, 300);
    const answer = entitlement === null ? await bus.call(identityMachineSuspend, { by: null, machine, reason: why, review: id }) : await bus.call(identityRevoke, { by: null, entitlement, why, review: id });
    // What is not there, or has ended, needs no end.
    return answer.ok || ['ended', 'not-found', 'machine-retired'].includes(answer.error.code) ? null : answer.error.code;
  }

  async #close(): Promise<boolean> {
    const { store, outbox, now } = this.#of;
    return store.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: string }>`
        select id from review_campaign c where state = 'open' and not exists (select from review_item i where i.campaign = c.id and i.state = 'waiting') limit 1 for update skip locked`.execute(trx);
      const [done] = rows;
      if (done === undefined) return false;
      await closeCampaign(trx, outbox, done.id, now(), null);
      return true;
    });
  }

  /** A campaign for each criticality that has machines whose review is due soon and which nobody is asked about yet. */
  async #schedule(): Promise<void> {
    const { store, inventory, openings, now, log } = this.#of;
    const at = now();
    const working = openings.machinesOf({ criticality: null, team: null, owner: null, machine: null, target: null });
    const names = working.map(({ metadata }) => metadata.name);
    await sql`insert into review_machine (machine, since) select unnest(${names}::text[]), ${new Date(at)} on conflict do nothing`.execute(store.db);
    const known = new Map((await store.db.selectFrom('review_machine').selectAll().execute()).map((row) => [row.machine, row]));
    const asked = new Set((await sql<{ machine: string }>`select distinct machine from review_item where state = 'waiting' union select machine from review_pending`.execute(store.db)).rows.map(({ machine }) => machine));
    const day = new Date(at).toISOString().slice(0, 10);
    for (const criticality of criticalities) {
      const machines = working.filter(({ metadata: { name }, spec }) => {
        const of = known.get(name);
        const next = of === undefined || asked.has(name) ? null : nextReview(inventory, name, of);
        return spec.criticality === criticality && next !== null && next <= at + leadDays * dayMs;
      });
      if (machines.length === 0) continue;
      const scope = { criticality, team: null, owner: null, machine: null, target: null };
      const id = await openings.open({ title: `Scheduled review: ${criticality} machines, ${day}`, scope, machines, by: null, dueDays: leadDays, graceDays: null, key: `${criticality}:${day}` });
      if (id !== null) log.info('a scheduled review was opened', { campaign: id, machines: machines.length });
    }
  }

  /** Said once of each entitlement, and again when it was used in between; only while the ledger was read to its end. */
  async #unused(): Promise<number> {
    const { store, outbox, inventory, now } = this.#of;
    const at = now();
    const days = Math.round(seconds(inventory.settings.unusedEntitlement) / 86_400);
    return store.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ entitlement: string; machine: string; target: string; since: Date }>`
        update entitlement_seen set flagged = ${new Date(at)} where entitlement in (
          select e.entitlement from entitlement_seen e, follow_cursor f
          where e.ended is null and e.flagged is null and greatest(e.granted, e.last_used) < ${new Date(at - seconds(inventory.settings.unusedEntitlement) * 1000)} and e.until > ${new Date(at)} and f.ledger_size - f.next_leaf <= ${mostUnread}
          limit ${chunk} for update of e skip locked)
        returning entitlement, machine, target, greatest(granted, last_used) as since`.execute(trx);
      await outbox.emitAll(trx, rows.map(({ entitlement, machine, target, since }) => ({ type: 'entitlement.unused' as const, data: { entitlement, machine, target, days: Math.max(days, Math.floor((at - since.getTime()) / dayMs)) } })));
      return rows.length;
    });
  }

  /** Days of use that nobody looks back to any more, and sessions whose end never came. */
  async #forget(): Promise<void> {
    const { db } = this.#of.store;
    const before = new Date(this.#of.now() - keptDays * dayMs);
    const day = before.toISOString().slice(0, 10);
    await sql`delete from usage_day where day < ${day}::date`.execute(db);
    await sql`delete from usage_width where day < ${day}::date`.execute(db);
    const { rows } = await sql<{ digest: Uint8Array }>`delete from decided_day where day < ${day}::date returning digest`.execute(db);
    if (rows.length > 0) await sql`delete from decided_input i where not exists (select from decided_day d where d.digest = i.digest)`.execute(db);
    await sql`delete from usage_session where opened < ${new Date(this.#of.now() - 31 * dayMs)}`.execute(db);
    await sql`delete from entitlement_asked where asked < ${new Date(this.#of.now() - 60 * dayMs)}`.execute(db);
    await sql`delete from entitlement_seen where coalesce(ended, until) < ${before}`.execute(db);
  }
}
