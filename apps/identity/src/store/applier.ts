import type { Kysely, Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Change, type ChangeAuthority, type ChangeGate, type ChangeTerms, type Removal, type Reply } from '@sallyport/platform-bus';
import { guardsOf } from '@sallyport/platform-config';
import { isApplied, markApplied, type EventToTell, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Amendments } from '../lifecycle/amendments.ts';
import type { Inventory } from '../model/inventory.ts';
import { planApply, type ApplyProblem, type PlannedChange } from '../model/plan-apply.ts';
import type { IdentityDatabase } from './database.ts';
import type { Registry } from './registry.ts';

export interface ApplyRequest {
  readonly by: Caller;
  readonly documents: readonly unknown[];
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly remove?: readonly Removal[];
  /** Under which change, where kinds of it are controlled. */
  readonly change?: ChangeAuthority | null;
  /** What belongs to this change and is written in its transaction, also when the documents stand already: its events, or null to take everything back (`conflict`). */
  readonly with?: (trx: Transaction<IdentityDatabase>) => Promise<readonly EventToTell[] | null>;
}

export interface ApplierParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Outbox;
  readonly registry: Registry;
  readonly amendments: Amendments;
  readonly gate: ChangeGate;
  readonly log: Log;
  readonly now: () => number;
}

type Applied = Reply<{ changes: Change[]; warnings: string[]; terms: ChangeTerms | null }>;

/** Problems that are told and recorded of one refused apply; the rest is counted. */
const maxTold = 50;

/** Changes the inventory: one apply after the other, each wholly or not at all, with its evidence in the same transaction. */
export class Applier {
  readonly #parts: ApplierParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ApplierParts) {
    this.#parts = parts;
  }

  apply(request: ApplyRequest): Promise<Applied> {
    const mine = this.#last.then(() => this.#one(request));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #one(request: ApplyRequest): Promise<Applied> {
    if (!request.by.roles.includes('admin')) {
      const say = 'changing the inventory needs the role admin';
      if (!request.dryRun) await this.#record(request.by, [{ kind: 'inventory', name: '*', code: 'denied', say }]);
      return fail('denied', say);
    }
    const change = request.change ?? null;
    if (change !== null && (await isApplied(this.#parts.db, change))) return ok({ changes: [], warnings: [], terms: null });
    const before = await this.#parts.registry.follow();
    const today = new Date(this.#parts.now()).toISOString().slice(0, 10);
    const plan = planApply(before, request.documents, { prune: request.prune, remove: request.remove ?? [], today });
    if (!plan.ok) {
      if (!request.dryRun) await this.#record(request.by, plan.problems);
      return fail('invalid', problemText(plan.problems));
    }
    const changes = plan.changes.map(({ kind, name, change, version }) => ({ kind, name, change, version }));
    const changed = plan.changes.filter(({ change }) => change !== 'unchanged');
    const terms = this.#parts.gate.termsUnder(before.governance, plan.changes, guardsOf(before.governance, before.documents));
    if (!request.dryRun && (changed.length > 0 || change !== null)) {
      const leave = await this.#parts.gate.leave(terms, change);
      if (!leave.ok) {
        // Somebody else may have carried out the same change since this one looked.
        if (change !== null && (await isApplied(this.#parts.db, change))) return ok({ changes: [], warnings: [], terms: null });
        if (leave.error.code !== 'unavailable') await this.#record(request.by, [{ kind: 'inventory', name: '*', ...leave.error }]);
        return leave;
      }
    }
    if (!request.dryRun && (changed.length > 0 || request.with !== undefined) && !(await this.#commit(request, before, changed))) return fail('conflict', 'the inventory was changed by somebody else at the same time; apply again');
    return ok({ changes, warnings: [...plan.warnings], terms });
  }

  /** False when another process changed the inventory after the plan was made; nothing is written then. */
  #commit({ by, with: more, change = null }: ApplyRequest, before: Inventory, changed: readonly PlannedChange[]): Promise<boolean> {
    return this.#parts.amendments
      .makeFrom<void>(before, {
        who: personWho(by.person), author: by.person, source: 'apply',
        auth: change === null ? null : { policy: null, slice: null, lease: null, approval: change.approval },
        decide: async ({ trx }) => {
          await markApplied(trx, change);
          const told = more === undefined ? [] : await more(trx);
          if (told === null) throw new TakenBack();
          return { first: [], last: told, amendment: changed.length === 0 ? null : { by: 'document', documents: changed, words: [], statuses: [] }, answer: () => undefined };
        },
      })
      .then(({ done }) => done)
      .catch(takenBack);
  }

  #record(by: Caller, problems: readonly ApplyProblem[]): Promise<void> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      await outbox.emitAll(trx, problems.slice(0, maxTold).map(({ kind, name, code, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: personWho(by.person) })));
    });
  }
}

/** Rolls back a change whose other half cannot be done any more. */
class TakenBack extends Error {}

function takenBack(error: unknown): boolean {
  if (error instanceof TakenBack) return false;
  throw error;
}

function problemText(problems: readonly ApplyProblem[]): string {
  const lines = problems.slice(0, maxTold).map(({ kind, name, code, say }) => `${kind}/${name}: ${say}${code === 'document' ? '' : ` (${code})`}`);
  if (problems.length > maxTold) lines.push(`and ${problems.length - maxTold} more`);
  return lines.join('\n');
}
