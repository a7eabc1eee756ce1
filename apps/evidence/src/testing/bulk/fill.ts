import { hash } from 'node:crypto';
import pg from 'pg';
import { leafHash } from '@sallyport/engine-evidence';
import { Copier, Rows } from './copy.ts';
import { numbers, type BulkEvent, type BulkSession, type Story } from './story.ts';

const columns = {
  event_body: 'id, received_at, body',
  blob: 'event_id, ct_sha256, bytes',
  session_seq: 'sid, seq, event_id, sha256',
  producer_seq: 'producer, epoch, pseq, event_id',
  ledger: 'at, event_id, sha256, leaf_hash',
  event_idx: 'at, type, sid, seq, who, target, wall',
  session_idx: 'sid, producer, epoch, state, machine, target, protocol, opened, closed, ended, commands, denied, held, rows, bytes, last_seq, last_at, abandoned_seq',
} as const;
type Table = keyof typeof columns;
const tables = ['event_body', 'blob', 'session_seq', 'producer_seq', 'ledger', 'event_idx', 'session_idx'] as const satisfies readonly Table[];

/** Events of one round of COPYs. */
const pieceEvents = 20_000;
/** The ledger takes an event so long after it was written, in microseconds. */
const delay = 40_000;

/**
 * Puts a story into an empty ledger as its owner, past `append`, some ten times as fast: the same rows in the same tables, under the same constraints, indexes and
 * triggers. The tree is left to the service, which builds it when it starts. @returns how many leaves
 */
export async function fillLedger(ownerDsn: string, story: Story, told: (leaves: number) => void = () => undefined): Promise<number> {
  const copier = await Copier.open(ownerDsn, tables);
  const starts = new Starts();
  let at = 0;
  let before: Promise<unknown> = Promise.resolve();
  try {
    for (const { events, sessions } of story.pieces(pieceEvents)) {
      const rows = rowsOf(events, sessions, at);
      at += events.length;
      starts.count(events);
      // The next piece is made while this one is copied.
      await before;
      before = Promise.all(tables.map((table) => copier.copy(table, columns[table], rows[table].take())));
      before.catch(() => undefined);
      told(at);
    }
    await before;
  } finally {
    await copier.close();
  }
  await finish(ownerDsn, starts, at);
  return at;
}

function rowsOf(events: readonly BulkEvent[], sessions: readonly BulkSession[], before: number): Record<Table, Rows> {
  const rows = { event_body: new Rows(), blob: new Rows(), session_seq: new Rows(), producer_seq: new Rows(), ledger: new Rows(), event_idx: new Rows(), session_idx: new Rows() };
  let at = before;
  for (const event of events) {
    at++;
    const sha256 = hash('sha256', event.bytes, 'buffer');
    rows.event_body.row(3).uuid(event.id).moment(event.wall + delay).bytea(event.bytes);
    for (const { bytes } of event.blobs) rows.blob.row(3).uuid(event.id).bytea(hash('sha256', bytes, 'buffer')).bytea(bytes);
    rows.session_seq.row(4).uuid(event.sid).bigint(event.seq).uuid(event.id).bytea(sha256);
    rows.producer_seq.row(4).text(event.producer).uuid(event.epoch).bigint(event.pseq).uuid(event.id);
    rows.ledger.row(4).bigint(at).uuid(event.id).bytea(sha256).bytea(leafHash(event.bytes));
    rows.event_idx.row(7).bigint(at).text(event.type).uuid(event.sid).bigint(event.seq).text(event.who).text(event.target).moment(event.wall);
  }
  for (const session of sessions) put(rows.session_idx, session);
  return rows;
}

function put(rows: Rows, s: BulkSession): void {
  rows.row(18).uuid(s.sid).text(s.producer).uuid(s.epoch).text(s.state).text(s.machine).text(s.target).text(s.state === 'refused' || s.opened > 0 ? 'postgres' : '').moment(s.opened).moment(s.closed).text(s.ended);
  rows.bigint(s.commands).bigint(s.denied).bigint(s.held).bigint(s.rows).bigint(s.bytes).bigint(s.lastSeq).moment((s.closed ?? s.opened) + delay);
  if (s.abandonedSeq === null) rows.none();
  else rows.bigint(s.abandonedSeq);
}

