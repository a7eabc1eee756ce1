import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import type { Caller, ReviewItem } from '@sallyport/platform-bus';
import { seconds } from '@sallyport/platform-config';
import type { Outbox, Store } from '@sallyport/platform-store';
import type { Inventory } from '../inventory/inventory.ts';
import { RightsizeError } from '../rightsize/errors.ts';
import type { Rightsize } from '../rightsize/rightsize.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { ReviewError } from './errors.ts';
import { campaignOf, itemOf, type ItemRow } from './shown.ts';
import { Reviewers } from './who.ts';

export interface DecideParts {
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly inventory: Inventory;
  readonly rightsize: Pick<Rightsize, 'inForce' | 'proposal' | 'revocation'>;
  readonly now: () => number;
}

type Trx = Transaction<GovernanceDatabase>;
type Decision = 'keep' | 'narrow' | 'revoke';
const stateOf = { keep: 'kept', narrow: 'narrowed', revoke: 'revoked' } as const;
const stewards = ['admin', 'auditor'];
const mostDays = 400;

/** What people say about single items, and about campaigns. What is refused is recorded, too. */
export class Decisions {
  readonly #of: DecideParts;

  constructor(of: DecideParts) {
    this.#of = of;
  }

  /** Throws ReviewError, StoreError. */
  async decide(by: Caller, id: string, decision: Decision, reason: string): Promise<ReviewItem> {
    await this.#recorded(by, 'review.decide', id, async () => {
      const { store, outbox } = this.#of;
      const before = await store.db.selectFrom('review_item').selectAll().where('id', '=', id).executeTakeFirst();
      if (before === undefined) throw new ReviewError('not-found', `there is no review item ${id}`);
      const reviewers = await this.#reviewers();
      this.#mayDecide(by, before, reviewers);
      const policy = await this.#policyFor(before, decision);
      await store.db.transaction().execute(async (trx) => {
        const item = await this.#open(trx, id);
        this.#mayDecide(by, item, reviewers);
        const at = new Date(this.#of.now());
        await trx
          .updateTable('review_item')
          .set({ state: stateOf[decision], decided: at, decided_by: by.person, reason, policy_name: policy?.name ?? null, policy_text: policy?.text ?? null, enforced: decision === 'revoke' ? false : null })
          .where('id', '=', id).execute();
        await reviewedWhenDone(trx, item, at);
        await outbox.emit(trx, 'review.decided', { campaign: item.campaign, item: id, machine: item.machine, decision, reason, policy: policy === null ? null : hash('sha256', policy.text, 'hex') }, { who: personWho(by.person) });
      });
    });
    return itemOf(this.#of.store.db, this.#of.inventory, id);
  }

