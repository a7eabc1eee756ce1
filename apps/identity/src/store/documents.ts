import type { Kysely, Transaction } from 'kysely';
import { parseDocument } from '@sallyport/platform-config';
import { isOwned, type OwnedDocument, type Standing } from '../model/document.ts';
import { Inventory } from '../model/inventory.ts';
import type { PlannedChange } from '../model/plan-apply.ts';
import type { IdentityDatabase } from './database.ts';

/** A stored document does not parse any more: an older version of the product must not guess at a newer one's documents. */
export class StoredDocumentError extends Error {
  readonly code = 'ERR_STORED_DOCUMENT';
}

/** The newest version of every document, and the revision that they make, as of one moment. */
export async function readInventory(db: Kysely<IdentityDatabase>): Promise<Inventory> {
  return db.transaction().setIsolationLevel('repeatable read').execute(async (trx) => {
    const revision = await readRevision(trx);
    const rows = await trx.selectFrom('document').distinctOn(['kind', 'name']).select(['kind', 'name', 'version', 'digest', 'body']).orderBy('kind').orderBy('name').orderBy('version', 'desc').execute();
    return new Inventory(revision, rows.map((row): Standing => ({ kind: row.kind, name: row.name, version: row.version, digest: row.digest, document: row.body === null ? null : read(row.kind, row.name, row.body) })));
  });
}

export async function readRevision(db: Kysely<IdentityDatabase>): Promise<number> {
  const { revision } = await db.selectFrom('inventory_state').select('revision').executeTakeFirstOrThrow();
  return Number(revision);
}

/** Locks the inventory until the transaction ends and returns its revision. */
export async function lockRevision(trx: Transaction<IdentityDatabase>): Promise<number> {
  const { revision } = await trx.selectFrom('inventory_state').select('revision').forUpdate().executeTakeFirstOrThrow();
  return Number(revision);
}

/** Keeps the inventory as it is until the transaction ends and returns its revision; others may do the same at the same time. */
export async function shareRevision(trx: Transaction<IdentityDatabase>): Promise<number> {
  const { revision } = await trx.selectFrom('inventory_state').select('revision').forShare().executeTakeFirstOrThrow();
  return Number(revision);
}

/** Writes the versions of one apply. The caller holds the lock. */
export async function writeVersions(trx: Transaction<IdentityDatabase>, changes: readonly PlannedChange[], author: string, revision: number): Promise<void> {
  const rows = changes.flatMap(({ kind, name, version, change, body, digest, previous }) => (change === 'unchanged' ? [] : [{ kind, name, version, change, body, digest, previous, author }]));
  if (rows.length > 0) await trx.insertInto('document').values(rows).execute();
  await trx.updateTable('inventory_state').set({ revision }).execute();
}

function read(kind: string, name: string, body: string): OwnedDocument {
  const parsed = parseDocument(JSON.parse(body));
  if (!parsed.ok || !isOwned(parsed.document)) throw new StoredDocumentError(`${kind}/${name} as stored is not a document of this version`);
  return parsed.document;
}
