import { sql, type Kysely, type Transaction } from 'kysely';
import type { TokenUse } from '../model/admit.ts';
import type { FirstUse } from '../model/replay.ts';
import type { IdentityDatabase } from './database.ts';

export interface PendingUse {
  readonly attempt: string;
  readonly source: string;
  readonly use: TokenUse;
}

const cleanBatch = 5000;

/**
 * Remembers these uses where none is remembered, and returns for each attempt the first use of its token: its own, or an earlier one. The
 * rows are written in one order, so that two processes wait for each other and never both.
 */
export async function rememberUses(trx: Transaction<IdentityDatabase>, uses: readonly PendingUse[]): Promise<ReadonlyMap<string, FirstUse>> {
  const first = new Map<string, FirstUse>();
  if (uses.length === 0) return first;
  const ordered = uses.toSorted((a, b) => (keyText(a.use) < keyText(b.use) ? -1 : 1));
  const rows = ordered.map(({ attempt, source, use }) => ({ binding: use.binding, token: Buffer.from(use.key), attempt, first_source: source, expires: new Date(use.until).toISOString() }));
  await trx.insertInto('token_use').values(rows).onConflict((conflict) => conflict.doNothing()).execute();
  // A statement of its own: what a concurrent transaction has just committed is visible to it.
  const known = await trx
    .selectFrom('token_use')
    .select(['binding', 'token', 'attempt', 'first_source'])
    .where(({ eb, refTuple, tuple }) => eb(refTuple('binding', 'token'), 'in', rows.map((row) => tuple(row.binding, row.token))))
    .execute();
  const byKey = new Map(known.map((row) => [`${row.binding} ${row.token.toString('hex')}`, { attempt: row.attempt, source: row.first_source }]));
  for (const { attempt, use } of uses) {
    const found = byKey.get(keyText(use));
    if (found !== undefined) first.set(attempt, found);
  }
  return first;
}

/** The first use that is remembered of a token by a binding, or null. Remembers nothing. */
export async function firstUse(trx: Transaction<IdentityDatabase>, use: TokenUse): Promise<{ readonly source: string; readonly at: Date } | null> {
  const found = await trx.selectFrom('token_use').select(['first_source', 'first_seen']).where('binding', '=', use.binding).where('token', '=', Buffer.from(use.key)).executeTakeFirst();
  return found === undefined ? null : { source: found.first_source, at: found.first_seen };
}

/** Forgets uses of tokens that have expired. @returns how many */
export async function forgetExpired(db: Kysely<IdentityDatabase>): Promise<number> {
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`delete from token_use where ctid = any (array(select ctid from token_use where expires < now() limit ${cleanBatch}))`.execute(db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BigInt(cleanBatch)) return total;
  }
}

const keyText = (use: TokenUse) => `${use.binding} ${Buffer.from(use.key).toString('hex')}`;
