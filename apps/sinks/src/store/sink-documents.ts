import type { Kysely, Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Change, type ChangeAuthority, type ChangeGate, type ChangeTerms, type Removal, type Reply } from '@sallyport/platform-bus';
import { changeBinding, parseDocument, type SinkDocument } from '@sallyport/platform-config';
import { isApplied, markApplied, type Outbox } from '@sallyport/platform-store';
import { planApply, type PlannedChange, type Standing } from '../model/plan-apply.ts';
import type { SinksDatabase } from './database.ts';

/** A stored document does not parse any more: an older version of the product must not guess at a newer one's documents. */
export class StoredDocumentError extends Error {
  readonly code = 'ERR_STORED_DOCUMENT';
}

export interface ApplyRequest {
  readonly by: Caller;
  readonly documents: readonly unknown[];
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly remove?: readonly Removal[];
  /** Under which change, where sinks are controlled. */
  readonly change?: ChangeAuthority | null;
}

type Applied = Reply<{ changes: Change[]; terms: ChangeTerms | null }>;

const kind = 'Sink';
/** How often an apply is planned anew when others write at the same time. */
const mostTries = 5;
/** Problems that are told and recorded of one refused apply; the rest is counted. */
const maxTold = 50;

/** The Sink documents: reads them, and changes them wholly or not at all, with the evidence in the same transaction. */
export class SinkDocuments {
  readonly #db: Kysely<SinksDatabase>;
  readonly #outbox: Outbox;
  readonly #gate: Pick<ChangeGate, 'terms' | 'leave'>;

  constructor(db: Kysely<SinksDatabase>, outbox: Outbox, gate: Pick<ChangeGate, 'terms' | 'leave'>) {
    this.#db = db;
    this.#outbox = outbox;
    this.#gate = gate;
  }

  /** Those that stand, with the digest of each, in the order of their names. */
  async all(): Promise<{ readonly digest: string; readonly document: SinkDocument }[]> {
    return (await standing(this.#db)).flatMap(({ digest, document }) => (document === null ? [] : [{ digest, document }]));
  }

  async apply(request: ApplyRequest): Promise<Applied> {
    const { by, dryRun } = request;
    if (!by.roles.includes('admin')) {
      const say = 'changing sinks needs the role admin';
      if (!dryRun) await this.#refused(by, 'denied', [{ name: '*', say }]);
      return fail('denied', say);
    }
    for (let tries = 0; tries < mostTries; tries++) {
      const done = await this.#once(request);
      if (done !== 'moved') return done;
    }
    return fail('conflict', 'sinks were changed by somebody else at the same time; apply again');
  }

  /** `moved`: somebody else wrote between the plan and its turn. */
  async #once({ by, documents, dryRun, prune, remove = [], change = null }: ApplyRequest): Promise<Applied | 'moved'> {
    if (change !== null && (await isApplied(this.#db, change))) return ok({ changes: [], terms: null });
    const plan = planApply(await standing(this.#db), documents, prune, remove);
    if (!plan.ok) {
      if (!dryRun) await this.#refused(by, 'document', plan.problems);
      const more = plan.problems.length > maxTold ? [`and ${plan.problems.length - maxTold} more`] : [];
      return fail('invalid', [...plan.problems.slice(0, maxTold).map(({ name, say }) => `${kind}/${name}: ${say}`), ...more].join('\n'));
    }
    const terms = await this.#gate.terms(stepsOf(plan.changes));
    const changes = plan.changes.map(({ name, change: what, version }) => ({ kind, name, change: what, version }));
    if (dryRun || (change === null && plan.changes.every((step) => step.change === 'unchanged'))) return ok({ changes, terms });
    const leave = await this.#gate.leave(terms, change);
    if (!leave.ok) {
      // Somebody else may have carried out the same change since this one looked.
      if (change !== null && (await isApplied(this.#db, change))) return ok({ changes: [], terms: null });
      if (leave.error.code !== 'unavailable') await this.#refused(by, leave.error.code, [{ name: '*', say: leave.error.say }]);
      return leave;
    }
    return (await this.#commit(by, documents, prune, remove, change, plan.changes)) ? ok({ changes, terms }) : 'moved';
  }

  /** Writes what was planned, and only that: decided anew on what stands under the lock. False when that is something else by now; nothing is written then. */
  #commit(by: Caller, documents: readonly unknown[], prune: boolean, remove: readonly Removal[], under: ChangeAuthority | null, planned: readonly PlannedChange[]): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      const { revision } = await trx.selectFrom('sink_state').select('revision').forUpdate().executeTakeFirstOrThrow();
      const plan = planApply(await standing(trx), documents, prune, remove);
      if (!plan.ok || stepsDigest(plan.changes) !== stepsDigest(planned)) return false;
      const rows = plan.changes.flatMap(({ name, version, change, body, digest, previous }) => (change === 'unchanged' ? [] : [{ name, version, change, body, digest, previous, author: by.person }]));
      if (rows.length === 0) return true;
      await trx.insertInto('sink').values(rows).execute();
      await trx.updateTable('sink_state').set({ revision: Number(revision) + 1 }).execute();
      await markApplied(trx, under);
      const auth = under === null ? null : { policy: null, slice: null, lease: null, approval: under.approval };
      await this.#outbox.emitAll(trx, rows.map(({ name, change, version, digest, previous }) => ({ type: 'config.changed', data: { kind, name, change, version, digest, previous }, who: personWho(by.person), auth })));
      return true;
    });
  }

  async #refused(by: Caller, code: string, problems: readonly { readonly name: string; readonly say: string }[]): Promise<void> {
    await this.#db.transaction().execute((trx) => this.#outbox.emitAll(trx, problems.slice(0, maxTold).map(({ name, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: personWho(by.person) }))));
  }
}

const stepsOf = (changes: readonly PlannedChange[]) => changes.map((step) => ({ kind, ...step }));
const stepsDigest = (changes: readonly PlannedChange[]): string => changeBinding('sinks', stepsOf(changes), []);

async function standing(db: Kysely<SinksDatabase> | Transaction<SinksDatabase>): Promise<Standing[]> {
  const rows = await db.selectFrom('sink').distinctOn('name').select(['name', 'version', 'digest', 'body']).orderBy('name').orderBy('version', 'desc').execute();
  return rows.map(({ name, version, digest, body }) => ({ name, version, digest, document: body === null ? null : read(name, body) }));
}

function read(name: string, body: string): SinkDocument {
  const parsed = parseDocument(JSON.parse(body));
  if (!parsed.ok || parsed.document.kind !== 'Sink') throw new StoredDocumentError(`Sink/${name} as stored is not a document of this version`);
  return parsed.document;
}
