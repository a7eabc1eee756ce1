import type { Kysely } from 'kysely';
import type { Who } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Change, type Reply } from '@sallyport/platform-bus';
import type { ClassificationDocument } from '@sallyport/platform-config';
import type { Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { maskPlan } from '../model/mask-plan.ts';
import { planApply, type ApplyPlan, type ApplyProblem } from '../model/plan-apply.ts';
import { lock, readRevision, readStanding, write } from './classifications.ts';
import type { MaskingDatabase } from './database.ts';
import type { PublishedPlans, RevisedPlan } from './published-plans.ts';

export interface ApplyRequest {
  readonly by: Caller;
  readonly documents: readonly unknown[];
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export interface ClassifierParts {
  readonly db: Kysely<MaskingDatabase>;
  readonly outbox: Outbox;
  readonly published: PublishedPlans;
  readonly log: Log;
}

const kind = 'Classification';
/** Problems that are told and recorded of one refused apply; the rest is counted. */
const maxTold = 50;

/** The classification of all targets: reads it, and changes it wholly or not at all, with its evidence in the same transaction. */
export class Classifier {
  readonly #parts: ClassifierParts;

  constructor(parts: ClassifierParts) {
    this.#parts = parts;
  }

  /** The documents that stand, in the order of their names. */
  async documents(): Promise<ClassificationDocument[]> {
    return (await readStanding(this.#parts.db)).flatMap(({ document }) => document ?? []);
  }

  async plan(target: string): Promise<RevisedPlan> {
    // The revision first: what is changed in between is shown once more, under the next one.
    const revision = await readRevision(this.#parts.db);
    return { revision, plan: maskPlan(target, await this.documents()) };
  }

  /** The plans of all targets that are or ever were classified. */
  async plans(): Promise<RevisedPlan[]> {
    const revision = await readRevision(this.#parts.db);
    const standing = await readStanding(this.#parts.db);
    const documents = standing.flatMap(({ document }) => document ?? []);
    return [...new Set(standing.map(({ target }) => target))].map((target) => ({ revision, plan: maskPlan(target, documents) }));
  }

  async apply(request: ApplyRequest): Promise<Reply<{ changes: Change[] }>> {
    const { by, documents, dryRun, prune } = request;
    if (!by.roles.includes('admin')) {
      const say = 'changing the classification needs the role admin';
      if (!dryRun) await this.#refused(by, [{ name: '*', code: 'denied', say }]);
      return fail('denied', say);
    }
    const plan = dryRun ? planApply(await readStanding(this.#parts.db), documents, prune) : await this.#commit(by, documents, prune);
    if (!plan.ok) {
      if (!dryRun) await this.#refused(by, plan.problems);
      return fail('invalid', text(plan.problems));
    }
    if (!dryRun && plan.targets.length > 0) await this.#tell();
    return ok({ changes: plan.changes.map(({ name, change, version }) => ({ kind, name, change, version })) });
  }

  /** Decides on what stands under the lock, so that two applies at once never both see the state before. */
  #commit(by: Caller, documents: readonly unknown[], prune: boolean): Promise<ApplyPlan> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      const revision = await lock(trx);
      const plan = planApply(await readStanding(trx), documents, prune);
      if (!plan.ok || plan.targets.length === 0) return plan;
      await write(trx, plan.changes, plan.targets.map((target) => maskPlan(target, plan.after)), by.person, revision + 1);
      const who = author(by);
      await outbox.emitAll(trx, plan.changes.flatMap(({ name, change, version, digest, previous }) => (change === 'unchanged' ? [] : [{ type: 'config.changed', data: { kind, name, change, version, digest, previous }, who }])));
      return plan;
    });
  }

  async #tell(): Promise<void> {
    try {
      await this.#parts.published.sync(() => this.plans());
    } catch (error) {
      // Committed, and in force for new sessions; the timer of the service tells the gateways as soon as the bus is back.
      this.#parts.log.warn('the mask plans could not be shown to the gateways yet', { error });
    }
  }

  #refused(by: Caller, problems: readonly { readonly name: string; readonly code: string; readonly say: string }[]): Promise<void> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      await outbox.emitAll(trx, problems.slice(0, maxTold).map(({ name, code, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: author(by) })));
    });
  }
}

function text(problems: readonly ApplyProblem[]): string {
  const lines = problems.slice(0, maxTold).map(({ name, say }) => `${kind}/${name}: ${say}`);
  if (problems.length > maxTold) lines.push(`and ${problems.length - maxTold} more`);
  return lines.join('\n');
}

const author = (by: Caller): Who => ({ id: `person:${by.person}`, npid: null, iss: null, tok: null, jti: null, owner: null });
