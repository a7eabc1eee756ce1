import type { Kysely } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { describeProblem, type PolicyFile } from '@sallyport/engine-policy';
import { fail, ok, type Caller, type Change, type ChangeAuthority, type ChangeGate, type ChangeTerms, type Reply } from '@sallyport/platform-bus';
import { isApplied, markApplied, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { ActivePolicy } from '../model/active-policy.ts';
import type { Inventory } from '../model/inventory.ts';
import { planApply, type PlannedApply } from '../model/plan-apply.ts';
import type { PolicyDatabase } from './database.ts';
import { activeVersion, lockVersion, readActive, readVersion, writeVersion, type StoredVersion } from './versions.ts';

export interface PoliciesParts {
  readonly db: Kysely<PolicyDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly inventory: Inventory;
  readonly gate: Pick<ChangeGate, 'terms' | 'leave'>;
  readonly log: Log;
  /** Another version is in force in this process from now on. */
  readonly changed: (policy: ActivePolicy) => void;
}

type Applied = Reply<{ changes: Change[]; version: number; digest: string; warnings: string[]; terms: ChangeTerms | null }>;

/** Problems that are told and recorded of one refused apply; the rest is counted. */
const maxTold = 50;

/** The policy in force, kept the same as the database's, and the way to replace it. */
export class Policies {
  readonly #parts: PoliciesParts;
  #active: ActivePolicy | null = null;
  #trouble: string | null = 'the policy to be loaded';
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PoliciesParts) {
    this.#parts = parts;
  }

  /** Null while none can be used; then everything is refused. */
  get active(): ActivePolicy | null {
    return this.#active;
  }

  /** Null when ready, else what it waits for. */
  get waiting(): string | null {
    return this.#trouble;
  }

  /** Looks whether another version is in force, and loads it. A set that cannot be used leaves none in force. Rejects when the database fails. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      const version = await activeVersion(this.#parts.db);
      if (this.#active?.version === version) return;
      try {
        this.#take(await readActive(this.#parts.db));
      } catch (error) {
        this.#active = null;
        this.#trouble = 'a policy version that can be used';
        throw error;
      }
    });
  }

  /** @param change under which change, where policies are controlled */
  apply(by: Caller, files: readonly PolicyFile[], dryRun: boolean, change: ChangeAuthority | null = null): Promise<Applied> {
    return this.#inTurn(() => this.#apply(by, files, dryRun, change));
  }

  /** Null when there is no such version; `null` asks for the one in force. */
  async version(version: number | null): Promise<StoredVersion | null> {
    return readVersion(this.#parts.db, version ?? (await activeVersion(this.#parts.db)));
  }

  async #apply(by: Caller, files: readonly PolicyFile[], dryRun: boolean, change: ChangeAuthority | null): Promise<Applied> {
    if (!by.roles.includes('admin')) {
      const say = 'changing the policy needs the role admin';
      if (!dryRun) await this.#refuse(by, [{ name: '*', code: 'denied', say }]);
      return fail('denied', say);
    }
    // Not the set in use: one that cannot be used must be replaceable.
    const before = await this.version(null);
    if (before === null) return fail('internal', 'the policy version in force is not stored');
    if (change !== null && (await isApplied(this.#parts.db, change))) return ok({ changes: [], version: before.version, digest: before.digest, warnings: [], terms: null });
    const plan = planApply(before.files, files, this.#parts.inventory.names());
    if (!plan.ok) {
      if (!dryRun) await this.#refuse(by, plan.problems.map((problem) => ({ name: problem.file, code: 'invalid', say: describeProblem(problem) })));
      return fail('invalid', told(plan.problems.map(describeProblem)));
    }
    const same = plan.changes.every((change) => change.change === 'unchanged') && plan.set.digest === before.digest;
    const version = same ? before.version : before.version + 1;
    const steps = plan.changes.map((step) => ({ kind: 'Policy', version, ...step }));
    const terms = await this.#parts.gate.terms(steps);
    if (!dryRun && (!same || change !== null)) {
      const leave = await this.#parts.gate.leave(terms, change);
      if (!leave.ok) {
        // Somebody else may have carried out the same change since this one looked.
        if (change !== null && (await isApplied(this.#parts.db, change))) return ok({ changes: [], version: before.version, digest: before.digest, warnings: [], terms: null });
        if (leave.error.code !== 'unavailable') await this.#refuse(by, [{ name: '*', ...leave.error }]);
        return leave;
      }
    }
    if (!same && !dryRun) {
      if (!(await this.#commit(by, before, plan, version, change))) return fail('conflict', 'the policy was changed by somebody else at the same time; apply again');
      this.#take({ version, digest: plan.set.digest, set: plan.set });
    }
    return ok({ changes: steps.map(({ kind, name, change: what }) => ({ kind, name, change: what, version })), version, digest: plan.set.digest, warnings: [...plan.warnings], terms });
  }

  /** False when another process changed the policy after the plan was made; nothing is written then. */
  #commit(by: Caller, before: StoredVersion, plan: Extract<PlannedApply, { ok: true }>, version: number, under: ChangeAuthority | null): Promise<boolean> {
    const { db, outbox } = this.#parts;
    const who = personWho(by.person);
    const auth = under === null ? null : { policy: null, slice: null, lease: null, approval: under.approval };
    return db.transaction().execute(async (trx) => {
      if ((await lockVersion(trx)) !== before.version) return false;
      await writeVersion(trx, version, plan.set, by.person);
      await markApplied(trx, under);
      await outbox.emitAll(trx, [
        ...plan.changes.flatMap(({ name, change, digest, previous }) => (change === 'unchanged' ? [] : [{ type: 'config.changed' as const, data: { kind: 'Policy', name, change, version, digest, previous }, who, auth }])),
        { type: 'policy.activated', data: { version, digest: plan.set.digest, previous: before.version === 0 ? null : before.digest, rules: plan.set.rules.length }, who, auth },
      ]);
      return true;
    });
  }

  #take(policy: ActivePolicy): void {
    const first = this.#active === null;
    this.#active = policy;
    this.#trouble = null;
    this.#parts.log.info('policy in force', { version: policy.version, digest: policy.digest, rules: policy.set.rules.length });
    // Also at the start: the process before may have died between the commit and the telling.
    if (!first || policy.version > 0) this.#parts.changed(policy);
  }

  #refuse(by: Caller, problems: readonly { name: string; code: string; say: string }[]): Promise<void> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      await outbox.emitAll(trx, problems.slice(0, maxTold).map(({ name, code, say }) => ({ type: 'config.refused', data: { kind: 'Policy', name, code, say: say.slice(0, 500) }, who: personWho(by.person) })));
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function told(lines: readonly string[]): string {
  return lines.length <= maxTold ? lines.join('\n') : [...lines.slice(0, maxTold), `and ${lines.length - maxTold} more`].join('\n');
}
