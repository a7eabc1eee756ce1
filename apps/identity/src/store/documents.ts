import type { Kysely, Transaction } from 'kysely';
import { parseDocument } from '@sallyport/platform-config';
import { readRuntime } from '../lifecycle/runtime.ts';
import { isOwned, type OwnedDocument, type Standing } from '../model/document.ts';
import { Inventory } from '../model/inventory.ts';
import type { PlannedChange } from '../model/plan-apply.ts';
import type { IdentityDatabase } from './database.ts';

/** A stored document does not parse any more: an older version of the product must not guess at a newer one's documents. */
export class StoredDocumentError extends Error {
  readonly code = 'ERR_STORED_DOCUMENT';
}

/**
 * The newest version of every document, what was found out besides, and the revision that they make, as of one moment. Of what `known` has already only later revisions are read:
 * versions never change.
 */
export async function readInventory(db: Kysely<IdentityDatabase>, known: Inventory | null = null): Promise<Inventory> {
  return db.transaction().setIsolationLevel('repeatable read').execute((trx) => readInventoryWithin(trx, known));
}

/** The same within a transaction that holds the lock, or sees one moment. */
export async function readInventoryWithin(trx: Transaction<IdentityDatabase>, known: Inventory | null): Promise<Inventory> {
  const revision = await readRevision(trx);
  const rows = await trx.selectFrom('document').distinctOn(['kind', 'name']).select(['kind', 'name', 'version', 'digest', 'body'])
    .$if(known !== null, (query) => query.where('revision', '>', String(known?.revision))).orderBy('kind').orderBy('name').orderBy('version', 'desc').execute();
  const standing = rows.map(({ body, ...row }): Standing => ({ ...row, document: body === null ? null : parsed(row.kind, row.name, body) }));
  const runtime = await readRuntime(trx);
  return known === null ? new Inventory(revision, standing, runtime) : known.renewed(revision, standing, runtime);
}

/** Rows of one statement: PostgreSQL takes 65,535 parameters. */
const chunk = 5000;

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
  const rows = changes.flatMap(({ kind, name, version, change, body, digest, previous }) => (change === 'unchanged' ? [] : [{ kind, name, version, change, body, digest, previous, author, revision }]));
  for (let at = 0; at < rows.length; at += chunk) await trx.insertInto('document').values(rows.slice(at, at + chunk)).execute();
  await trx.updateTable('inventory_state').set({ revision }).execute();
}

function parsed(kind: string, name: string, body: string): OwnedDocument {
  const result = parseDocument(JSON.parse(body));
  if (!result.ok || !isOwned(result.document)) throw new StoredDocumentError(`${kind}/${name} as stored is not a document of this version`);
  return result.document;
}
