import type { Kysely, Transaction } from 'kysely';
import type { RetentionDatabase } from '../retention/database.ts';

type Db = Kysely<RetentionDatabase> | Transaction<RetentionDatabase>;

/** Places [from, to) of the ledger, or numbers of a chain, that have no event. `pruned`: by policy, as a retention.purged of the ledger says; else it is missing. */
export interface Absence {
  from: number;
  to: number;
  pruned: boolean;
}

/** Where the ledger has events from a place on: behind what was purged, and up to where the next purged leaves begin. */
export interface Stretch {
  /** Events are behind this place … */
  readonly after: number;
  /** … and at most here; null: up to the end. */
  readonly upTo: number | null;
  /** What was purged before them. */
  readonly pruned: Absence | null;
}

/** Millions of leaves may be purged: they are stepped over, not looked at one by one. */
export async function stretchBehind(db: Db, after: number): Promise<Stretch> {
  const runs = await db.selectFrom('pruned_leaves').selectAll().where('to_leaf', '>', String(after)).orderBy('from_leaf').limit(2).execute();
  const [first, second] = runs.map(({ from_leaf, to_leaf }) => ({ from: Number(from_leaf), to: Number(to_leaf) }));
  if (first === undefined) return { after, upTo: null, pruned: null };
  // Leaf i is at place i + 1: behind place `after` comes leaf `after`.
  if (first.from > after) return { after, upTo: first.from, pruned: null };
  return { after: first.to, upTo: second?.from ?? null, pruned: { from: after + 1, to: first.to + 1, pruned: true } };
}

/** Places in (after, upTo], or to the end, that should have events and have none. */
export async function missingIn(db: Db, after: number, upTo: number | null): Promise<Absence[]> {
  let query = db.selectFrom('ledger_absences').select('at').where('at', '>', String(after)).orderBy('at');
  if (upTo !== null) query = query.where('at', '<=', String(upTo));
  const rows = await query.execute();
  return runsOf(rows.map(({ at }) => ({ at: Number(at), pruned: false })));
}

/** Numbers in (after, upTo] of a chain that the ledger knows and has no events of. */
export async function missingOf(db: Db, session: string, after: number, upTo: number | null): Promise<Absence[]> {
  let query = db.selectFrom('session_absences as a').leftJoin('pruned_leaves as p', (join) => join.onRef('p.from_leaf', '<', 'a.at').onRef('p.to_leaf', '>=', 'a.at'))
    .select(['a.seq', 'p.to_leaf']).where('a.sid', '=', session).where('a.seq', '>', String(after)).orderBy('a.seq');
  if (upTo !== null) query = query.where('a.seq', '<=', String(upTo));
  return runsOf((await query.execute()).map(({ seq, to_leaf }) => ({ at: Number(seq), pruned: to_leaf !== null })));
}

function runsOf(places: readonly { readonly at: number; readonly pruned: boolean }[]): Absence[] {
  const runs: Absence[] = [];
  for (const { at, pruned } of places) {
    const last = runs.at(-1);
    if (last?.to === at && last.pruned === pruned) last.to++;
    else if (last === undefined || last.to <= at) runs.push({ from: at, to: at + 1, pruned });
  }
  return runs;
}
