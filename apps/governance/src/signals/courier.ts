import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { instant } from '@sallyport/domain-model';
import { identitySignal, type Bus } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import { counter, gauge, type Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import type { SignalsDatabase } from './database.ts';
import { idHash } from './id-hash.ts';
import { queue } from './leave.ts';
import type { People } from './people.ts';

export interface CourierParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly bus: Pick<Bus, 'call'>;
  readonly people: People;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds between looks for what another process has left. */
  readonly everyMs?: number;
}

type Row = Selectable<SignalsDatabase['signal']>;
type Trx = Transaction<GovernanceDatabase>;

/** One process tells at a time, so that words come in their order. Any number that nobody else uses. */
const turn = 0x5347_4e4c;
const withinMs = 5_000;
const longestPauseMs = 10_000;
/** What identity cannot understand is tried again now and then: a newer one may. */
const longestRefusedMs = 600_000;

const told = counter('sallyport_governance_signals_told_total', 'Signals that identity has answered', []);
const failed = counter('sallyport_governance_signals_failed_total', 'Signals that identity could not be told, and that will be tried again', []);

/** Tells identity what was left for it, in order, until identity has answered: at least once, over restarts and over identity's absence. Identity takes the same word twice. */
export class Courier {
  readonly #of: CourierParts;
  #stop: () => Promise<void> = () => Promise.resolve();
  #working: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #waiting = 0;
  #reconciled = -1;

