import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { instant } from '@sallyport/domain-model';
import type { CandidateSeen } from '@sallyport/platform-bus';
import type { IdentityDatabase } from '../store/database.ts';
import type { CandidateState } from '../store/inventory-tables.ts';

export interface CandidateQuery {
  readonly state: CandidateState | null;
  readonly issuer: string | null;
  /** Id of the last one of the page before. */
  readonly before: string | null;
  readonly limit: number;
}

/** Those that were first seen last come first. `total` counts without the page. */
export async function listCandidates(db: Kysely<IdentityDatabase>, { state, issuer, before, limit }: CandidateQuery): Promise<{ readonly candidates: CandidateSeen[]; readonly total: number }> {
  const all = db
    .selectFrom('candidate')
    .$if(state !== null, (query) => query.where('state', '=', state ?? 'open'))
    .$if(issuer !== null, (query) => query.where('issuer', '=', issuer ?? ''));
  const { total } = await all.select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow();
  const rows = await all.selectAll().$if(before !== null, (query) => query.where('id', '<', before ?? '')).orderBy('id', 'desc').limit(limit).execute();
  return { candidates: rows.map(shown), total: Number(total) };
}

export async function candidateById(db: Kysely<IdentityDatabase>, id: string): Promise<CandidateSeen | null> {
  const row = await db.selectFrom('candidate').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : shown(row);
}

/** By the Issuer document's name and the workload's key (hex). */
export async function candidateByKey(db: Kysely<IdentityDatabase>, issuer: string, key: string): Promise<CandidateSeen | null> {
  const row = await db.selectFrom('candidate').selectAll().where('issuer', '=', issuer).where('key', '=', Buffer.from(key, 'hex')).executeTakeFirst();
  return row === undefined ? null : shown(row);
}

export interface Decision {
  readonly candidate: string;
  readonly state: CandidateState;
  readonly by: string;
  readonly at: number;
  readonly reason: string | null;
  readonly machine: string | null;
}

/** Null when it is not there, or does not stand in one of these states any more. */
export async function decide(trx: Transaction<IdentityDatabase>, { candidate, state, by, at, reason, machine }: Decision, from: readonly CandidateState[]): Promise<CandidateSeen | null> {
  const decision = state === 'open' ? { decided: null, decided_by: null, reason: null } : { decided: new Date(at).toISOString(), decided_by: by, reason };
  const row = await trx.updateTable('candidate').set({ state, machine, ...decision }).where('id', '=', candidate).where('state', 'in', [...from]).returningAll().executeTakeFirst();
  return row === undefined ? null : shown(row);
}

function shown(row: Selectable<IdentityDatabase['candidate']>): CandidateSeen {
  const { id, issuer, iss, audience, claims, seen, state, first_seen, last_seen, attempts, sources, doors, machine, decided, decided_by, reason } = row;
  return {
    id, issuer, iss, audience, claims: JSON.parse(claims), seen: JSON.parse(seen), state, firstSeen: instant(first_seen.getTime()), lastSeen: instant(last_seen.getTime()), attempts: Number(attempts), sources, doors, machine,
    decided: decided === null ? null : { by: decided_by ?? '', at: instant(decided.getTime()), reason },
  };
}
