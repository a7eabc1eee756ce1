import { sql, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import type { ReviewScope } from '@sallyport/platform-bus';
import { seconds, type MachineDocument } from '@sallyport/platform-config';
import type { Outbox, Store } from '@sallyport/platform-store';
import type { Inventory } from '../inventory/inventory.ts';
import type { Rightsize } from '../rightsize/rightsize.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { ReviewError } from './errors.ts';
import { findItems, type FindParts } from './find.ts';
import { Reach } from './reach.ts';
import { Reviewers } from './who.ts';

export interface OpenParts {
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly inventory: Inventory;
  readonly rightsize: Pick<Rightsize, 'inForce'>;
  readonly now: () => number;
}

export interface Opening {
  readonly title: string;
  readonly scope: ReviewScope;
  readonly machines: readonly MachineDocument[];
  readonly by: string | null;
  readonly dueDays: number;
  readonly graceDays: number | null;
  /** Names one turn of the schedule: there is one campaign of it, whoever comes first. */
  readonly key: string | null;
}

const dayMs = 86_400_000;
/** Machines whose items are found in one transaction. */
const perRound = 200;

/** Begins campaigns, and finds their items: a few at once, thousands bit by bit, over restarts and by whichever process has time. */
export class Openings {
  readonly #of: OpenParts;

  constructor(of: OpenParts) {
    this.#of = of;
  }

  /** Machines of a scope: those that work or may work again. */
  machinesOf(scope: ReviewScope): readonly MachineDocument[] {
    const fits = ({ metadata, spec }: MachineDocument) =>
      spec.state !== 'draft' && spec.state !== 'retired' && (scope.machine === null || metadata.name === scope.machine) && (scope.criticality === null || spec.criticality === scope.criticality) &&
      (scope.team === null || spec.team === scope.team) && (scope.owner === null || spec.owner === scope.owner);
    return [...this.#of.inventory.machines.values()].filter(fits);
  }

  /** Null where that turn of the schedule has its campaign already. Throws ReviewError `empty`, StoreError. */
  async open({ title, scope, machines, by, dueDays, graceDays, key }: Opening): Promise<string | null> {
    const { store, inventory, now } = this.#of;
    if (machines.length === 0) throw new ReviewError('empty', 'no machine is in this scope');
    const at = now();
    const id = uuidv7(at);
    const due = at + dueDays * dayMs;
    const grace = graceDays ?? Math.round(seconds(inventory.settings.reviews.grace) / 86_400);
    const parts = machines.length <= perRound ? await this.#parts() : null;
    const opened = await store.db.transaction().execute(async (trx) => {
      const made = await trx
        .insertInto('review_campaign')
        .values({ id, title, state: 'opening', scope: JSON.stringify(scope), scope_text: scopeText(scope), schedule_key: key, opened_by: by, opened: new Date(at), due: new Date(due), stops: new Date(due + grace * dayMs), grace_days: grace })
        .onConflict((conflict) => conflict.column('schedule_key').doNothing())
        .returning('id').executeTakeFirst();
      if (made === undefined) return false;
      if (parts === null) await sql`insert into review_pending (campaign, machine) select ${id}::uuid, unnest(${machines.map(({ metadata }) => metadata.name)}::text[])`.execute(trx);
      else {
        if ((await findItems(trx, { id, scope }, machines, parts)) === 0) throw new ReviewError('empty', 'nothing of these machines is in this scope');
        await this.#opened(trx, id);
      }
      return true;
    });
    return opened ? id : null;
  }

  /** Finds the next items of campaigns that are opening. @returns whether there may be more */
  async goOn(): Promise<boolean> {
    const { store, inventory } = this.#of;
    const waiting = await store.db.selectFrom('review_campaign').select('id').where('state', '=', 'opening').limit(1).executeTakeFirst();
    if (waiting === undefined) return false;
    const parts = await this.#parts();
    return store.db.transaction().execute(async (trx) => {
      const campaign = await trx.selectFrom('review_campaign').select(['id', 'scope']).where('state', '=', 'opening').orderBy('opened').limit(1).forUpdate().skipLocked().executeTakeFirst();
      if (campaign === undefined) return false;
      const next = await sql<{ machine: string }>`delete from review_pending where (campaign, machine) in (select campaign, machine from review_pending where campaign = ${campaign.id} order by machine limit ${perRound}) returning machine`.execute(trx);
      if (next.rows.length === 0) {
        await this.#opened(trx, campaign.id);
        return true;
      }
      const machines = next.rows.flatMap(({ machine }) => inventory.machines.get(machine) ?? []);
      await findItems(trx, { id: campaign.id, scope: scopeOf(campaign.scope) }, machines, parts);
      return true;
    });
  }

  async #opened(trx: Transaction<GovernanceDatabase>, id: string): Promise<void> {
    const { n } = await trx.selectFrom('review_item').select(sql<string>`count(*)`.as('n')).where('campaign', '=', id).executeTakeFirstOrThrow();
    const row = await trx.updateTable('review_campaign').set({ state: 'open' }).where('id', '=', id).returning(['scope_text', 'due', 'grace_days', 'opened_by']).executeTakeFirstOrThrow();
    const who = row.opened_by === null ? null : personWho(row.opened_by);
    await this.#of.outbox.emit(trx, 'review.opened', { campaign: id, scope: row.scope_text, items: Number(n), due: row.due.toISOString(), grace_days: row.grace_days }, { who });
  }

  async #parts(): Promise<FindParts> {
    const { inventory, outbox, rightsize, now } = this.#of;
    const set = await rightsize.inForce();
    return { inventory, outbox, reach: new Reach(set), reviewers: new Reviewers(inventory, set), now: now() };
  }
}

const parts = ['criticality', 'team', 'owner', 'machine', 'target'] as const;

/** `criticality high, target ledger-db`; `all machines`. */
export function scopeText(scope: ReviewScope): string {
  const said = parts.flatMap((part) => (scope[part] === null ? [] : [`${part} ${scope[part]}`]));
  return said.length === 0 ? 'all machines' : said.join(', ');
}

/** As it was stored by us. */
export function scopeOf(stored: unknown): ReviewScope {
  const none: ReviewScope = { criticality: null, team: null, owner: null, machine: null, target: null };
  return typeof stored === 'object' && stored !== null ? { ...none, ...stored } : none;
}
