import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type Detection, type detectionKind, type governanceDetections, type Reply } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { GovernanceDatabase } from '../store/database.ts';
import type { DetectTables } from './tables.ts';
import type { Selectable } from 'kysely';

export interface DetectionParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly outbox: Outbox;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Row = Selectable<DetectTables['detection']>;
type Asked = Omit<z.output<(typeof governanceDetections)['request']>, 'by'>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What was detected, as people see and dismiss it. */
export class Detections {
  readonly #of: DetectionParts;

  constructor(of: DetectionParts) {
    this.#of = of;
  }

  /** Throws StoreError. */
  async list({ state, kind, machine, before, limit }: Asked): Promise<{ detections: Detection[]; total: number }> {
    const { db } = this.#of;
    const some = db
      .selectFrom('detection')
      .$if(state !== null, (query) => query.where('state', '=', state ?? 'open'))
      .$if(kind !== null, (query) => query.where('kind', '=', kind ?? ''))
      .$if(machine !== null, (query) => query.where('machine', '=', machine ?? ''));
    const from = before === null ? undefined : await this.#no(before);
    const rows = await some.selectAll().$if(before !== null, (query) => query.where('no', '<', from ?? '0')).orderBy('no', 'desc').limit(limit).execute();
    const { n } = await some.select(({ fn }) => fn.countAll<string>().as('n')).executeTakeFirstOrThrow();
    return { detections: rows.map(shown), total: Number(n) };
  }

  /** Throws StoreError. */
  async dismiss(by: Caller, id: string, reason: string): Promise<Reply<{ detection: Detection }>> {
    const { db, outbox, now } = this.#of;
    return db.transaction().execute(async (trx) => {
      const row = uuid.test(id) ? await trx.selectFrom('detection').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined;
      const code = row === undefined ? 'not-found' : row.state === 'open' ? null : 'not-pending';
      if (row === undefined || code !== null) {
        await outbox.emit(trx, 'operator.acted', { action: 'detection.dismiss', object: id.slice(0, 64), ok: false, code }, { who: personWho(by.person) });
        return row === undefined ? fail('not-found', 'there is no such detection: `sallyport detections list` has those that there are') : fail('not-pending', `it was dismissed already, by ${row.dismissed_by ?? 'somebody'}`);
      }
      const after = await trx.updateTable('detection').set({ state: 'dismissed', dismissed_by: by.person, dismissed_at: new Date(now()), reason }).where('no', '=', row.no).returningAll().executeTakeFirstOrThrow();
      await outbox.emit(trx, 'detect.dismissed', { detection: row.id, kind: row.kind, machine: row.machine === '' ? null : row.machine, reason }, { who: personWho(by.person) });
      return ok({ detection: shown(after) });
    });
  }

  /** Somebody without the role tried. Throws StoreError. */
  async refused(by: Caller, id: string): Promise<void> {
    const { db, outbox } = this.#of;
    await db.transaction().execute((trx) => outbox.emit(trx, 'operator.acted', { action: 'detection.dismiss', object: id.slice(0, 64), ok: false, code: 'denied' }, { who: personWho(by.person) }));
  }

  async #no(id: string): Promise<string | undefined> {
    if (!uuid.test(id)) return undefined;
    return (await this.#of.db.selectFrom('detection').select('no').where('id', '=', id).executeTakeFirst())?.no;
  }
}

function shown(row: Row): Detection {
  const { id, session, say, facts, dismissed_by: by, dismissed_at: at, reason } = row;
  return {
    id, kind: kindOf(row.kind), machine: row.machine === '' ? null : row.machine, session, say, facts, first: row.first_at.toISOString(), last: row.last_at.toISOString(), count: Number(row.count), state: row.state,
    dismissed: by === null || at === null || reason === null ? null : { by, at: at.toISOString(), reason },
  };
}

/** The table holds no others. */
function kindOf(kind: string): z.output<typeof detectionKind> {
  switch (kind) {
    case 'human_use':
    case 'shared_binding':
    case 'replay':
      return kind;
    default:
      return 'new_behaviour';
  }
}

const dayMs = 86_400_000;
/** A login or a session that ended is looked at for ten minutes; the rest is for leaves that come late. */
const endedMs = 2 * dayMs;
/** An open session without a sign of life: its end was lost. */
const lostMs = 40 * dayMs;
/** What a machine did not do for so long is new again. A year, so that what is done once a year is not. */
const forgottenDays = 400;
const atOnce = 10_000;

/** Rounds of one go; the next one takes up what is left. */
const mostRounds = 200;

/** Forgets what detections do not need any more, ten thousand rows at once. What was detected stays. Throws StoreError. */
export async function forget(db: Kysely<GovernanceDatabase>, now: number): Promise<void> {
  const today = Math.floor(now / dayMs);
  await untilNone(() => forgetSessions(db, now));
  await untilNone(() => forgetDone(db, today - forgottenDays));
  await sql`delete from detect_profile where last_day < ${today - forgottenDays} and first_at < ${new Date(now - forgottenDays * dayMs)}`.execute(db);
}

async function untilNone(round: () => Promise<number>): Promise<void> {
  for (let i = 0; i < mostRounds; i++) if ((await round()) < atOnce) return;
}

async function forgetSessions(db: Kysely<GovernanceDatabase>, now: number): Promise<number> {
  const ended = new Date(now - endedMs);
  const { rows } = await sql<{ n: number }>`
    with gone as (delete from detect_session where session in (select session from detect_session where seen_at < ${ended} and (until < ${ended} or seen_at < ${new Date(now - lostMs)}) limit ${atOnce}) returning session)
    select count(*)::int as n from gone`.execute(db);
  return rows[0]?.n ?? 0;
}

/** What machines did, and how much of it their profiles count. */
async function forgetDone(db: Kysely<GovernanceDatabase>, before: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with gone as (delete from detect_known where (machine, target, what) in (select machine, target, what from detect_known where last_day < ${before} limit ${atOnce}) returning machine, target, what),
      counted as (select machine, target, count(*) filter (where what like 'e%') as effects, count(*) filter (where what like 's%') as statements from gone group by machine, target),
      told as (update detect_profile p set effects = greatest(0, p.effects - c.effects), statements = greatest(0, p.statements - c.statements) from counted c where p.machine = c.machine and p.target = c.target)
    select count(*)::int as n from gone`.execute(db);
  return rows[0]?.n ?? 0;
}
