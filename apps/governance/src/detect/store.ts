import { sql, type Transaction } from 'kysely';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Needs } from './fold.ts';
import { Memory, type Session } from './memory.ts';
import { togetherMs } from './shared-binding.ts';

type Trx = Transaction<GovernanceDatabase>;

/** What a page needs of what is remembered, and no more: four questions, however many machines there are. @param from the earliest moment of the page, milliseconds since 1970 */
export async function recall(trx: Trx, { sessions, machines, done, bindings }: Needs, from: number): Promise<Memory> {
  const memory = new Memory();
  if (sessions.size > 0) {
    const rows = await trx.selectFrom('detect_session').selectAll().where('session', '=', sql<string>`any(${[...sessions]})`).execute();
    for (const row of rows) memory.sessions.set(row.session, sessionOf(row));
  }
  if (machines.size > 0) {
    const rows = await trx.selectFrom('detect_profile').selectAll().where('machine', '=', sql<string>`any(${[...machines]})`).execute();
    for (const { first_at, last_day, commands, ...row } of rows) memory.keepProfile({ ...row, first: first_at.getTime(), lastDay: last_day, commands: Number(commands) });
  }
  if (done.length > 0) {
    const rows = await sql<{ machine: string; target: string; what: string; last_day: number }>`
      select k.* from detect_known k join unnest(${done.map(({ machine }) => machine)}::text[], ${done.map(({ target }) => target)}::text[], ${done.map(({ what }) => what)}::text[]) as d (machine, target, what) using (machine, target, what)`.execute(trx);
    for (const { last_day, ...row } of rows.rows) memory.keepDone(row, last_day);
  }
  if (bindings.size > 0) {
    const pairs = [...bindings].map((key) => key.split('\0'));
    const rows = await sql<{ machine: string; binding: string; network: string; runtime: string; token: string; open: number; until: Date | null }>`
      select s.machine, s.binding, s.network, s.runtime, s.token, (count(*) filter (where s.opened and not s.closed))::int as open, max(s.until) filter (where not s.opened or s.closed) as until
      from detect_session s join unnest(${pairs.map(([machine]) => machine)}::text[], ${pairs.map(([, binding]) => binding)}::text[]) as b (machine, binding) using (machine, binding)
      where s.binding <> '' and s.until >= ${new Date(from - togetherMs)} group by s.machine, s.binding, s.network, s.runtime, s.token`.execute(trx);
    for (const { machine, binding, until, ...place } of rows.rows) memory.keepPlace(`${machine}\0${binding}`, { ...place, until: until?.getTime() ?? 0 });
  }
  return memory;
}

interface SessionRow extends Omit<Session, 'seen' | 'until' | 'oddHour'> {
  readonly seen_at: Date;
  readonly until: Date | number;
  readonly odd_hour: boolean;
}

/** The driver has a number where the database has infinity. */
function sessionOf({ seen_at, until, odd_hour, ...row }: SessionRow): Session {
  return { ...row, seen: seen_at.getTime(), until: until instanceof Date ? until.getTime() : until, oddHour: odd_hour };
}

/** Writes what has changed: a statement for each table. */
export async function remember(trx: Trx, { changedSessions, changedProfiles, changedDone }: Memory): Promise<void> {
  // A login of nobody that we look at leaves nothing.
  const sessions = [...changedSessions].filter(({ machine }) => machine !== '');
  if (sessions.length > 0) {
    const rows = sessions.map(({ seen, until, oddHour, ...row }) => ({ ...row, seen_at: iso(seen), until: until === Number.POSITIVE_INFINITY ? 'infinity' : iso(until), odd_hour: oddHour }));
    await sql`
      insert into detect_session (session, machine, target, client, binding, network, runtime, token, opened, closed, seen_at, until, shell, terminal, odd_hour, unseen, steps, told)
      select session, machine, target, client, binding, network, runtime, token, opened, closed, seen_at, until, shell, terminal, odd_hour, unseen, steps, told
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (session text, machine text, target text, client text, binding text, network text, runtime text, token text, opened boolean, closed boolean, seen_at timestamptz,
        until timestamptz, shell boolean, terminal boolean, odd_hour boolean, unseen integer, steps jsonb, told boolean)
      on conflict (session) do update set machine = excluded.machine, target = excluded.target, client = excluded.client, binding = excluded.binding, network = excluded.network, runtime = excluded.runtime, token = excluded.token,
        opened = excluded.opened, closed = excluded.closed, seen_at = excluded.seen_at, until = excluded.until, shell = excluded.shell, terminal = excluded.terminal, odd_hour = excluded.odd_hour, unseen = excluded.unseen,
        steps = excluded.steps, told = excluded.told`.execute(trx);
  }
  if (changedProfiles.size > 0) {
    const rows = [...changedProfiles].map(({ first, lastDay, ...row }) => ({ ...row, first_at: iso(first), last_day: lastDay }));
    await sql`
      insert into detect_profile (machine, target, first_at, days, last_day, commands, effects, statements, hours)
      select machine, target, first_at, days, last_day, commands, effects, statements, hours
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (machine text, target text, first_at timestamptz, days integer, last_day integer, commands bigint, effects integer, statements integer, hours integer)
      on conflict (machine, target) do update set days = excluded.days, last_day = excluded.last_day, commands = excluded.commands, effects = excluded.effects, statements = excluded.statements, hours = excluded.hours`.execute(trx);
  }
  const done = changedDone;
  if (done.length > 0) {
    await sql`
      insert into detect_known (machine, target, what, last_day)
      select * from unnest(${done.map(({ machine }) => machine)}::text[], ${done.map(({ target }) => target)}::text[], ${done.map(({ what }) => what)}::text[], ${done.map(({ day }) => day)}::integer[])
      on conflict (machine, target, what) do update set last_day = excluded.last_day`.execute(trx);
  }
}

const iso = (at: number): string => new Date(at).toISOString();
