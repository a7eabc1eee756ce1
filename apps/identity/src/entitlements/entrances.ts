import { sql, type Kysely, type Transaction } from 'kysely';
import { instant } from '@sallyport/domain-model';
import type { EntryAnswer, EntryRequest } from '@sallyport/platform-bus';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import { counter } from '@sallyport/platform-telemetry';
import { whyStopped } from '../model/admit.ts';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Granter } from './granter.ts';
import { choose, placeKey, placeText, samePlace, stateOf, type GrantRow, type Place } from './grants.ts';
import { machine, on } from './telling.ts';
import { machineEnd } from './until.ts';

const entries = counter('sallyport_identity_entries_total', 'Sessions that needed an entitlement, by what came of it', ['outcome']);

export interface EntrancesParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly granter: Granter;
  /** Takes connecting for asking, where a path says so. Null: it does not. */
  readonly askByConnecting: (place: Place, source: string) => Promise<{ readonly request: string; readonly say: string } | null>;
  readonly now: () => number;
}

interface Waiting {
  readonly entry: EntryRequest;
  readonly opening: boolean;
  resolve(answer: EntryAnswer): void;
  reject(error: unknown): void;
}

/** Entries of one transaction. */
const batch = 200;

/**
 * By which entitlement sessions may be there. A first use is counted in the transaction that lets the session in, with the rows locked: of twenty at once that want the last use, one has
 * it, in all processes together. What comes while a transaction runs is gathered for the next.
 */
export class Entrances {
  readonly #parts: EntrancesParts;
  readonly #waiting: Waiting[] = [];
  #running = false;

  constructor(parts: EntrancesParts) {
    this.#parts = parts;
  }