  /** Throws ReviewError, StoreError. */
  async delegate(by: Caller, id: string, to: string, reason: string): Promise<ReviewItem> {
    await this.#recorded(by, 'review.delegate', id, async () => {
      const reviewers = await this.#reviewers();
      await this.#of.store.db.transaction().execute(async (trx) => {
        const item = await this.#open(trx, id);
        if (!by.roles.some((role) => stewards.includes(role))) this.#mayDecide(by, item, reviewers);
        if (!reviewers.of(item).includes(to)) throw new ReviewError('not-a-reviewer', `${to} may not decide this: neither the owner nor whoever asked for it does, nor anybody without the role or group for it`);
        await trx.updateTable('review_item').set({ assigned: to }).where('id', '=', id).execute();
        await this.#of.outbox.emit(trx, 'review.delegated', { campaign: item.campaign, item: id, machine: item.machine, to, reason }, { who: personWho(by.person) });
      });
    });
    return itemOf(this.#of.store.db, this.#of.inventory, id);
  }

  /** Throws ReviewError, StoreError. */
  async close(by: Caller, id: string) {
    await this.#recorded(by, 'review.close', id, async () => {
      if (!by.roles.some((role) => stewards.includes(role))) throw new ReviewError('denied', `closing a campaign needs the role ${stewards.join(' or ')}`);
      await this.#of.store.db.transaction().execute(async (trx) => {
        const campaign = await trx.selectFrom('review_campaign').select('state').where('id', '=', id).forUpdate().executeTakeFirst();
        if (campaign === undefined) throw new ReviewError('not-found', `there is no campaign ${id}`);
        const { n } = await trx.selectFrom('review_item').select((eb) => eb.fn.countAll<string>().as('n')).where('campaign', '=', id).where('state', '=', 'waiting').executeTakeFirstOrThrow();
        if (campaign.state === 'opening' || Number(n) > 0) throw new ReviewError('waiting', campaign.state === 'opening' ? 'its items are still being found' : `${n} items wait for a decision: they are decided, or their access stops by itself`);
        if (campaign.state === 'open') await closeCampaign(trx, this.#of.outbox, id, this.#of.now(), by);
      });
    });
    return campaignOf(this.#of.store.db, id);
  }

  async #open(trx: Trx, id: string): Promise<ItemRow> {
    const item = await trx.selectFrom('review_item').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
    if (item === undefined) throw new ReviewError('not-found', `there is no review item ${id}`);
    demandWaiting(item);
    return item;
  }

  #mayDecide(by: Caller, item: ItemRow, reviewers: Reviewers): void {
    reviewers.demand(by, item);
    demandWaiting(item);
    if (item.assigned !== null && item.assigned !== by.person) throw new ReviewError('assigned', `this item was handed to ${item.assigned}, who alone decides it; it can be handed on`);
  }

  async #reviewers(): Promise<Reviewers> {
    return new Reviewers(this.#of.inventory, await this.#of.rightsize.inForce().catch(unavailable));
  }

  /** A change of policy that the decision is meant by. Nothing is applied. */
  async #policyFor({ machine, target, entitlement, criticality }: ItemRow, decision: Decision): Promise<{ readonly name: string; readonly text: string } | null> {
    const { rightsize, inventory } = this.#of;
    if (decision === 'keep' || (decision === 'revoke' && entitlement !== null)) return null;
    if (decision === 'revoke') return rightsize.revocation(machine, target);
    const cadence = criticality === 'critical' || criticality === 'high' || criticality === 'medium' ? criticality : 'low';
    const days = Math.min(mostDays, Math.ceil(seconds(inventory.settings.reviews[cadence]) / 86_400));
    const { narrowing } = await rightsize.proposal({ machine, target, days }).catch((error: unknown): never => {
      if (error instanceof RightsizeError && (error.code === 'unused' || error.code === 'not-found')) throw new ReviewError('unused', `there is nothing to narrow to: ${error.message}. Keep it, or revoke it`);
      return unavailable(error);
    });
    if (narrowing === null) throw new ReviewError('unused', 'there is nothing to narrow to: keep it, or revoke it');
    return narrowing;
  }

  async #recorded(by: Caller, action: string, object: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ReviewError && error.code !== 'unavailable') {
        const { code } = error;
        await this.#of.store.db.transaction().execute((trx) => this.#of.outbox.emit(trx, 'operator.acted', { action, object, ok: false, code }, { who: personWho(by.person) }));
      }
      throw error;
    }
  }
}

/** When nothing of a machine waits in a campaign any more, it was reviewed: its next review counts from there. What stopped because nobody decided is no review. */
export async function reviewedWhenDone(trx: Trx, { campaign, machine }: Pick<ItemRow, 'campaign' | 'machine'>, at: Date): Promise<void> {
  const open = await trx.selectFrom('review_item').select('id').where('campaign', '=', campaign).where('machine', '=', machine).where('state', 'in', ['waiting', 'stopped']).limit(1).executeTakeFirst();
  if (open !== undefined) return;
  await trx.insertInto('review_machine').values({ machine, since: at, reviewed: at }).onConflict((conflict) => conflict.column('machine').doUpdateSet({ reviewed: at })).execute();
}

/** Closes a campaign of which nothing waits, under the lock of its row. */
export async function closeCampaign(trx: Trx, outbox: Outbox, id: string, now: number, by: Caller | null): Promise<void> {
  await trx.updateTable('review_campaign').set({ state: 'closed', closed: new Date(now) }).where('id', '=', id).execute();
  const { kept, narrowed, revoked, stopped } = await campaignOf(trx, id);
  await outbox.emit(trx, 'review.closed', { campaign: id, kept, narrowed, revoked, stopped }, { who: by === null ? null : personWho(by.person) });
}

function demandWaiting({ state, decided, decided_by }: ItemRow): void {
  if (state === 'waiting') return;
  if (state === 'stopped') throw new ReviewError('closed', 'nobody decided in time, and the access ended');
  if (state === 'gone') throw new ReviewError('closed', 'this access ended by itself: there is nothing to decide any more');
  throw new ReviewError('decided', `${decided_by ?? 'somebody'} decided it already at ${decided?.toISOString() ?? '?'}: ${state}`);
}

function unavailable(error: unknown): never {
  if (error instanceof RightsizeError) throw new ReviewError('unavailable', error.message);
  throw error;
}
