import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { uuidv7 } from '@sallyport/domain-model';
import type { GovernanceDatabase } from '../store/database.ts';
import { idHash } from './id-hash.ts';

/** That somebody is gone, is back, or has to log in anew. */
export interface Word {
  readonly source: 'scim' | 'ssf' | 'hr';
  /** Who says so: `scim:okta`, `ssf:idp`, `hr`. */
  readonly origin: string;
  readonly kind: 'left' | 'returned' | 'session-revoked';
  /** Every id that the origin knows this person by, the surest first; one at least. */
  readonly ids: readonly string[];
  /** When it happened, as the origin says. */
  readonly at: Date;
  readonly ref: string | null;
  readonly reason: string;
}

const longestId = 320;

const usable = (ids: readonly string[]) => [...new Set(ids)].filter((id) => id.length > 0 && id.length <= longestId).slice(0, 10);

/** Writes down that identity has to be told, and that the origin says so from now on. In the transaction of what it follows from: both are there, or neither. @param now milliseconds since 1970 */
export async function leaveWord(trx: Transaction<GovernanceDatabase>, word: Word, now: number): Promise<void> {
  const ids = usable(word.ids);
  if (ids.length === 0) return;
  const { origin, kind, at } = word;
  const hashes = ids.map(idHash);
  if (kind === 'returned') await trx.deleteFrom('departure').where('origin', '=', origin).where('id_hash', 'in', hashes).execute();
  // The first word of it stays: a last day does not move because it is told again.
  else await trx.insertInto('departure').values(hashes.map((id_hash) => ({ origin, id_hash, left_at: at, person: null }))).onConflict((conflict) => conflict.doNothing()).execute();
  await queue(trx, { ...word, ids }, now, null);
}

/** Only the word to identity. @param once what it is told for, if it must not be told again; null: as often as it comes */
export async function queue(trx: Transaction<GovernanceDatabase>, { source, origin, kind, ids: given, at, ref, reason }: Word, now: number, once: string | null): Promise<boolean> {
  const ids = usable(given);
  const [first] = ids;
  if (first === undefined) return false;
  const made = new Date(now);
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('signal')
    .values({ id: uuidv7(), source, origin, kind, subject: createHash('sha256').update(JSON.stringify([origin, first])).digest(), ids: [...ids], happened_at: at, ref: ref?.slice(0, longestId) ?? null, reason: reason.slice(0, 500), made_at: made, due_at: made, told_at: null, person: null, once })
    .onConflict((conflict) => conflict.column('once').doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Whether the origin says that one of these is gone. */
export async function saidToBeGone(trx: Transaction<GovernanceDatabase>, origin: string, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  const found = await trx.selectFrom('departure').select('origin').where('origin', '=', origin).where('id_hash', 'in', ids.map(idHash)).limit(1).executeTakeFirst();
  return found !== undefined;
}
