import type { Kysely } from 'kysely';
import type { Who } from '@sallyport/domain-events';
import { fail, ok, subjects, type Bus, type Caller, type Change, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { consequences, type Consequences } from '../model/consequences.ts';
import type { Inventory } from '../model/inventory.ts';
import { planApply, type ApplyProblem, type PlannedChange } from '../model/plan-apply.ts';
import type { IdentityDatabase } from './database.ts';
import { lockRevision, writeVersions } from './documents.ts';
import type { Mirror } from './mirror.ts';
import type { Registry } from './registry.ts';
import { revokeOf } from './tickets.ts';

export interface ApplyRequest {
  readonly by: Caller;
  readonly documents: readonly unknown[];
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export interface ApplierParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Outbox;
  readonly registry: Registry;
  readonly mirror: Mirror;
  readonly bus: Bus;
  readonly log: Log;
  readonly now: () => number;
}

type Applied = Reply<{ changes: Change[]; warnings: string[] }>;

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
    const before = await this.#parts.registry.reload();
    const today = new Date(this.#parts.now()).toISOString().slice(0, 10);
    const plan = planApply(before, request.documents, { prune: request.prune, today });
    if (!plan.ok) {
      if (!request.dryRun) await this.#record(request.by, plan.problems);
      return fail('invalid', problemText(plan.problems));
    }
    const changes = plan.changes.map(({ kind, name, change, version }) => ({ kind, name, change, version }));
    const changed = plan.changes.filter(({ change }) => change !== 'unchanged');
    if (!request.dryRun && changed.length > 0) {
      const after = before.with(before.revision + 1, plan.after);
      const follows = consequences(before, after, changed);
      if (!(await this.#commit(request.by, before, changed, follows))) return fail('conflict', 'the inventory was changed by somebody else at the same time; apply again');
      await this.#tell(after, follows);
    }
    return ok({ changes, warnings: [...plan.warnings] });
  }

  /** False when another process changed the inventory after the plan was made; nothing is written then. */
  #commit(by: Caller, before: Inventory, changed: readonly PlannedChange[], follows: Consequences): Promise<boolean> {
    const { db, outbox } = this.#parts;
    const who = author(by);
    return db.transaction().execute(async (trx) => {
      if ((await lockRevision(trx)) !== before.revision) return false;
      await writeVersions(trx, changed, by.person, before.revision + 1);
      const revoked = await revokeOf(trx, follows.suspended.map(({ machine }) => machine), this.#parts.now());
      await outbox.emitAll(trx, [
        ...changed.flatMap(({ kind, name, change, version, digest, previous }) => (change === 'unchanged' ? [] : [{ type: 'config.changed' as const, data: { kind, name, change, version, digest, previous }, who }])),
        ...follows.suspended.map(({ machine, why }) => ({ type: 'nhi.suspended' as const, data: { machine, why }, who })),
        ...follows.suspended.flatMap(({ machine, why }) => revocation(machine, why, revoked.get(machine) ?? [], who)),
      ]);
      return true;
    });
  }

  /** After the commit: the bucket first, so that who asks for a new lease because of the message is answered from the new inventory. */
  async #tell(after: Inventory, follows: Consequences): Promise<void> {
    const { registry, mirror, bus, log } = this.#parts;
    registry.advance(after);
    try {
      await mirror.sync(() => registry.inventory);
    } catch (error) {
      // Committed and in force for new sessions; the timer of the service tells the others as soon as the bus is back.
      log.warn('the inventory could not be shown to the other services yet', { error });
    }
    for (const scope of follows.stale) bus.publish(subjects.leaseChanged, scope);
  }

  #record(by: Caller, problems: readonly ApplyProblem[]): Promise<void> {
    const { db, outbox } = this.#parts;
    return db.transaction().execute(async (trx) => {
      await outbox.emitAll(trx, problems.slice(0, maxTold).map(({ kind, name, code, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: author(by) })));
    });
  }
}

/** Ids that are told of one revocation. */
const maxIds = 100;

function revocation(machine: string, why: string, ids: readonly string[], who: Who) {
  return ids.length === 0 ? [] : [{ type: 'token.revoked' as const, data: { machine, ids: ids.slice(0, maxIds), count: ids.length, why }, who }];
}

function problemText(problems: readonly ApplyProblem[]): string {
  const lines = problems.slice(0, maxTold).map(({ kind, name, code, say }) => `${kind}/${name}: ${say}${code === 'document' ? '' : ` (${code})`}`);
  if (problems.length > maxTold) lines.push(`and ${problems.length - maxTold} more`);
  return lines.join('\n');
}

const author = (by: Caller): Who => ({ id: `person:${by.person}`, npid: null, iss: null, tok: null, jti: null, owner: null });
