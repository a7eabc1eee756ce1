import type { Kysely, Transaction } from 'kysely';
import { policyFile } from '@sallyport/platform-bus';
import { readPolicySet, type PolicyFile, type PolicySet } from '@sallyport/engine-policy';
import { z } from 'zod';
import type { ActivePolicy } from '../model/active-policy.ts';
import type { PolicyDatabase } from './database.ts';

/** A stored policy set that this version of the product cannot use. Nothing is decided by another one in its place. */
export class StoredPolicyError extends Error {
  readonly code = 'ERR_STORED_POLICY';
}

export interface StoredVersion {
  readonly version: number;
  readonly digest: string;
  readonly files: readonly PolicyFile[];
}

export async function activeVersion(db: Kysely<PolicyDatabase>): Promise<number> {
  const { version } = await db.selectFrom('policy_state').select('version').executeTakeFirstOrThrow();
  return version;
}

/** Locks the policy until the transaction ends and returns the version in force. */
export async function lockVersion(trx: Transaction<PolicyDatabase>): Promise<number> {
  const { version } = await trx.selectFrom('policy_state').select('version').forUpdate().executeTakeFirstOrThrow();
  return version;
}

/** Writes a new version and puts it in force. The caller holds the lock. */
export async function writeVersion(trx: Transaction<PolicyDatabase>, version: number, set: PolicySet, author: string): Promise<void> {
  await trx.insertInto('policy_version').values({ version, digest: set.digest, files: JSON.stringify(set.files), rules: set.rules.length, author }).execute();
  await trx.updateTable('policy_state').set({ version }).execute();
}

/** Null when there is no such version. Version 0 is the empty set. */
export async function readVersion(db: Kysely<PolicyDatabase>, version: number): Promise<StoredVersion | null> {
  if (version === 0) return { version: 0, digest: usable({ version: 0, files: [] }).digest, files: [] };
  const row = await db.selectFrom('policy_version').select(['digest', 'files']).where('version', '=', version).executeTakeFirst();
  return row === undefined ? null : { version, digest: row.digest, files: z.array(policyFile).parse(JSON.parse(row.files)) };
}

/** Throws StoredPolicyError. */
export async function readActive(db: Kysely<PolicyDatabase>): Promise<ActivePolicy> {
  const stored = await readVersion(db, await activeVersion(db));
  if (stored === null) throw new StoredPolicyError('the policy version in force is not stored');
  const set = usable(stored);
  if (set.digest !== stored.digest) throw new StoredPolicyError(`policy version ${stored.version} is not what was applied: its digest is ${set.digest}`);
  return { version: stored.version, digest: set.digest, set };
}

function usable({ version, files }: Pick<StoredVersion, 'version' | 'files'>): PolicySet {
  const read = readPolicySet(files);
  if (!read.ok) throw new StoredPolicyError(`policy version ${version} cannot be used by this version of the product: ${read.problems[0]?.say ?? 'no reason given'}`);
  return read.set;
}
