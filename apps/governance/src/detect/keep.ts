import { sql, type Transaction } from 'kysely';
import type { EventToTell } from '@sallyport/platform-store';
import { uuidv7 } from '@sallyport/domain-model';
import type { GovernanceDatabase } from '../store/database.ts';
import { shortHash } from './runtime.ts';
import { sight, type Seen } from './sight.ts';
import type { Sighting } from './sighting.ts';

type Trx = Transaction<GovernanceDatabase>;

interface Entry {
  /** Null while it is in no table. */
  readonly no: string | null;
  readonly of: Sighting;
  seen: Seen;
  changed: boolean;
}

const keyOf = ({ kind, machine, what }: Pick<Sighting, 'kind' | 'machine' | 'what'>): string => `${kind}\0${machine}\0${what}`;

/** Counts sightings on their detections, in order, and makes new ones. @returns what has to be told of them */
export async function keepSightings(trx: Trx, sightings: readonly Sighting[]): Promise<EventToTell[]> {
  if (sightings.length === 0) return [];
  const last = await lastOf(trx, sightings);
  const all = [...last.values()];
  const events: EventToTell[] = [];
  for (const sighting of sightings) {
    const key = keyOf(sighting);
    const before = last.get(key);
    const { seen, fresh, tell } = sight(before?.seen ?? null, sighting, shortHash(sighting.item));
    if (before === undefined || fresh) {
      const entry = { no: null, of: sighting, seen, changed: true };
      last.set(key, entry);
      all.push(entry);
    } else Object.assign(before, { seen, changed: true });
    if (tell) events.push(eventOf(sighting, seen.count));
  }
  await write(trx, all.filter(({ changed }) => changed));
  return events;
}

/** Locked: whoever dismisses one waits, and what is dismissed meanwhile is not counted on. */
async function lastOf(trx: Trx, sightings: readonly Sighting[]): Promise<Map<string, Entry>> {
  const wanted = new Map(sightings.map((sighting) => [keyOf(sighting), sighting]));
  const keys = [...wanted.values()];
  const { rows } = await sql<{ no: string; kind: Sighting['kind']; machine: string; what: string; session: string | null; say: string; facts: string[]; items: string[]; first_at: Date; last_at: Date; count: string; events: number; days: number; since: Date; dismissed_at: Date | null }>`
    select d.* from detection d join (
      select max(e.no) as no from detection e
      join unnest(${keys.map(({ kind }) => kind)}::text[], ${keys.map(({ machine }) => machine)}::text[], ${keys.map(({ what }) => what)}::text[]) as k (kind, machine, what) using (kind, machine, what) group by e.kind, e.machine, e.what) l using (no)
    for update of d`.execute(trx);
  return new Map(rows.flatMap((row): [string, Entry][] => {
    const { no, session, say, facts, items, events, days } = row;
    const of = wanted.get(keyOf(row));
    const seen = { session, say, facts, items, events, days, count: Number(row.count), first: row.first_at.getTime(), last: row.last_at.getTime(), since: row.since.getTime(), dismissed: row.dismissed_at?.getTime() ?? null };
    return of === undefined ? [] : [[keyOf(row), { no, of, seen, changed: false }]];
  }));
}

/** In two statements, however many there are. Those that are new get their numbers in the order in which they were seen. */
async function write(trx: Trx, entries: readonly Entry[]): Promise<void> {
  const rows = entries.map(({ no, of: { kind, machine, what }, seen: { first, last, since, dismissed: _, ...seen } }, i) => ({
    i, no, id: no === null ? uuidv7() : null, kind, machine, what, ...seen, first_at: iso(first), last_at: iso(last), since: iso(since),
  }));
  const [known, fresh] = [rows.filter(({ no }) => no !== null), rows.filter(({ no }) => no === null)];
  if (known.length > 0) {
    await sql`
      update detection d set facts = array(select jsonb_array_elements_text(r.facts)), items = array(select jsonb_array_elements_text(r.items)), count = r.count, events = r.events, days = r.days, last_at = r.last_at, since = r.since
      from jsonb_to_recordset(${JSON.stringify(known)}::jsonb) as r (no bigint, facts jsonb, items jsonb, count bigint, events integer, days integer, last_at timestamptz, since timestamptz) where d.no = r.no`.execute(trx);
  }
  if (fresh.length > 0) {
    await sql`
      insert into detection (id, kind, machine, what, session, say, facts, items, first_at, last_at, count, events, days, since, state)
      select id, kind, machine, what, session, say, array(select jsonb_array_elements_text(facts)), array(select jsonb_array_elements_text(items)), first_at, last_at, count, events, days, since, 'open'
      from jsonb_to_recordset(${JSON.stringify(fresh)}::jsonb) as r (i integer, id uuid, kind text, machine text, what text, session text, say text, facts jsonb, items jsonb, first_at timestamptz, last_at timestamptz, count bigint, events integer,
        days integer, since timestamptz) order by i`.execute(trx);
  }
}

const iso = (at: number): string => new Date(at).toISOString();

function eventOf({ machine, tells }: Sighting, count: number): EventToTell {
  switch (tells.kind) {
    case 'human_use':
      return { type: 'detect.human_use', data: { machine, session: tells.session, signs: tells.signs } };
    case 'shared_binding':
      return { type: 'detect.shared_binding', data: { machine, binding: tells.binding, runtimes: tells.runtimes } };
    case 'replay':
      return { type: 'detect.replay', data: { machine: machine === '' ? null : machine, binding: tells.binding, source: tells.source, first_source: tells.first, count } };
    case 'new_behaviour':
      return { type: 'detect.new_behaviour', data: { machine, target: tells.target, effect: tells.effect, session: tells.session } };
  }
}
