import { sql, type Kysely, type Transaction } from 'kysely';
import { instant, uuidv7 } from '@sallyport/domain-model';
import { subjects, type Bus } from '@sallyport/platform-bus';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Registry } from '../store/registry.ts';
import type { GrantRow, Place } from './grants.ts';
import { planGrants, type Begun, type Ended } from './plan-grants.ts';
import { on } from './telling.ts';
import { allEntitlements, wantedBy, type Wanted } from './wanted.ts';

export interface GranterParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly registry: Registry;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Log;
  readonly now: () => number;
}

/** Rows of one statement. */
const batch = 2_000;
/** Places that sessions are looked for at one by one; where more changed, all leases are called stale. */
const maxPlaces = 500;

/**
 * Keeps standing grants in agreement with the inventory: after each of its revisions, looks at what that revision changed. The revision that the grants agree with is
 * written in the same transaction, so that nothing is left out when a process dies in between, and two processes do it once.
 */
export class Granter {
  readonly #parts: GranterParts;
  #agreed = -1;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: GranterParts) {
    this.#parts = parts;
  }

  /** Rejects with StoreError when it cannot be known whether they agree: then nobody may be let in by them. @returns the inventory that they agree with */
  follow(): Promise<Inventory> {
    const mine = this.#last.then(() => this.#follow());
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #follow(): Promise<Inventory> {
    const { db, registry, bus } = this.#parts;
    const inventory = await registry.follow();
    if (inventory.revision <= this.#agreed) return inventory;
    const ended = await db.transaction().execute((trx) => this.#agree(trx, inventory));
    this.#agreed = inventory.revision;
    if (ended.length > maxPlaces) bus.publish(subjects.leaseChanged, { machine: null, target: null, why: 'entitlements were changed' });
    else for (const { machine, target } of ended) bus.publish(subjects.leaseChanged, { machine, target, why: 'the entitlement was changed' });
    return inventory;
  }

  async #agree(trx: Transaction<IdentityDatabase>, inventory: Inventory): Promise<readonly Place[]> {
    const { revision } = await trx.selectFrom('entitlement_state').select('revision').forUpdate().executeTakeFirstOrThrow();
    if (Number(revision) >= inventory.revision) return [];
    const { documents, machines } = await changedSince(trx, Number(revision), inventory);
    const wanted = wantedBy(inventory, documents, machines);
    const rows = await rowsOf(trx, documents, machines, wanted);
    const { end, begin } = planGrants(wanted, rows, inventory, this.#parts.now());
    await this.#write(trx, end, begin, inventory);
    await trx.updateTable('entitlement_state').set({ revision: inventory.revision }).execute();
    return end.map(({ row }) => row);
  }

  async #write(trx: Transaction<IdentityDatabase>, end: readonly Ended[], begin: readonly Begun[], inventory: Inventory): Promise<void> {
    const { outbox, log, now } = this.#parts;
    const at = new Date(now()).toISOString();
    for (let i = 0; i < end.length; i += batch) {
      const some = end.slice(i, i + batch);
      await sql`update entitlement e set ended = ${at}::timestamptz, why = v.why, ended_say = v.say
        from unnest(${some.map(({ row }) => row.id)}::uuid[], ${some.map(({ why }) => why)}::text[], ${some.map(({ say }) => say)}::text[]) as v (id, why, say) where e.id = v.id and e.ended is null`.execute(trx);
      await outbox.emitAll(trx, some.map((one) => endTold(one, inventory)));
    }
    for (let i = 0; i < begin.length; i += batch) {
      const some = begin.slice(i, i + batch).map(({ wanted, until, limitedBy }) => ({
        id: uuidv7(now()), kind: 'standing' as const, machine: wanted.machine, target: wanted.target, role: wanted.role, document: wanted.document, document_version: wanted.version,
        request: null, approval: null, reason: wanted.of.spec.justification, starts: at, until: new Date(until).toISOString(), limited_by: limitedBy, uses: null,
      }));
      await trx.insertInto('entitlement').values(some.map((row) => ({ ...row, approved_by: [] }))).execute();
      await outbox.emitAll(trx, some.map((row): EventToTell => ({
        type: 'entitlement.granted',
        data: {
          entitlement: row.id, kind: 'standing', machine: row.machine, target: row.target, role: row.role, from: instant(Date.parse(row.starts)), until: instant(Date.parse(row.until)), uses: null,
          limited_by: row.limited_by, request: null, approval: null, approved_by: [], reason: row.reason,
        },
        on: on(row.target, inventory),
      })));
    }
    if (end.length + begin.length > 0) log.info('standing entitlements follow the inventory', { revision: inventory.revision, granted: begin.length, ended: end.length });
  }
}

function endTold({ row, why, say }: Ended, inventory: Inventory): EventToTell {
  const parties = { on: on(row.target, inventory) };
  if (why === 'time') return { type: 'entitlement.expired', data: { entitlement: row.id, machine: row.machine, target: row.target, why: 'time' }, ...parties };
  return { type: 'entitlement.revoked', data: { entitlement: row.id, machine: row.machine, target: row.target, why: why === 'superseded' ? `superseded: ${say}` : say, review: null }, ...parties };
}

/** Entitlement documents and machines whose grants may have to change. */
async function changedSince(trx: Transaction<IdentityDatabase>, revision: number, inventory: Inventory): Promise<{ readonly documents: ReadonlySet<string>; readonly machines: ReadonlySet<string> }> {
  const changed = await trx.selectFrom('document').select(['kind', 'name']).distinct().where('revision', '>', String(revision)).where('revision', '<=', String(inventory.revision)).where('kind', 'in', ['Entitlement', 'Machine', 'Person', 'Governance']).execute();
  const of = (kind: string) => changed.filter((one) => one.kind === kind).map(({ name }) => name);
  const people = new Set(of('Person'));
  const owned = people.size === 0 ? [] : [...inventory.machines.values()].filter(({ spec }) => people.has(spec.owner)).map(({ metadata }) => metadata.name);
  const everything = of('Governance').length > 0;
  return { documents: new Set([...of('Entitlement'), ...(everything ? allEntitlements(inventory) : [])]), machines: new Set([...of('Machine'), ...owned]) };
}

async function rowsOf(trx: Transaction<IdentityDatabase>, documents: ReadonlySet<string>, machines: ReadonlySet<string>, wanted: readonly Wanted[]): Promise<readonly GrantRow[]> {
  if (documents.size === 0 && machines.size === 0) return [];
  const live = await sql<GrantRow>`select * from entitlement where ended is null and kind = 'standing' and (document = any(${[...documents]}::text[]) or machine = any(${[...machines]}::text[])) for update`.execute(trx);
  const keys = [...new Map(wanted.map(({ document, version, machine }) => [`${document} ${machine}`, { document, version, machine }])).values()];
  const past = keys.length === 0 ? [] : (await sql<GrantRow>`
    select e.* from unnest(${keys.map(({ document }) => document)}::text[], ${keys.map(({ version }) => version)}::integer[], ${keys.map(({ machine }) => machine)}::text[]) as k (document, version, machine)
    join entitlement e on e.document = k.document and e.document_version = k.version and e.machine = k.machine where e.ended is not null`.execute(trx)).rows;
  return [...live.rows, ...past];
}
