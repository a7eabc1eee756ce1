import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { evidenceSessions } from '@sallyport/platform-bus';
import type { z } from 'zod';
import type { EvidenceDatabase, SessionRecord } from './database.ts';
import { daysOf, sessionFilter, type SessionFilter, type Stretch } from './session-filter.ts';

type Asked = Omit<z.output<(typeof evidenceSessions)['request']>, 'by'>;
type Sessions = z.output<(typeof evidenceSessions)['value']>;
type Condition = RawBuilder<unknown>;
/** The page's columns are null in the one row of an empty page. */
type Row = { readonly total: string } & (SessionRecord | { readonly sid: null });

/**
 * Newest first, by when they began, and how many there are in all. `before` is the last one of the page before; a session that is gone since is taken by the
 * time in its id. Page and total are of one moment: one statement.
 */
export async function readSessions(db: Kysely<EvidenceDatabase> | Transaction<EvidenceDatabase>, asked: Asked): Promise<Sessions> {
  const filter = sessionFilter(asked);
  const page = sql`select * from sessions where ${all([...conditions(filter), ...stretch(filter), ...behind(asked.before)])} order by opened desc, sid desc limit ${asked.limit}`;
  const { rows } = await sql<Row>`select t.total, p.* from (select ${totalOf(filter)} as total) t left join lateral (${page}) p on true order by p.opened desc, p.sid desc`.execute(db);
  const sessions = rows.flatMap((row) => (row.sid === null ? [] : [sessionOf(row)]));
  return { sessions, total: Number(rows[0]?.total ?? 0) };
}

function sessionOf(row: SessionRecord): Sessions['sessions'][number] {
  return {
    id: row.sid, machine: row.machine, target: row.target, protocol: row.protocol, opened: row.opened.toISOString(), closed: row.closed?.toISOString() ?? null, end: row.ended,
    commands: Number(row.commands), denied: Number(row.denied), held: Number(row.held), rows: Number(row.rows), bytes: Number(row.bytes),
  };
}

/** Whole days were counted as sessions ended; parts of days are counted from an index, and so are those that are open. */
function totalOf(filter: SessionFilter): Condition {
  const ended = filter.states.filter((state) => state !== 'open');
  const { whole, parts } = daysOf(filter);
  const sums: Condition[] = [sql`0`];
  if (ended.length > 0 && whole !== null) sums.push(sql`(select coalesce(sum(n), 0) from session_counts where ${all(countedOf(filter, ended, whole))})`);
  if (ended.length > 0) for (const part of parts) sums.push(count({ ...filter, ...part, states: ended }));
  if (filter.states.includes('open')) sums.push(count({ ...filter, states: ['open'] }));
  return sql.join(sums, sql` + `);
}

const count = (filter: SessionFilter): Condition => sql`(select count(*) from sessions where ${all([...conditions(filter), ...stretch(filter)])})`;

function countedOf({ machine, target }: SessionFilter, states: readonly string[], { from, to }: Stretch): Condition[] {
  const scope = (machine === null ? 0 : 1) + (target === null ? 0 : 2);
  return [
    sql`scope = ${sql.lit(scope)} and machine = ${machine ?? ''} and target = ${target ?? ''}`,
    ...(states.length === 3 ? [] : [sql`state in (${sql.join(states)})`]),
    ...(from === null ? [] : [sql`day >= ${day(from)}::date`]),
    ...(to === null ? [] : [sql`day < ${day(to)}::date`]),
  ];
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

function conditions({ machine, target, states }: SessionFilter): Condition[] {
  return [
    ...(machine === null ? [] : [sql`machine = ${machine}`]),
    ...(target === null ? [] : [sql`target = ${target}`]),
    // Written out, not bound: so that the planner sees which indexes hold them.
    ...(states.length === 4 ? [] : [states.length === 0 ? sql`false` : sql`state in (${sql.join(states.map((state) => sql.lit(state)))})`]),
  ];
}

function stretch({ from, to }: Stretch): Condition[] {
  return [...(from === null ? [] : [sql`opened >= ${from.toISOString()}::timestamptz`]), ...(to === null ? [] : [sql`opened < ${to.toISOString()}::timestamptz`])];
}

function behind(before: string | null): Condition[] {
  if (before === null) return [];
  const said = new Date(Math.min(Number.parseInt(before.replaceAll('-', '').slice(0, 12), 16), lastMoment)).toISOString();
  return [sql`(opened, sid) < (coalesce((select c.opened from sessions c where c.sid = ${before}::uuid), ${said}::timestamptz), ${before}::uuid)`];
}

/** The last one that is written with four digits of a year. */
const lastMoment = Date.UTC(9999, 11, 31);

const all = (parts: readonly Condition[]): Condition => (parts.length === 0 ? sql`true` : sql.join([...parts], sql` and `));
