import type { Kysely, Transaction } from 'kysely';
import type { evidenceEvents } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { mayHaveOpenings } from '../model/openings.ts';
import type { RetentionDatabase } from '../retention/database.ts';
import { missingIn, missingOf, stretchBehind, type Stretch } from './absences.ts';
import type { EvidenceDatabase } from './database.ts';

type Db = Kysely<EvidenceDatabase> | Transaction<EvidenceDatabase>;
type EventsPage = z.output<(typeof evidenceEvents)['value']>;

/** Bytes of events in one answer, before base64: the bus takes 8 MiB. */
export const pageBytes = 4 * 1024 ** 2;

interface Row {
  readonly at: string;
  readonly cursor: string;
  readonly received_at: Date;
  readonly body: Buffer;
  readonly sha256: Buffer;
}

/**
 * The next events after the cursor: in the ledger's order, where the cursor is the place in the ledger, or of one session, where it is the number in its chain. What has
 * no event between them is named, in the same counting.
 */
export async function readEvents(db: Db, asked: { readonly session: string | null; readonly after: number | null; readonly limit: number }, open: OpensEvents): Promise<EventsPage> {
  const { session, limit } = asked;
  const absences = db.withTables<RetentionDatabase>();
  const stretch: Stretch = session === null ? await stretchBehind(absences, asked.after ?? 0) : { after: asked.after ?? -1, upTo: null, pruned: null };
  const rows = session === null ? await ofLedger(db, stretch, limit) : await ofSession(db, session, stretch.after, limit);
  const page = within(rows, limit);
  const openings = await readOpenings(db, page.map(({ body }) => body), open);
  const more = rows.length === limit || page.length < rows.length;
  const end = more ? Number(page.at(-1)?.cursor ?? 0) : stretch.upTo;
  // Places are dense: as many events as places means that none is missing, which needs no second look at each.
  const whole = session === null && end !== null && page.length === end - stretch.after;
  const missing = whole ? [] : session === null ? await missingIn(absences, stretch.after, end) : await missingOf(absences, session, stretch.after, end);
  return {
    events: page.map(({ at, received_at, body, sha256 }, i) => ({ at: Number(at), received: received_at.toISOString(), bytes: body.toString('base64'), sha256: sha256.toString('hex'), openings: openings[i] ?? [] })),
    absent: [...(stretch.pruned === null ? [] : [stretch.pruned]), ...missing],
    next: end,
  };
}

function ofLedger(db: Db, { after, upTo }: Stretch, limit: number): Promise<Row[]> {
  let query = db.selectFrom('ledger_events').select(['at', 'at as cursor', 'received_at', 'body', 'sha256']).where('at', '>', String(after)).orderBy('at').limit(limit);
  if (upTo !== null) query = query.where('at', '<=', String(upTo));
  return query.execute();
}

function ofSession(db: Db, session: string, after: number, limit: number): Promise<Row[]> {
  return db
    .selectFrom('session_events').select(['at', 'seq as cursor', 'received_at', 'body', 'sha256'])
    .where('sid', '=', session).where('seq', '>', String(after)).orderBy('seq').orderBy('at').limit(limit).execute();
}

/** As many as fit into an answer, at least one; two events of one number are not torn apart, since the cursor could not tell them. */
function within(rows: readonly Row[], limit: number): readonly Row[] {
  let bytes = 0;
  let count = 0;
  for (const row of rows) {
    bytes += row.body.byteLength;
    if (count > 0 && bytes > pageBytes) break;
    count++;
  }
  if (count === rows.length && rows.length < limit) return rows;
  const last = rows[count - 1]?.cursor;
  const whole = rows.slice(0, count).findLastIndex(({ cursor }) => cursor !== last) + 1;
  return rows[count]?.cursor === last && whole > 0 ? rows.slice(0, whole) : rows.slice(0, count);
}

/** Opens one event, given its ciphertexts. */
export type OpensEvents = (bytes: Buffer, boxes: ReadonlyMap<string, Uint8Array>) => string[];

/** What each of these events conceals, opened; ciphertexts are fetched for those events alone that have any. */
export async function readOpenings(db: Pick<Db, 'selectFrom'>, events: readonly (Buffer | null)[], open: OpensEvents): Promise<string[][]> {
  const ids = events.map((bytes) => (bytes !== null && mayHaveOpenings(bytes) ? idOf(bytes) : null));
  const boxes = (await readBlobs(db, ids.filter((id) => id !== null), Number.POSITIVE_INFINITY)) ?? new Map<string, Map<string, Buffer>>();
  return events.map((bytes, i) => {
    const own = boxes.get(ids[i] ?? '');
    return bytes === null || own === undefined ? [] : open(bytes, own);
  });
}

/** The id stands at the beginning of every stored event. */
function idOf(bytes: Buffer): string | null {
  return /^\{"v":1,"id":"([0-9a-f-]{36})"/.exec(bytes.toString('latin1', 0, 64))?.[1] ?? null;
}

export interface StoredSession {
  readonly bytes: Buffer;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** All events of a session with their ciphertexts (by hex hash). Null when they are over `most` bytes. */
export async function readSession(db: Db, session: string, most: number): Promise<readonly StoredSession[] | null> {
  const events: { event_id: string; body: Buffer }[] = [];
  let bytes = 0;
  for (let after = -1; ; ) {
    const rows = await db.selectFrom('session_events').select(['event_id', 'seq', 'body']).where('sid', '=', session).where('seq', '>', String(after)).orderBy('seq').orderBy('at').limit(500).execute();
    for (const row of rows) bytes += row.body.byteLength;
    if (bytes > most) return null;
    events.push(...rows);
    after = Number(rows.at(-1)?.seq);
    if (rows.length < 500) break;
  }
  const blobs = await readBlobs(db, events.map(({ event_id }) => event_id), most - bytes);
  return blobs === null ? null : events.map(({ event_id, body }) => ({ bytes: body, blobs: blobs.get(event_id) ?? new Map() }));
}

async function readBlobs(db: Pick<Db, 'selectFrom'>, events: readonly string[], most: number): Promise<Map<string, Map<string, Buffer>> | null> {
  const found = new Map<string, Map<string, Buffer>>();
  let bytes = 0;
  for (let i = 0; i < events.length; i += 500) {
    const rows = await db.selectFrom('blobs').selectAll().where('event_id', 'in', events.slice(i, i + 500)).execute();
    for (const row of rows) {
      bytes += row.bytes.byteLength;
      const own = found.get(row.event_id) ?? new Map<string, Buffer>();
      found.set(row.event_id, own.set(row.ct_sha256.toString('hex'), row.bytes));
    }
    if (bytes > most) return null;
  }
  return found;
}
