import type { Kysely } from 'kysely';
import { instant } from '@sallyport/domain-model';
import { fail, ok, type Reply, type ShownMachine, type ShownPerson, type ShownTransfer } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Registry } from '../store/registry.ts';
import { lastUses } from '../uses/last-uses.ts';
import { shownMachine, shownPerson, shownTransfer } from './shown.ts';
import type { State } from './state.ts';
import { openTransfersOf, transfersOf } from './transfers.ts';

/** Of each kind of history, the newest so many. */
const most = 500;

export interface ListsParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly registry: Registry;
  readonly log: Log;
}

interface Page {
  readonly after: string | null;
  readonly limit: number;
}

export interface MachinesAsked extends Page {
  readonly state: State | null;
  readonly owner: string | null;
  readonly criticality: string | null;
}

export interface MachineShown {
  machine: ShownMachine | null;
  versions: { version: number; change: string; digest: string; author: string; at: string }[];
  statuses: { at: string; cause: string; state: string; why: string; since: string; until: string | null; person: string | null; by: string }[];
  transfers: ShownTransfer[];
}

/** What people look at. Counted in memory, where the whole inventory is; the database is asked for the page alone. */
export class Lists {
  readonly #parts: ListsParts;

  constructor(parts: ListsParts) {
    this.#parts = parts;
  }

  machines({ state, owner, criticality, ...page }: MachinesAsked): Promise<Reply<{ machines: ShownMachine[]; total: number; next: string | null }>> {
    return this.#look(async (inventory) => {
      const fitting = [...inventory.machines.values()].filter(({ metadata, spec }) => (state === null || inventory.stateOf(metadata.name) === state) && (owner === null || spec.owner === owner) && (criticality === null || spec.criticality === criticality));
      const { of, next } = paged(fitting, page);
      const names = of.map(({ metadata }) => metadata.name);
      const [transfers, uses] = await Promise.all([openTransfersOf(this.#parts.db, names), lastUses(this.#parts.db, names)]);
      return ok({ machines: of.map((machine) => shownMachine(inventory, machine, transfers.get(machine.metadata.name) ?? null, uses.get(machine.metadata.name) ?? null)), total: fitting.length, next });
    });
  }

  machine(name: string): Promise<Reply<MachineShown>> {
    return this.#look(async (inventory) => {
      const { db } = this.#parts;
      if (inventory.standing('Machine', name) === undefined) return fail('not-found', `there is no machine ${name} in the inventory, and never was`);
      const versions = await db.selectFrom('document').select(['version', 'change', 'digest', 'author', 'created']).where('kind', '=', 'Machine').where('name', '=', name).orderBy('version', 'desc').limit(most).execute();
      const statuses = await db.selectFrom('machine_status').selectAll().where('machine', '=', name).orderBy('id', 'desc').limit(most).execute();
      const transfers = await transfersOf(db, name, most);
      const machine = inventory.machines.get(name);
      return ok({
        machine: machine === undefined ? null : shownMachine(inventory, machine, transfers.find(({ state }) => state === 'requested' || state === 'accepted') ?? null, (await lastUses(db, [name])).get(name) ?? null),
        versions: versions.map(({ created, ...version }) => ({ ...version, at: at(created) })),
        statuses: statuses.map(({ recorded, cause, state, why, since, until, person, set_by }) => ({ at: at(recorded), cause, state, why, since: at(since), until: until === null ? null : at(until), person, by: set_by })),
        transfers: transfers.map(shownTransfer),
      });
    });
  }

  people({ gone, ...page }: Page & { readonly gone: boolean | null }): Promise<Reply<{ people: ShownPerson[]; total: number; next: string | null }>> {
    return this.#look((inventory) => {
      const fitting = [...inventory.people.values()].filter(({ metadata }) => gone === null || (inventory.gone(metadata.name) !== null) === gone);
      const { of, next } = paged(fitting, page);
      const counted = new Map(of.map(({ metadata }) => [metadata.name, 0]));
      for (const { metadata, spec } of inventory.machines.values()) {
        const count = counted.get(spec.owner);
        if (count !== undefined && inventory.stateOf(metadata.name) !== 'retired') counted.set(spec.owner, count + 1);
      }
      return Promise.resolve(ok({ people: of.map((person) => shownPerson(inventory, person, counted.get(person.metadata.name) ?? 0)), total: fitting.length, next }));
    });
  }

  async #look<T>(at: (inventory: Inventory) => Promise<Reply<T>>): Promise<Reply<T>> {
    try {
      return await at(await this.#parts.registry.follow());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#parts.log.error('the inventory cannot be read', { error });
      return fail('unavailable', 'the inventory cannot be read now; try again');
    }
  }
}

const at = (date: Date): string => instant(date.getTime());

/** In the order of names, from behind `after`. */
function paged<T extends { readonly metadata: { readonly name: string } }>(all: readonly T[], { after, limit }: Page): { readonly of: readonly T[]; readonly next: string | null } {
  const sorted = all.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).filter(({ metadata }) => after === null || metadata.name > after);
  const of = sorted.slice(0, limit);
  return { of, next: sorted.length > limit ? (of.at(-1)?.metadata.name ?? null) : null };
}
