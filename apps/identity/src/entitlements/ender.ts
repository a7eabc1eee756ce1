import { sql, type Kysely, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, subjects, type Bus, type Caller, type Reply } from '@sallyport/platform-bus';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import { whyStopped } from '../model/admit.ts';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Granter } from './granter.ts';
import { stateOf, type GrantRow, type Place } from './grants.ts';
import { mayActFor } from './may.ts';
import { on } from './telling.ts';
import { machineEnd } from './until.ts';

export interface EnderParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly granter: Granter;
  readonly bus: Pick<Bus, 'publish'>;
  readonly now: () => number;
}

/** Rows of one transaction: others wait for the outbox meanwhile. */
const batch = 500;

/** Ends grants: by hand, by their time, and with their machine. Sessions hear of it at once; who does not hear it is refused at the next renewal of the lease. */
export class Ender {
  readonly #parts: EnderParts;

  constructor(parts: EnderParts) {
    this.#parts = parts;
  }

  /** @param by null for a service, which names a review */
  async revoke(by: Caller | null, id: string, why: string, review: string | null): Promise<Reply<GrantRow>> {
    const { db, outbox, granter, now } = this.#parts;
    const inventory = await granter.follow();
    const ended = await db.transaction().execute(async (trx): Promise<Reply<GrantRow>> => {
      const row = isUuid(id) ? await trx.selectFrom('entitlement').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined;
      if (row === undefined) return fail('not-found', `there is no entitlement ${id}`);
      if (by !== null && !mayActFor(by, row.machine, inventory)) return fail('denied', `ending the access of ${row.machine} needs the role operator or admin, or that the machine is yours`);
      const state = stateOf(row, now());
      if (state !== 'live' && state !== 'used-up') return fail('ended', `it has ended already (${state})`);
      const after = await trx.updateTable('entitlement').set({ ended: new Date(now()).toISOString(), why: 'revoked', ended_say: why }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
      await outbox.emitAll(trx, [{ type: 'entitlement.revoked', data: { entitlement: id, machine: row.machine, target: row.target, why, review }, who: by === null ? null : personWho(by.person), on: on(row.target, inventory) }]);
      return ok(after);
    });
    if (ended.ok) this.#tell([ended.value]);
    return ended;
  }

  /** Writes down what is over: by time, and what was given on request to machines that do not work any more. */
  async sweep(): Promise<void> {
    const inventory = await this.#parts.granter.follow();
    for (;;) {
      const places = await this.#parts.db.transaction().execute((trx) => this.#expire(trx, inventory));
      this.#tell(places);
      if (places.length < batch) break;
    }
    this.#tell(await this.#parts.db.transaction().execute((trx) => this.#withTheirMachines(trx, inventory)));
  }

  async #expire(trx: Transaction<IdentityDatabase>, inventory: Inventory): Promise<readonly GrantRow[]> {
    const at = new Date(this.#parts.now()).toISOString();
    const { rows } = await sql<GrantRow>`
      update entitlement set ended = until, why = 'time' where id = any (array(select id from entitlement where ended is null and until <= ${at}::timestamptz order by until limit ${batch} for update skip locked)) returning *`.execute(trx);
    // What was used up was told with its last use.
    const told = rows.filter(({ uses, used }) => uses === null || used < uses);
    await this.#parts.outbox.emitAll(trx, told.map((row) => expired(row, inventory)));
    return rows;
  }

  /** Access on request does not come back with its machine: it was given for what the machine was doing then. */
  async #withTheirMachines(trx: Transaction<IdentityDatabase>, inventory: Inventory): Promise<readonly GrantRow[]> {
    const now = this.#parts.now();
    const { rows } = await sql<GrantRow>`select * from entitlement where ended is null and kind <> 'standing' order by id for update skip locked`.execute(trx);
    const events: EventToTell[] = [];
    const over: GrantRow[] = [];
    for (const row of rows) {
      const machine = inventory.machines.get(row.machine);
      const stopped = machine === undefined ? 'the machine left the inventory' : (whyStopped(machine, inventory)?.say ?? null);
      const early = machine === undefined ? null : machineEnd(machine, inventory, row.until.getTime());
      if (stopped === null && (early === null || early.until > now)) continue;
      over.push(row);
      await trx.updateTable('entitlement').set({ ended: new Date(now).toISOString(), why: stopped === null ? 'time' : 'revoked', ended_say: stopped ?? early?.limitedBy ?? '' }).where('id', '=', row.id).execute();
      events.push(stopped === null ? expired(row, inventory) : { type: 'entitlement.revoked', data: { entitlement: row.id, machine: row.machine, target: row.target, why: stopped, review: null }, on: on(row.target, inventory) });
    }
    await this.#parts.outbox.emitAll(trx, events);
    return over;
  }

  #tell(places: readonly Place[]): void {
    for (const { machine, target } of places) this.#parts.bus.publish(subjects.leaseChanged, { machine, target, why: 'the entitlement ended' });
  }
}

const expired = (row: GrantRow, inventory: Inventory): EventToTell => ({ type: 'entitlement.expired', data: { entitlement: row.id, machine: row.machine, target: row.target, why: 'time' }, on: on(row.target, inventory) });

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
