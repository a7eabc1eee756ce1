import type { Kysely } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Change, type ChangeAuthority, type ChangeGate, type ChangeTerms, type Removal, type Reply } from '@sallyport/platform-bus';
import { changeBinding, type ClassificationDocument } from '@sallyport/platform-config';
import { isApplied, markApplied, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { maskPlan } from '../model/mask-plan.ts';
import { planApply, type ApplyProblem, type PlannedChange } from '../model/plan-apply.ts';
import { lock, readRevision, readStanding, write } from './classifications.ts';
import type { MaskingDatabase } from './database.ts';
import type { PublishedPlans, RevisedPlan } from './published-plans.ts';

export interface ApplyRequest {
  readonly by: Caller;
  readonly documents: readonly unknown[];
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly remove?: readonly Removal[];
  /** Under which change, where classifications are controlled. */
  readonly change?: ChangeAuthority | null;
}

export interface ClassifierParts {
  readonly db: Kysely<MaskingDatabase>;
  readonly outbox: Outbox;
  readonly gate: Pick<ChangeGate, 'terms' | 'leave'>;
  readonly published: PublishedPlans;
  readonly log: Log;
}

type Applied = Reply<{ changes: Change[]; terms: ChangeTerms | null }>;

const kind = 'Classification';
/** How often an apply is planned anew when others write at the same time. */
const mostTries = 5;
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

  async apply(request: ApplyRequest): Promise<Applied> {
    const { by, dryRun } = request;
    if (!by.roles.includes('admin')) {
      const say = 'changing the classification needs the role admin';
      if (!dryRun) await this.#refused(by, [{ name: '*', code: 'denied', say }]);
      return fail('denied', say);
    }
    for (let tries = 0; tries < mostTries; tries++) {
      const done = await this.#once(request);
      if (done !== 'moved') return done;
    }
    return fail('conflict', 'the classification was changed by somebody else at the same time; apply again');
  }

  /** `moved`: somebody else wrote between the plan and its turn. */
  async #once({ by, documents, dryRun, prune, remove = [], change = null }: ApplyRequest): Promise<Applied | 'moved'> {
    const { db, gate } = this.#parts;
    if (change !== null && (await isApplied(db, change))) return ok({ changes: [], terms: null });
    const plan = planApply(await readStanding(db), documents, prune, remove);
    if (!plan.ok) {
      if (!dryRun) await this.#refused(by, plan.problems);
      return fail('invalid', text(plan.problems));
    }
    const terms = await gate.terms(stepsOf(plan.changes));
    const changes = plan.changes.map(({ name, change: what, version }) => ({ kind, name, change: what, version }));
    if (dryRun || (plan.targets.length === 0 && change === null)) return ok({ changes, terms });
    const leave = await gate.leave(terms, change);
    if (!leave.ok) {
      // Somebody else may have carried out the same change since this one looked.
      if (change !== null && (await isApplied(db, change))) return ok({ changes: [], terms: null });
      if (leave.error.code !== 'unavailable') await this.#refused(by, [{ name: '*', ...leave.error }]);
      return leave;
    }
    if (!(await this.#commit(by, documents, prune, remove, change, plan.changes))) return 'moved';
    if (plan.targets.length > 0) await this.#tell();
    return ok({ changes, terms });
  }

  /** Writes what was planned, and only that: decided anew on what stands under the lock. False when that is something else by now; nothing is written then. */
  #commit(by: Caller, documents: readonly unknown[], prune: boolean, remove: readonly Removal[], under: ChangeAuthority | null, planned: readonly PlannedChange[]): Promise<boolean> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      const revision = await lock(trx);
      const plan = planApply(await readStanding(trx), documents, prune, remove);
      if (!plan.ok || stepsDigest(plan.changes) !== stepsDigest(planned)) return false;
      if (plan.targets.length === 0) return true;
      await write(trx, plan.changes, plan.targets.map((target) => maskPlan(target, plan.after)), by.person, revision + 1);
      await markApplied(trx, under);
      const who = personWho(by.person);
      const auth = under === null ? null : { policy: null, slice: null, lease: null, approval: under.approval };
      await outbox.emitAll(trx, plan.changes.flatMap(({ name, change, version, digest, previous }) => (change === 'unchanged' ? [] : [{ type: 'config.changed', data: { kind, name, change, version, digest, previous }, who, auth }])));
      return true;
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
      await outbox.emitAll(trx, problems.slice(0, maxTold).map(({ name, code, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: personWho(by.person) })));
    });
  }
}

const stepsOf = (changes: readonly PlannedChange[]) => changes.map((step) => ({ kind, ...step }));
const stepsDigest = (changes: readonly PlannedChange[]): string => changeBinding('masking', stepsOf(changes), []);

function text(problems: readonly ApplyProblem[]): string {
  const lines = problems.slice(0, maxTold).map(({ name, say }) => `${kind}/${name}: ${say}`);
  if (problems.length > maxTold) lines.push(`and ${problems.length - maxTold} more`);
  return lines.join('\n');
}
