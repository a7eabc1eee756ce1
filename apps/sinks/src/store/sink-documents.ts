import type { Kysely, Transaction } from 'kysely';
import type { Who } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Change, type Reply } from '@sallyport/platform-bus';
import { parseDocument, type SinkDocument } from '@sallyport/platform-config';
import type { Outbox } from '@sallyport/platform-store';
import { planApply, type ApplyPlan, type Standing } from '../model/plan-apply.ts';
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
}

const kind = 'Sink';
/** Problems that are told and recorded of one refused apply; the rest is counted. */
const maxTold = 50;

/** The Sink documents: reads them, and changes them wholly or not at all, with the evidence in the same transaction. */
export class SinkDocuments {
  readonly #db: Kysely<SinksDatabase>;
  readonly #outbox: Outbox;

  constructor(db: Kysely<SinksDatabase>, outbox: Outbox) {
    this.#db = db;
    this.#outbox = outbox;
  }

  /** Those that stand, with the digest of each, in the order of their names. */
  async all(): Promise<{ readonly digest: string; readonly document: SinkDocument }[]> {
    return (await standing(this.#db)).flatMap(({ digest, document }) => (document === null ? [] : [{ digest, document }]));
  }

  async apply({ by, documents, dryRun, prune }: ApplyRequest): Promise<Reply<{ changes: Change[] }>> {
    if (!by.roles.includes('admin')) {
      const say = 'changing sinks needs the role admin';
      if (!dryRun) await this.#refused(by, 'denied', [{ name: '*', say }]);
      return fail('denied', say);
    }
    const plan = dryRun ? planApply(await standing(this.#db), documents, prune) : await this.#commit(by, documents, prune);
    if (plan.ok) return ok({ changes: plan.changes.map(({ name, change, version }) => ({ kind, name, change, version })) });
    if (!dryRun) await this.#refused(by, 'document', plan.problems);
    const more = plan.problems.length > maxTold ? [`and ${plan.problems.length - maxTold} more`] : [];
    return fail('invalid', [...plan.problems.slice(0, maxTold).map(({ name, say }) => `${kind}/${name}: ${say}`), ...more].join('\n'));
  }

  /** Decides on what stands under the lock, so that two applies at once never both see the state before. */
  #commit(by: Caller, documents: readonly unknown[], prune: boolean): Promise<ApplyPlan> {
    return this.#db.transaction().execute(async (trx) => {
      const { revision } = await trx.selectFrom('sink_state').select('revision').forUpdate().executeTakeFirstOrThrow();
      const plan = planApply(await standing(trx), documents, prune);
      if (!plan.ok) return plan;
      const rows = plan.changes.flatMap(({ name, version, change, body, digest, previous }) => (change === 'unchanged' ? [] : [{ name, version, change, body, digest, previous, author: by.person }]));
      if (rows.length === 0) return plan;
      await trx.insertInto('sink').values(rows).execute();
      await trx.updateTable('sink_state').set({ revision: Number(revision) + 1 }).execute();
      await this.#outbox.emitAll(trx, rows.map(({ name, change, version, digest, previous }) => ({ type: 'config.changed', data: { kind, name, change, version, digest, previous }, who: author(by) })));
      return plan;
    });
  }

  async #refused(by: Caller, code: string, problems: readonly { readonly name: string; readonly say: string }[]): Promise<void> {
    await this.#db.transaction().execute((trx) => this.#outbox.emitAll(trx, problems.slice(0, maxTold).map(({ name, say }) => ({ type: 'config.refused', data: { kind, name, code, say: say.slice(0, 500) }, who: author(by) }))));
  }
}

async function standing(db: Kysely<SinksDatabase> | Transaction<SinksDatabase>): Promise<Standing[]> {
  const rows = await db.selectFrom('sink').distinctOn('name').select(['name', 'version', 'digest', 'body']).orderBy('name').orderBy('version', 'desc').execute();
  return rows.map(({ name, version, digest, body }) => ({ name, version, digest, document: body === null ? null : read(name, body) }));
}

function read(name: string, body: string): SinkDocument {
  const parsed = parseDocument(JSON.parse(body));
  if (!parsed.ok || parsed.document.kind !== 'Sink') throw new StoredDocumentError(`Sink/${name} as stored is not a document of this version`);
  return parsed.document;
}

const author = (by: Caller): Who => ({ id: `person:${by.person}`, npid: null, iss: null, tok: null, jti: null, owner: null });
