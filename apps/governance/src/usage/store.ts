import { hash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { GovernanceDatabase } from '../store/database.ts';
import type { Decided, SessionSeen, Used } from './fold.ts';
import { rollUp } from './roll-up.ts';
import { levels, rolledEffects, type widest } from './widths.ts';

type Trx = Transaction<GovernanceDatabase>;
type Widest = { readonly [K in keyof typeof widest]: number };

/** Sessions that are open, by id. */
export async function openSessions(trx: Trx, ids: readonly string[]): Promise<Map<string, SessionSeen>> {
  if (ids.length === 0) return new Map();
  const rows = await trx.selectFrom('usage_session').selectAll().where('session', '=', sql<string>`any(${ids})`).execute();
  return new Map(rows.map((row) => [row.session, row]));
}

export async function keepSessions(trx: Trx, opened: readonly SessionSeen[], ended: readonly string[]): Promise<void> {
  if (opened.length > 0) await trx.insertInto('usage_session').values([...opened]).onConflict((conflict) => conflict.column('session').doNothing()).execute();
  if (ended.length > 0) await trx.deleteFrom('usage_session').where('session', '=', sql<string>`any(${ended})`).execute();
}

interface Width {
  readonly machine: string;
  readonly target: string;
  readonly day: string;
  objects: number;
  inputs: number;
}

const widthKey = ({ machine, target, day }: Pick<Width, 'machine' | 'target' | 'day'>) => `${machine}\0${target}\0${day}`;

/** Adds uses and decisions to what is known, within the bounds. One statement a table, however many rows. */
export async function keepUse(trx: Trx, used: readonly Used[], decided: readonly Decided[], most: Widest): Promise<void> {
  if (used.length === 0 && decided.length === 0) return;
  const widths = await widthsOf(trx, [...used, ...decided]);
  await keepUsed(trx, used, widths, most.objects);
  await keepDecided(trx, decided, widths, most.inputs);
  const rows = [...widths.values()];
  await sql`
    insert into usage_width (machine, target, day, objects, inputs)
    select * from unnest(${rows.map(({ machine }) => machine)}::text[], ${rows.map(({ target }) => target)}::text[], ${rows.map(({ day }) => day)}::date[], ${rows.map(({ objects }) => objects)}::bigint[], ${rows.map(({ inputs }) => inputs)}::bigint[])
    on conflict (machine, target, day) do update set objects = excluded.objects, inputs = excluded.inputs`.execute(trx);
}

async function widthsOf(trx: Trx, rows: readonly Pick<Width, 'machine' | 'target' | 'day'>[]): Promise<Map<string, Width>> {
  const wanted = new Map(rows.map(({ machine, target, day }) => [widthKey({ machine, target, day }), { machine, target, day, objects: 0, inputs: 0 }]));
  const list = [...wanted.values()];
  const known = await sql<{ machine: string; target: string; day: string; objects: string; inputs: string }>`
    select w.machine, w.target, w.day::text, w.objects, w.inputs from usage_width w
    join unnest(${list.map(({ machine }) => machine)}::text[], ${list.map(({ target }) => target)}::text[], ${list.map(({ day }) => day)}::date[]) as k (machine, target, day) using (machine, target, day)`.execute(trx);
  for (const row of known.rows) wanted.set(widthKey(row), { ...row, objects: Number(row.objects), inputs: Number(row.inputs) });
  return wanted;
}

async function keepUsed(trx: Trx, used: readonly Used[], widths: ReadonlyMap<string, Width>, limit: number): Promise<void> {
  if (used.length === 0) return;
  const plain = used.map((row) => ({ ...row, object: rollUp(row.object, 0) }));
  const known = mayOverflow(plain, widths, 'objects', limit) ? await knownUses(trx, plain) : null;
  const rows = known === null ? plain : leveled(plain, widths, 'objects', limit, (row) => !known.has(useKey(row)), (row, level) => ({ ...row, object: rollUp(row.object, level), role: level === 3 ? '*' : row.role }));
  const merged = mergedBy(rows, useKey, (into, row) => {
    into.commands += row.commands;
    into.allowed += row.allowed;
    into.denied += row.denied;
    into.held += row.held;
    into.first = Math.min(into.first, row.first);
    into.last = Math.max(into.last, row.last);
  });
  const added = await sql<{ machine: string; target: string; day: string }>`
    with kept as (
      insert into usage_day as u (machine, target, role, verb, object, day, commands, allowed, denied, held, first_at, last_at)
      select * from unnest(
        ${merged.map((row) => row.machine)}::text[], ${merged.map((row) => row.target)}::text[], ${merged.map((row) => row.role)}::text[], ${merged.map((row) => row.verb)}::text[], ${merged.map((row) => row.object)}::text[],
        ${merged.map((row) => row.day)}::date[], ${merged.map((row) => row.commands)}::bigint[], ${merged.map((row) => row.allowed)}::bigint[], ${merged.map((row) => row.denied)}::bigint[], ${merged.map((row) => row.held)}::bigint[],
        ${merged.map((row) => new Date(row.first).toISOString())}::timestamptz[], ${merged.map((row) => new Date(row.last).toISOString())}::timestamptz[])
      on conflict (machine, target, role, verb, object, day) do update set
        commands = u.commands + excluded.commands, allowed = u.allowed + excluded.allowed, denied = u.denied + excluded.denied, held = u.held + excluded.held,
        first_at = least(u.first_at, excluded.first_at), last_at = greatest(u.last_at, excluded.last_at)
      returning machine, target, day, xmax = 0 as fresh)
    select machine, target, day::text from kept where fresh`.execute(trx);
  for (const row of added.rows) grow(widths, row, 'objects');
}

const useKey = ({ machine, target, role, verb, object, day }: Pick<Used, 'machine' | 'target' | 'role' | 'verb' | 'object' | 'day'>) => `${machine}\0${target}\0${role}\0${verb}\0${day}\0${object}`;

async function knownUses(trx: Trx, rows: readonly Used[]): Promise<ReadonlySet<string>> {
  const found = await sql<{ machine: string; target: string; role: string; verb: string; object: string; day: string }>`
    select u.machine, u.target, u.role, u.verb, u.object, u.day::text from usage_day u
    join unnest(${rows.map((row) => row.machine)}::text[], ${rows.map((row) => row.target)}::text[], ${rows.map((row) => row.role)}::text[], ${rows.map((row) => row.verb)}::text[], ${rows.map((row) => row.object)}::text[], ${rows.map((row) => row.day)}::date[])
      as k (machine, target, role, verb, object, day) using (machine, target, role, verb, object, day)`.execute(trx);
  return new Set(found.rows.map(useKey));
}

type Kept = Decided & { readonly rolled: number; readonly digest: Buffer };

async function keepDecided(trx: Trx, decided: readonly Decided[], widths: ReadonlyMap<string, Width>, limit: number): Promise<void> {
  if (decided.length === 0) return;
  const plain = decided.map((row): Kept => named(row, 0));
  const known = mayOverflow(plain, widths, 'inputs', limit) ? await knownDecisions(trx, plain) : null;
  const rows = known === null ? plain : leveled(plain, widths, 'inputs', limit, (row) => !known.has(decidedKey(row)), (row, level) => named({ ...row, effects: rolledEffects(row.effects, level), ...(level === 3 ? { kind: '*', role: '*', rules: [] } : {}) }, level));
  const merged = mergedBy(rows, decidedKey, (into, row) => {
    into.commands += row.commands;
    into.policy = Math.max(into.policy, row.policy);
    if (row.last > into.last) into.example = row.example;
    into.last = Math.max(into.last, row.last);
  });
  const inputs = mergedBy(merged.map((row) => ({ ...row })), ({ digest }) => digest.toString('base64'), (into, row) => void (into.policy = Math.max(into.policy, row.policy)));
  // Lists in lists are no arrays of PostgreSQL: they travel as JSON.
  await sql`
    insert into decided_input as i (digest, machine, target, role, protocol, reading, kind, effects, decision, by_gate, rolled, rules, policy)
    select decode(r.digest, 'hex'), r.machine, r.target, r.role, r.protocol, r.reading, r.kind, array(select jsonb_array_elements_text(r.effects)), r.decision, r.by_gate, r.rolled, array(select jsonb_array_elements_text(r.rules)), r.policy
    from jsonb_to_recordset(${JSON.stringify(inputs.map(({ digest, machine, target, role, protocol, reading, kind, effects, decision, byGate, rolled, rules, policy }) => ({ digest: digest.toString('hex'), machine, target, role, protocol, reading, kind, effects, decision, by_gate: byGate, rolled, rules, policy })))}::jsonb)
      as r (digest text, machine text, target text, role text, protocol text, reading text, kind text, effects jsonb, decision text, by_gate boolean, rolled smallint, rules jsonb, policy bigint)
    on conflict (digest) do update set policy = excluded.policy where i.policy < excluded.policy`.execute(trx);
  const added = await sql<{ digest: Uint8Array; day: string }>`
    with kept as (
      insert into decided_day as d (digest, day, commands, example, last_at)
      select decode(k.digest, 'hex'), k.day, k.commands, k.example, k.last_at
      from unnest(${merged.map(({ digest }) => digest.toString('hex'))}::text[], ${merged.map(({ day }) => day)}::date[], ${merged.map(({ commands }) => commands)}::bigint[], ${merged.map(({ example }) => example)}::text[], ${merged.map(({ last }) => new Date(last).toISOString())}::timestamptz[]) as k (digest, day, commands, example, last_at)
      on conflict (digest, day) do update set commands = d.commands + excluded.commands, last_at = greatest(d.last_at, excluded.last_at), example = case when excluded.last_at >= d.last_at then excluded.example else d.example end
      returning digest, day, xmax = 0 as fresh)
    select digest, day::text from kept where fresh`.execute(trx);
  const byKey = new Map(merged.map((row) => [decidedKey(row), row]));
  for (const { digest, day } of added.rows) {
    const row = byKey.get(`${Buffer.from(digest).toString('base64')}\0${day}`);
    if (row !== undefined) grow(widths, row, 'inputs');
  }
}

const decidedKey = ({ digest, day }: Pick<Kept, 'digest' | 'day'>) => `${digest.toString('base64')}\0${day}`;

function named(row: Decided, rolled: number): Kept {
  const { machine, target, role, protocol, reading, kind, effects, decision, byGate, rules } = row;
  const digest = Buffer.from(hash('sha256', JSON.stringify([machine, target, role, protocol, reading, kind, effects, decision, byGate, rolled, rules]), 'hex'), 'hex');
  return { ...row, rolled, digest };
}

async function knownDecisions(trx: Trx, rows: readonly Kept[]): Promise<ReadonlySet<string>> {
  const found = await sql<{ digest: Uint8Array; day: string }>`
    select d.digest, d.day::text from decided_day d
    join unnest(${rows.map(({ digest }) => digest.toString('hex'))}::text[], ${rows.map(({ day }) => day)}::date[]) as k (digest, day) on d.digest = decode(k.digest, 'hex') and d.day = k.day`.execute(trx);
  return new Set(found.rows.map(({ digest, day }) => `${Buffer.from(digest).toString('base64')}\0${day}`));
}

function mayOverflow(rows: readonly Pick<Width, 'machine' | 'target' | 'day'>[], widths: ReadonlyMap<string, Width>, what: 'objects' | 'inputs', limit: number): boolean {
  const coming = new Map<string, number>();
  for (const row of rows) coming.set(widthKey(row), (coming.get(widthKey(row)) ?? 0) + 1);
  return [...coming].some(([key, count]) => (widths.get(key)?.[what] ?? 0) + count > limit);
}

function leveled<R extends Pick<Width, 'machine' | 'target' | 'day'>>(rows: readonly R[], widths: ReadonlyMap<string, Width>, what: 'objects' | 'inputs', limit: number, isNew: (row: R) => boolean, roll: (row: R, level: 1 | 2 | 3) => R): R[] {
  const groups = Map.groupBy(rows, widthKey);
  return [...groups].flatMap(([key, group]) => {
    const at = levels(group.length, (i) => isNew(group[i] ?? group[0] ?? never()), widths.get(key)?.[what] ?? 0, limit);
    return group.map((row, i) => {
      const level = at[i] ?? 3;
      return level === 0 ? row : roll(row, level);
    });
  });
}

function mergedBy<R>(rows: readonly R[], key: (row: R) => string, add: (into: R, row: R) => void): R[] {
  const by = new Map<string, R>();
  for (const row of rows) {
    const into = by.get(key(row));
    if (into === undefined) by.set(key(row), row);
    else add(into, row);
  }
  return [...by.values()];
}

function grow(widths: ReadonlyMap<string, Width>, row: Pick<Width, 'machine' | 'target' | 'day'>, what: 'objects' | 'inputs'): void {
  const width = widths.get(widthKey(row));
  if (width !== undefined) width[what]++;
}

function never(): never {
  throw new RangeError('a group has a row');
}