/** How far each start of each producer is. */
class Starts {
  readonly #starts = new Map<string, { readonly producer: string; readonly epoch: string; most: number; readonly first: number; last: number }>();

  count(events: readonly BulkEvent[]): void {
    for (const { producer, epoch, pseq, wall } of events) {
      const start = this.#starts.get(epoch) ?? { producer, epoch, most: 0, first: wall, last: wall };
      start.most = pseq;
      start.last = wall;
      this.#starts.set(epoch, start);
    }
  }

  rows(): Rows {
    const rows = new Rows();
    for (const { producer, epoch, most, first, last } of this.#starts.values()) rows.row(6).text(producer).uuid(epoch).bigint(most).bigint(most).moment(first + delay).moment(last + delay);
    return rows;
  }
}

/** What stands once, and what a server that runs for long has by then: statistics, and pages that are known to be visible. */
async function finish(ownerDsn: string, starts: Starts, leaves: number): Promise<void> {
  const copier = await Copier.open(ownerDsn, ['producer_state']);
  await copier.copy('producer_state', 'producer, epoch, contiguous, max_seen, first_seen, last_seen', starts.rows().take());
  await copier.close();
  // The stream EVIDENCE begins behind them.
  await run(ownerDsn, [`select evidence.publish_moved(${leaves}, -1, -1)`]);
}

/** What autovacuum does in time: statistics of everything, from a tenth of its sample, which is read from all over the disk; and of what is read by its indexes alone, which pages are known to be visible. */
export function settleLedger(ownerDsn: string): Promise<void> {
  return run(ownerDsn, ['set default_statistics_target = 10', 'analyze evidence.event_body, evidence.blob, evidence.session_seq, evidence.producer_seq, evidence.ledger, evidence.event_idx', 'vacuum (analyze) evidence.session_idx, evidence.session_count, evidence.producer_state']);
}

/** Makes the months that a story needs, which the service makes for now alone. */
export function makeMonths(ownerDsn: string, back: number): Promise<void> {
  return run(ownerDsn, [`select evidence.ensure_partitions(${back}, 3)`]);
}

/** Sessions that are rows of the list and nothing else, for lists that are longer than the ledger. Moments are in milliseconds. */
export async function fillSessions(ownerDsn: string, count: number, { from, to, seed = 2 }: { readonly from: number; readonly to: number; readonly seed?: number }): Promise<void> {
  const copier = await Copier.open(ownerDsn, ['session_idx']);
  const random = numbers(seed);
  const piece = 50_000;
  for (let done = 0; done < count; done += piece) {
    const rows = new Rows();
    for (let i = done; i < Math.min(count, done + piece); i++) put(rows, sessionAt(Math.floor((from + ((to - from) * i) / count) * 1000) + 7, random));
    await copier.copy('session_idx', columns.session_idx, rows.take());
  }
  await copier.close();
}

function sessionAt(opened: number, random: () => number): BulkSession {
  const machine = Math.floor(200 * random() ** 2);
  const hex = (digits: number) => Math.floor(random() * 16 ** digits).toString(16).padStart(digits, '0');
  const time = Math.floor(opened / 1000).toString(16).padStart(12, '0');
  const chance = random();
  const state = chance < 0.01 ? 'refused' : chance < 0.013 ? 'abandoned' : 'closed';
  return {
    sid: `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`, producer: 'gw-1', epoch: '00000000-0000-7000-8000-000000000001', state,
    machine: `m-${String(machine).padStart(3, '0')}`, target: `db-${String((machine * 7 + Math.floor(4 * random() ** 3)) % 40).padStart(2, '0')}`,
    opened, closed: opened + 5_000_000, ended: state, commands: 2, denied: 0, held: 0, rows: 50, bytes: 2100, lastSeq: 5, abandonedSeq: state === 'abandoned' ? 5 : null,
  };
}

async function run(dsn: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
