import { createHash } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { z } from 'zod';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type governanceImportHr, type Reply } from '@sallyport/platform-bus';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../../store/database.ts';
import { idHash } from '../id-hash.ts';
import { leaveWord, type Word } from '../leave.ts';
import type { People } from '../people.ts';
import { readHr, type HrLine } from './read-hr.ts';

type Imported = z.output<(typeof governanceImportHr)['value']>;
type Trx = Transaction<GovernanceDatabase>;

export interface HrParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly people: People;
  readonly hurry: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const origin = 'hr';
const dayMs = 86_400_000;
const sweepAtOnce = 500;

/** What the HR file says: who is gone, and who will be after a last day. Days end at midnight UTC. */
export class Hr {
  readonly #of: HrParts;

  constructor(of: HrParts) {
    this.#of = of;
  }

  async import(by: Caller, text: string, dryRun: boolean): Promise<Reply<Imported>> {
    const read = readHr(text);
    if (!read.ok) return fail('invalid', read.problems.join('; ').slice(0, 2000));
    const object = `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    const answer = await this.#of.db.transaction().execute(async (trx) => {
      const events: EventToTell[] = [];
      const done = { rows: read.lines.length, left: [] as Imported['left'], returned: [] as Imported['returned'], planned: 0, unchanged: 0, unmatched: [] as number[] } satisfies Imported;
      const before = await whatStands(trx, read.lines.flatMap(({ ids }) => ids));
      for (const line of read.lines) await this.#line(trx, line, before, done, events, dryRun);
      if (!dryRun) await this.#of.outbox.emitAll(trx, [{ type: 'operator.acted', data: { action: 'people.import-hr', object, ok: true, code: null }, who: personWho(by.person) }, ...events]);
      return done;
    });
    if (!dryRun) this.#of.hurry();
    return ok(answer);
  }

  /** Last days that are over now. */
  async sweep(): Promise<void> {
    const { db, outbox, now } = this.#of;
    const due = await db.transaction().execute(async (trx) => {
      // Days are read as text: the driver would make local midnights of them.
      const rows = await trx.selectFrom('last_day').select(['id', sql<string>`day::text`.as('day')]).where('day', '<', sql<Date>`${today(now())}::date`).orderBy('day').limit(sweepAtOnce).forUpdate().skipLocked().execute();
      for (const { id, day } of rows) {
        const at = new Date(Date.parse(`${day}T00:00:00Z`) + dayMs);
        await leaveWord(trx, { source: 'hr', origin, kind: 'left', ids: [id], at, ref: id, reason: 'the last day of the HR file is over' }, now());
        await trx.deleteFrom('last_day').where('id_hash', '=', idHash(id)).execute();
      }
      await outbox.emitAll(trx, rows.map(({ id }) => this.#received('left', id, 'the last day is over; identity is told: left')));
      return rows.length;
    });
    if (due > 0) this.#of.hurry();
  }

  async #line(trx: Trx, { line, ids, lastDay, status }: HrLine, before: Standing, done: Imported, events: EventToTell[], dryRun: boolean): Promise<void> {
    const { people, now } = this.#of;
    const [id = ''] = ids;
    const [person = null] = people.match(ids);
    if (person === null) done.unmatched.push(line);
    const over = lastDay === null ? null : Date.parse(`${lastDay}T00:00:00Z`) + dayMs;
    const gone = ids.some((one) => before.gone.has(one));
    const word = { source: 'hr', origin, ids, ref: id } satisfies Partial<Word>;
    if (status === 'left' || (over !== null && over <= now())) {
      if (gone) return void done.unchanged++;
      // Told before the last day is over, they are gone now.
      const at = new Date(Math.min(over ?? now(), now()));
      done.left.push({ line, person, at: at.toISOString() });
      for (const one of ids) before.gone.add(one);
      if (dryRun) return;
      await leaveWord(trx, { ...word, kind: 'left', at, reason: 'the HR file says so' }, now());
      await trx.deleteFrom('last_day').where('id_hash', 'in', ids.map(idHash)).execute();
      events.push(this.#received('left', id, 'identity is told: left'));
      return;
    }
    if (gone) {
      done.returned.push({ line, person });
      for (const one of ids) before.gone.delete(one);
      if (!dryRun) {
        await leaveWord(trx, { ...word, kind: 'returned', at: new Date(now()), reason: 'the HR file says so' }, now());
        events.push(this.#received('returned', id, 'identity is told: returned'));
      }
    }
    const moved = ids.filter((one) => (before.days.get(one) ?? null) !== lastDay);
    if (!dryRun) await plan(trx, moved, lastDay);
    if (lastDay !== null) done.planned++;
    else if (!gone && moved.length === 0) done.unchanged++;
  }

  #received(kind: string, id: string, outcome: string): EventToTell {
    return { type: 'signal.received', data: { source: 'hr', kind, person: this.#of.people.match([id])[0] ?? null, ref: id, outcome }, who: null };
  }
}

/** What an earlier file said of these people. */
interface Standing {
  /** Kept up while the file is gone through: somebody may be in it twice. */
  readonly gone: Set<string>;
  readonly days: ReadonlyMap<string, string>;
}

const atOnce = 5000;

/** Asked for all lines together: a file has thousands. */
async function whatStands(trx: Trx, ids: readonly string[]): Promise<Standing> {
  const byHash = new Map(ids.map((id) => [idHash(id).toString('hex'), id]));
  const hashes = [...byHash.keys()].map((hex) => Buffer.from(hex, 'hex'));
  const gone = new Set<string>();
  const days = new Map<string, string>();
  const name = (hash: Uint8Array) => byHash.get(Buffer.from(hash).toString('hex')) ?? '';
  for (let at = 0; at < hashes.length; at += atOnce) {
    const some = hashes.slice(at, at + atOnce);
    for (const { id_hash } of await trx.selectFrom('departure').select('id_hash').where('origin', '=', origin).where('id_hash', 'in', some).execute()) gone.add(name(id_hash));
    for (const { id_hash, day } of await trx.selectFrom('last_day').select(['id_hash', sql<string>`day::text`.as('day')]).where('id_hash', 'in', some).execute()) days.set(name(id_hash), day);
  }
  return { gone, days };
}

/** Writes down a last day that is to come, or takes it back. */
async function plan(trx: Trx, ids: readonly string[], lastDay: string | null): Promise<void> {
  if (ids.length === 0) return;
  if (lastDay === null) await trx.deleteFrom('last_day').where('id_hash', 'in', ids.map(idHash)).execute();
  else await trx.insertInto('last_day').values(ids.map((id) => ({ id_hash: idHash(id), id, day: lastDay }))).onConflict((conflict) => conflict.column('id_hash').doUpdateSet({ day: lastDay })).execute();
}

/** The day, UTC. */
const today = (now: number) => new Date(now).toISOString().slice(0, 10);
