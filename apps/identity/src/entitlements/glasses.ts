import type { Kysely, Selectable } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { instant } from '@sallyport/domain-model';
import { fail, ok, type BrokenGlass, type Caller, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { IdentityDatabase } from '../store/database.ts';
import { isUuid } from './ender.ts';
import type { Granter } from './granter.ts';
import type { GrantRow } from './grants.ts';
import type { Page } from './lists.ts';
import { shownGrant } from './shown.ts';
import type { GlassReviewTable } from './tables.ts';
import { on } from './telling.ts';

export interface GlassesParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emit'>;
  readonly granter: Granter;
  readonly now: () => number;
}

interface GlassFilter extends Page {
  readonly machine: string | null;
  readonly target: string | null;
  readonly open: boolean;
}

type Review = Selectable<GlassReviewTable>;

const reviewers = ['approver', 'auditor', 'admin'];

/** Accesses in emergencies, and their reviews, which nothing closes but the word of somebody who had no part in them. */
export class Glasses {
  readonly #parts: GlassesParts;

  constructor(parts: GlassesParts) {
    this.#parts = parts;
  }

  /** Newest first; those with open reviews by their due date. */
  async list({ after, limit, machine, target, open }: GlassFilter): Promise<Reply<{ glasses: BrokenGlass[]; total: number; overdue: number; next: string | null }>> {
    if (after !== null && !isUuid(after)) return fail('invalid', 'after: is no id of an entitlement');
    const { db, now } = this.#parts;
    const at = now();
    const all = db.selectFrom('glass_review').innerJoin('entitlement', 'entitlement.id', 'glass_review.entitlement')
      .$if(machine !== null, (query) => query.where('entitlement.machine', '=', machine ?? ''))
      .$if(target !== null, (query) => query.where('entitlement.target', '=', target ?? ''));
    const listed = open ? all.where('glass_review.reviewer', 'is', null) : all;
    const count = (query: typeof all) => query.select((eb) => eb.fn.countAll<string>().as('count')).executeTakeFirstOrThrow();
    const [rows, { count: total }, { count: overdue }] = await Promise.all([
      listed.selectAll('entitlement').select(['requester', 'barred', 'opened', 'due', 'reviewer', 'reviewed', 'finding', 'say'])
        .$if(after !== null, (query) => query.where('entitlement.id', '<', after ?? '')).orderBy('entitlement.id', 'desc').limit(limit + 1).execute(),
      count(listed),
      count(all.where('glass_review.reviewer', 'is', null).where('glass_review.due', '<=', new Date(at))),
    ]);
    const page = rows.slice(0, limit);
    const glasses = page.map((row) => shown(row, { ...row, entitlement: row.id }, at));
    return ok({ glasses, total: Number(total), overdue: Number(overdue), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  /** How many reviews are overdue. */
  async overdue(): Promise<number> {
    const { count } = await this.#parts.db.selectFrom('glass_review').select((eb) => eb.fn.countAll<string>().as('count')).where('reviewer', 'is', null).where('due', '<=', new Date(this.#parts.now())).executeTakeFirstOrThrow();
    return Number(count);
  }

  async review(by: Caller, id: string, finding: 'justified' | 'not-justified', say: string): Promise<Reply<BrokenGlass>> {
    const { db, outbox, granter, now } = this.#parts;
    if (!by.roles.some((role) => reviewers.includes(role))) return fail('denied', `reviewing an emergency needs one of the roles ${reviewers.join(', ')}`);
    const inventory = await granter.follow();
    return db.transaction().execute(async (trx): Promise<Reply<BrokenGlass>> => {
      const review = isUuid(id) ? await trx.selectFrom('glass_review').selectAll().where('entitlement', '=', id).forUpdate().executeTakeFirst() : undefined;
      if (review === undefined) return fail('not-found', `there is no access in an emergency ${id}`);
      if (review.reviewer !== null) return fail('reviewed', `it was reviewed by ${review.reviewer} already`);
      if (review.barred.includes(by.person)) return fail('own-request', 'the review is for somebody who neither asked for it, nor said yes to it, nor owns the machine that asked by itself');
      const done = await trx.updateTable('glass_review').set({ reviewer: by.person, reviewed: new Date(now()).toISOString(), finding, say }).where('entitlement', '=', id).returningAll().executeTakeFirstOrThrow();
      const grant = await trx.selectFrom('entitlement').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      await outbox.emit(trx, 'breakglass.reviewed', { entitlement: id, machine: grant.machine, finding, say }, { who: personWho(by.person), on: on(grant.target, inventory) });
      return ok(shown(grant, done, now()));
    });
  }
}

function shown(grant: GrantRow, { requester, due, reviewer, reviewed, finding, say }: Pick<Review, 'requester' | 'due' | 'reviewer' | 'reviewed' | 'finding' | 'say' | 'entitlement'>, now: number): BrokenGlass {
  return {
    entitlement: shownGrant(grant, now), by: requester, approvedBy: grant.approved_by, due: instant(due.getTime()), overdue: reviewer === null && due.getTime() <= now,
    review: reviewer === null || reviewed === null || finding === null ? null : { by: reviewer, at: instant(reviewed.getTime()), finding, say: say ?? '' },
  };
}