  /** Rejects when nothing can be said: nobody is let in then. The answers are in the order of the entries. */
  async enter(opening: boolean, asked: readonly EntryRequest[]): Promise<EntryAnswer[]> {
    if (opening) return Promise.all(asked.map((entry) => this.#counted(entry, true)));
    const inventory = await this.#parts.granter.follow();
    const known = await this.#inBy(asked, inventory);
    return Promise.all(asked.map((entry, i) => known[i] ?? this.#counted(entry, false)));
  }

  /** Most renewals: the session is there by something that is live. One query, nothing is written. */
  async #inBy(asked: readonly EntryRequest[], inventory: Inventory): Promise<readonly (EntryAnswer | null)[]> {
    const now = this.#parts.now();
    const { rows } = await sql<GrantRow & { session: string }>`
      select u.session, e.* from entitlement_use u join entitlement e on e.id = u.entitlement where u.session = any(${asked.map(({ session }) => session)}::text[]) and e.ended is null and e.until > ${new Date(now).toISOString()}::timestamptz`.execute(this.#parts.db);
    const bySession = new Map<string, GrantRow[]>();
    for (const row of rows) bySession.set(row.session, [...(bySession.get(row.session) ?? []), row]);
    return asked.map((entry) => {
      const mine = (bySession.get(entry.session) ?? []).filter((row) => samePlace(row, entry));
      const grant = choose(mine, new Set(mine.map(({ id }) => id)), false, now);
      return grant === null ? null : letIn(grant, entry, inventory, now);
    });
  }

  #counted(entry: EntryRequest, opening: boolean): Promise<EntryAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, opening, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#some(this.#waiting.splice(0, batch));
    this.#running = false;
  }

  async #some(some: readonly Waiting[]): Promise<void> {
    try {
      const inventory = await this.#parts.granter.follow();
      const answers = await this.#parts.db.transaction().execute((trx) => this.#decide(trx, some, inventory));
      // Outside of the transaction, and without the others waiting for it.
      for (const [i, one] of some.entries()) void this.#last(one, answers[i]).then(one.resolve, one.reject);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  async #decide(trx: Transaction<IdentityDatabase>, some: readonly Waiting[], inventory: Inventory): Promise<readonly EntryAnswer[]> {
    const now = this.#parts.now();
    const places = [...new Map(some.map(({ entry }) => [`${entry.machine} ${entry.target}`, entry])).values()];
    // In one order, so that two processes wait for each other and never both. Who has ended it meanwhile is seen, because the row is read again once it is locked.
    const { rows } = await sql<GrantRow>`
      select e.* from entitlement e where (e.machine, e.target) in (select * from unnest(${places.map(({ machine: name }) => name)}::text[], ${places.map(({ target }) => target)}::text[]))
      and e.ended is null and e.until > ${new Date(now).toISOString()}::timestamptz order by e.id for update of e`.execute(trx);
    const uses = rows.length === 0 ? [] : await trx.selectFrom('entitlement_use').select(['session', 'entitlement']).where('session', 'in', some.map(({ entry }) => entry.session)).execute();
    const usedBy = new Map<string, Set<string>>();
    for (const { session, entitlement } of uses) usedBy.set(session, (usedBy.get(session) ?? new Set()).add(entitlement));
    const grants = Map.groupBy(rows.map((row) => ({ ...row })), placeKey);
    const events: EventToTell[] = [];
    const added: { session: string; entitlement: string; at: string }[] = [];
    const counted = new Map<string, GrantRow>();
    const answers = some.map(({ entry, opening }): EntryAnswer => {
      const mine = usedBy.get(entry.session) ?? new Set<string>();
      const grant = choose(grants.get(placeKey(entry)) ?? [], mine, opening, now);
      if (grant === null) return { refused: 'not-entitled', say: '', request: null };
      const answer = letIn(grant, entry, inventory, now);
      if ('refused' in answer || mine.has(grant.id)) return answer;
      usedBy.set(entry.session, mine.add(grant.id));
      grant.used++;
      counted.set(grant.id, grant);
      added.push({ session: entry.session, entitlement: grant.id, at: new Date(now).toISOString() });
      events.push(...useTold(grant, entry, inventory));
      return answer;
    });
    if (added.length > 0) {
      await trx.insertInto('entitlement_use').values(added).execute();
      const changed = [...counted.values()];
      await sql`update entitlement e set used = v.used, last_used = ${new Date(now).toISOString()}::timestamptz
        from unnest(${changed.map(({ id }) => id)}::uuid[], ${changed.map(({ used }) => used)}::integer[]) as v (id, used) where e.id = v.id`.execute(trx);
      await this.#parts.outbox.emitAll(trx, events);
    }
    return answers;
  }

  /** The words of a no; where connecting counts as asking, people are asked. */
  async #last({ entry, opening }: Waiting, answer: EntryAnswer | undefined): Promise<EntryAnswer> {
    if (answer === undefined) throw new Error('an entry was not answered');
    if (!('refused' in answer) || answer.say !== '') {
      entries.inc({ outcome: 'refused' in answer ? answer.refused : answer.kind });
      return answer;
    }
    const asked = opening ? await this.#parts.askByConnecting(entry, entry.source) : null;
    entries.inc({ outcome: asked === null ? 'not-entitled' : 'access-requested' });
    if (asked !== null) return { refused: 'access-requested', say: asked.say, request: asked.request };
    return this.#no(entry);
  }

  async #no(entry: EntryRequest): Promise<EntryAnswer> {
    const last = await this.#parts.db.selectFrom('entitlement').selectAll().where('machine', '=', entry.machine).where('target', '=', entry.target).where((eb) => (entry.role === null ? eb('role', 'is', null) : eb('role', '=', entry.role)))
      .orderBy('id', 'desc').limit(1).executeTakeFirst();
    const what = `machine ${entry.machine} has no entitlement for ${placeText(entry)}`;
    if (last === undefined) return { refused: 'not-entitled', say: what, request: null };
    const state = stateOf(last, this.#parts.now());
    if (state === 'used-up') return { refused: 'ended', say: `${what}: the last one is used up (${last.used} of ${last.uses ?? last.used} sessions)`, request: null };
    const at = instant((last.ended ?? last.until).getTime()).slice(0, 19);
    return { refused: 'ended', say: `${what} any more: the last one ended at ${at}Z (${state})`, request: null };
  }
}

/** Never beyond what the machine itself lasts by today's documents. */
function letIn(grant: GrantRow, { machine: name, target, role }: EntryRequest, inventory: Inventory, now: number): EntryAnswer {
  const owned = inventory.machines.get(name);
  if (owned === undefined) return { refused: 'not-entitled', say: `machine ${name} is not in the inventory`, request: null };
  const stopped = whyStopped(owned, inventory);
  if (stopped !== null) return { refused: 'not-entitled', say: stopped.say, request: null };
  const { until, limitedBy } = machineEnd(owned, inventory, grant.until.getTime());
  if (!(until > now)) return { refused: 'ended', say: `the access of machine ${name} to ${placeText({ target, role })} ended: ${limitedBy ?? 'its time is over'}`, request: null };
  return { entitlement: grant.id, kind: grant.kind, until: instant(until), record: grant.kind === 'break-glass' };
}

function useTold({ id, machine: name, target, uses, used }: GrantRow, { session }: EntryRequest, inventory: Inventory): EventToTell[] {
  const left = uses === null ? null : uses - used;
  const parties = { who: machine(name, inventory), on: on(target, inventory) };
  const use: EventToTell = { type: 'entitlement.used', data: { entitlement: id, session, machine: name, left }, ...parties };
  return left === 0 ? [use, { type: 'entitlement.expired', data: { entitlement: id, machine: name, target, why: 'uses' }, ...parties }] : [use];
}
