import type { Kysely, Transaction } from 'kysely';
import { approvalEvent, type ApprovalEvent } from '../model/event.ts';
import { evolve, type ApprovalState } from '../model/state.ts';
import type { ApprovalsDatabase } from './database.ts';

/** One approval as stored: its events, what they fold to, and the sealed comments by the place of their vote. */
export interface History {
  readonly state: ApprovalState | null;
  readonly length: number;
  readonly comments: ReadonlyMap<string, { readonly seq: number; readonly sealed: Buffer }>;
}

/** Histories of many approvals by id, in one query. Throws on a row that is not an event: nothing is decided on a damaged history. */
export async function histories(db: Kysely<ApprovalsDatabase>, approvals: readonly string[]): Promise<Map<string, History>> {
  if (approvals.length === 0) return new Map();
  const rows = await db.selectFrom('approval_event').select(['approval', 'seq', 'data', 'comment_sealed']).where('approval', 'in', approvals).orderBy('approval').orderBy('seq').execute();
  const byId = Map.groupBy(rows, (row) => row.approval);
  return new Map([...byId].map(([id, of]) => [id, history(of)]));
}

interface Row {
  readonly seq: number;
  readonly data: unknown;
  readonly comment_sealed: Buffer | null;
}

function history(rows: readonly Row[]): History {
  const comments = new Map<string, { seq: number; sealed: Buffer }>();
  let state: ApprovalState | null = null;
  for (const { seq, data, comment_sealed: sealed } of rows) {
    const event: ApprovalEvent = approvalEvent.parse(data);
    if (event.type === 'voted' && sealed !== null) comments.set(event.by, { seq, sealed });
    state = evolve(state, event);
  }
  return { state, length: rows.length, comments };
}

export const empty: History = { state: null, length: 0, comments: new Map() };

/** Takes the approval's row until the transaction ends, and reads what it has been through. Null when there is none. */
export async function lock(trx: Transaction<ApprovalsDatabase>, id: string): Promise<LockedHistory | null> {
  if (!isId(id)) return null;
  const row = await trx.selectFrom('approval').select('id').where('id', '=', id).forUpdate().executeTakeFirst();
  const found = row === undefined ? undefined : (await histories(trx, [id])).get(id);
  return found === undefined || found.state === null ? null : { ...found, state: found.state };
}

export type LockedHistory = History & { readonly state: ApprovalState };

export const isId = (id: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id);