  constructor(of: CourierParts) {
    this.#of = of;
    gauge('sallyport_governance_signals_waiting', 'Signals that identity was not told yet', [], () => this.#waiting);
  }

  start(): void {
    this.#stop = every({ ms: this.#of.everyMs ?? 500, what: 'telling identity who came and went', log: this.#of.log, first: 'now' }, async () => {
      await this.#reconcile();
      await this.hurry();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#stop();
    await this.#working;
  }

  /** Tells what is due now. Whoever has just left a word calls it, after the commit, and need not wait. */
  hurry(): Promise<void> {
    if (this.#working !== null) {
      this.#again = true;
      return this.#working;
    }
    const work = this.#all()
      .catch((error: unknown) => this.#of.log.warn('identity could not be told who came and went; it will be tried again', { error }))
      .finally(() => {
        this.#working = null;
        if (this.#again && !this.#stopped) void this.hurry();
      });
    this.#working = work;
    return work;
  }

  async #all(): Promise<void> {
    this.#again = false;
    while (!this.#stopped && (await this.#of.db.transaction().execute((trx) => this.#one(trx)))) told.inc();
    const { waiting } = await this.#of.db.selectFrom('signal').select(({ fn }) => fn.countAll<string>().as('waiting')).where('told_at', 'is', null).executeTakeFirstOrThrow();
    this.#waiting = Number(waiting);
  }

  /** @returns whether there may be more to tell at once */
  async #one(trx: Trx): Promise<boolean> {
    const { rows: [lock] } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${turn}) as mine`.execute(trx);
    if (lock?.mine !== true) return false;
    const row = await this.#next(trx);
    if (row === undefined) return false;
    const { people } = this.#of;
    const matched = people.match(row.ids);
    if (row.kind === 'returned' && (await this.#stillGone(trx, row.source, matched))) {
      await this.#done(trx, row, { person: matched[0] ?? null, outcome: 'another directory still says that this person is gone', suspended: 0, attention: 0 });
      return true;
    }
    // Nobody of the inventory has any of the ids: identity records that it was told of a stranger.
    const names = matched.length > 0 ? matched : row.ids.slice(0, 1);
    const outcome = { person: null as string | null, suspended: 0, attention: 0, outcome: 'nobody of the inventory is meant' };
    for (const name of names) {
      const reply = await this.#of.bus.call(identitySignal, { source: row.source, kind: row.kind, person: name, at: instant(row.happened_at.getTime()), ref: row.ref, reason: row.reason }, withinMs);
      if (!reply.ok) return this.#later(trx, row, reply.error.code);
      if (reply.value.person === null) continue;
      outcome.person = reply.value.person;
      outcome.suspended += reply.value.suspended.length;
      outcome.attention += reply.value.attention.length;
      outcome.outcome = reply.value.changed ? 'changed' : 'known already';
    }
    await this.#done(trx, row, outcome);
    return true;
  }

  /** The oldest word that is due and that no earlier word about the same person waits before. */
  #next(trx: Trx): Promise<Row | undefined> {
    return trx
      .selectFrom('signal as s')
      .selectAll('s')
      .where('s.told_at', 'is', null)
      .where('s.due_at', '<=', new Date(this.#of.now()))
      .where(({ not, exists, selectFrom }) => not(exists(selectFrom('signal as e').select('e.no').whereRef('e.subject', '=', 's.subject').where('e.told_at', 'is', null).whereRef('e.no', '<', 's.no'))))
      .orderBy('s.no')
      .limit(1)
      .executeTakeFirst();
  }

  async #later(trx: Trx, { no, attempts }: Row, code: string): Promise<boolean> {
    failed.inc();
    const away = code === 'unavailable' || code === 'internal';
    const pause = away ? Math.min(250 * 2 ** Math.min(attempts, 10), longestPauseMs) : Math.min(1000 * 2 ** Math.min(attempts, 20), longestRefusedMs);
    await trx.updateTable('signal').set({ attempts: attempts + 1, due_at: new Date(this.#of.now() + pause), outcome: away ? 'identity does not answer' : `identity refuses it: ${code}` }).where('no', '=', no).execute();
    // Where identity is away, the next one would only wait too.
    return !away;
  }

  async #done(trx: Trx, row: Row, { person, outcome, suspended, attention }: Pick<Row, 'person' | 'outcome' | 'suspended' | 'attention'>): Promise<void> {
    await trx.updateTable('signal').set({ told_at: new Date(this.#of.now()), ids: [], person, outcome, suspended, attention }).where('no', '=', row.no).execute();
    if (person !== null && row.kind === 'left') await trx.updateTable('departure').set({ person }).where('origin', '=', row.origin).where('id_hash', 'in', row.ids.map(idHash)).execute();
  }

  /** Identity has one word of each source: a person whom one directory has back and another has not stays gone by the source of both. */
  async #stillGone(trx: Trx, source: Row['source'], names: readonly string[]): Promise<boolean> {
    const hashes = names.flatMap((name) => this.#of.people.idsOf(name)).map(idHash);
    if (hashes.length === 0) return false;
    const found = await trx.selectFrom('departure').select('origin').where('id_hash', 'in', hashes).where(sql<string>`split_part(origin, ':', 1)`, '=', source).limit(1).executeTakeFirst();
    return found !== undefined;
  }

  /** Somebody comes into the inventory of whom a source had said before that they are gone: identity is told now. */
  async #reconcile(): Promise<void> {
    const { db, people, now } = this.#of;
    const { revision } = people;
    if (revision === this.#reconciled) return;
    // In one look: a word that still waits finds its person itself.
    const waits = sql<boolean>`exists (select 1 from signal s where s.told_at is null and s.kind = 'left' and s.origin = departure.origin and exists (select 1 from unnest(s.ids) as i where sha256(convert_to(i, 'UTF8')) = departure.id_hash))`;
    const rows = await db.selectFrom('departure').selectAll().select(waits.as('waits')).where('person', 'is', null).execute();
    for (const { origin, id_hash, left_at, waits: later } of rows) {
      if (later) continue;
      for (const person of people.byHash(id_hash)) {
        const word = { source: sourceOf(origin), origin, kind: 'left', ids: [person], at: left_at, ref: null, reason: `${origin} had said so before this person was in the inventory` } as const;
        await db.transaction().execute(async (trx) => {
          await queue(trx, word, now(), `${origin}/${id_hash.toString('hex')}/${person}/${left_at.toISOString()}`);
          await trx.updateTable('departure').set({ person }).where('origin', '=', origin).where('id_hash', '=', id_hash).execute();
        });
      }
    }
    if (!rows.some(({ waits: later }) => later)) this.#reconciled = revision;
  }
}

const sourceOf = (origin: string): Row['source'] => (origin === 'hr' ? 'hr' : origin.startsWith('ssf:') ? 'ssf' : 'scim');
