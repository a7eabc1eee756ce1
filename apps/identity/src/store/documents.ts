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
 * The newest version of every document, what was found out besides, and the revision that they make, as of one moment. What `known` has already is not read and parsed again:
 * versions never change.
 */
export async function readInventory(db: Kysely<IdentityDatabase>, known: Inventory | null = null): Promise<Inventory> {
  return db.transaction().setIsolationLevel('repeatable read').execute(async (trx) => {
    const revision = await readRevision(trx);
    const rows = await trx.selectFrom('document').distinctOn(['kind', 'name']).select(['kind', 'name', 'version', 'digest']).orderBy('kind').orderBy('name').orderBy('version', 'desc').execute();
    const same = (row: { readonly kind: string; readonly name: string; readonly version: number; readonly digest: string }) => {
      const standing = known?.standing(row.kind, row.name);
      return standing?.version === row.version && standing.digest === row.digest ? standing : null;
    };
    const fresh = rows.filter((row) => same(row) === null);
    const bodies = new Map<string, OwnedDocument | null>();
    for (let at = 0; at < fresh.length; at += chunk) {
      const part = fresh.slice(at, at + chunk);
      const read = await trx.selectFrom('document').select(['kind', 'name', 'body']).where(({ eb, refTuple, tuple }) => eb(refTuple('kind', 'name', 'version'), 'in', part.map((row) => tuple(row.kind, row.name, row.version)))).execute();
      for (const { kind, name, body } of read) bodies.set(`${kind}/${name}`, body === null ? null : parsed(kind, name, body));
    }
    return new Inventory(revision, rows.map((row): Standing => same(row) ?? { ...row, document: bodies.get(`${row.kind}/${row.name}`) ?? null }), await readRuntime(trx));
  });
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
