import type { MaskPlan } from '@sallyport/domain-model';
import type { Kysely, Transaction } from 'kysely';
import { parseDocument, type ClassificationDocument } from '@sallyport/platform-config';
import { planBody } from '../model/mask-plan.ts';
import type { PlannedChange } from '../model/plan-apply.ts';
import type { Standing } from '../model/standing.ts';
import type { MaskingDatabase } from './database.ts';

/** A stored document does not parse any more: an older version of the product must not guess at a newer one's documents. */
export class StoredDocumentError extends Error {
  readonly code = 'ERR_STORED_DOCUMENT';
}

/** The newest version of every document, removed ones included. */
export async function readStanding(db: Kysely<MaskingDatabase>): Promise<Standing[]> {
  const rows = await db.selectFrom('classification').distinctOn('name').select(['name', 'version', 'digest', 'target', 'body']).orderBy('name').orderBy('version', 'desc').execute();
  return rows.map(({ name, version, digest, target, body }) => ({ name, version, digest, target, document: body === null ? null : read(name, body) }));
}

/** Waits for its turn: nobody else changes the classification until the transaction ends. Returns the revision that stands. */
export async function lock(trx: Transaction<MaskingDatabase>): Promise<number> {
  const { revision } = await trx.selectFrom('classification_state').select('revision').forUpdate().executeTakeFirstOrThrow();
  return Number(revision);
}

/** How often the classification was changed. */
export async function readRevision(db: Kysely<MaskingDatabase>): Promise<number> {
  const { revision } = await db.selectFrom('classification_state').select('revision').executeTakeFirstOrThrow();
  return Number(revision);
}

/** Writes the versions of one apply and the plans that they make. The caller holds the lock. */
export async function write(trx: Transaction<MaskingDatabase>, changes: readonly PlannedChange[], plans: readonly MaskPlan[], author: string, revision: number): Promise<void> {
  const rows = changes.flatMap(({ name, version, change, target, body, digest, previous }) => (change === 'unchanged' ? [] : [{ name, version, change, target, body, digest, previous, author }]));
  if (rows.length > 0) await trx.insertInto('classification').values(rows).execute();
  if (plans.length > 0) {
    await trx.insertInto('plan').values(plans.map((plan) => ({ id: plan.id, target: plan.target, body: planBody(plan) }))).onConflict((conflict) => conflict.column('id').doNothing()).execute();
  }
  await trx.updateTable('classification_state').set({ revision }).execute();
}

function read(name: string, body: string): ClassificationDocument {
  const parsed = parseDocument(JSON.parse(body));
  if (!parsed.ok || parsed.document.kind !== 'Classification') throw new StoredDocumentError(`Classification/${name} as stored is not a document of this version`);
  return parsed.document;
}
