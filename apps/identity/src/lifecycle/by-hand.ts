import { personWho } from '@sallyport/domain-events';
import type { Caller, Reply } from '@sallyport/platform-bus';
import type { MachineDocument } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';
import { isRetired } from './against-life.ts';
import { acting, demand, RefusedAct, type ActingParts } from './acting.ts';
import type { Amendments } from './amendments.ts';
import { edited } from './edit.ts';
import type { State } from './state.ts';
import type { NewStatus } from './status.ts';

export interface ByHandParts extends ActingParts {
  readonly amendments: Amendments;
}

export interface Stopped {
  machine: string;
  state: State;
  changed: boolean;
}

/** What people do to machines alone: to stop one, for now or for ever. Nobody alone makes one work again. */
export class ByHand {
  readonly #parts: ByHandParts;

  constructor(parts: ByHandParts) {
    this.#parts = parts;
  }

  /** @param by null where a review that nobody decided, or that was decided so, ends what policy alone gives */
  suspend(by: Caller | null, name: string, reason: string): Promise<Reply<Stopped>> {
    return acting(this.#parts, by, 'machine.suspend', name, () => {
      if (by !== null) demand(by, ['admin', 'operator'], 'to suspend a machine');
      return this.#stop(by, name, (before, machine, now) => {
        if (isRetired(before, name)) throw new RefusedAct('machine-retired', `machine ${name} is retired`);
        if (before.statusesOf(name).some(({ cause, state }) => cause === 'operator' && state === 'suspended')) return null;
        return { documents: [], statuses: [{ machine: machine.metadata.name, cause: 'operator', state: 'suspended', why: reason, since: now, until: null, person: null, setBy: by === null ? 'service:governance' : `person:${by.person}` }] };
      });
    });
  }

  retire(by: Caller, name: string, reason: string): Promise<Reply<Stopped>> {
    return acting(this.#parts, by, 'machine.retire', name, () => {
      demand(by, ['admin'], 'to retire a machine');
      return this.#stop(by, name, (before, machine, now) => {
        if (isRetired(before, name)) return null;
        const status: NewStatus = { machine: name, cause: 'operator', state: 'retired', why: reason, since: now, until: null, person: null, setBy: `person:${by.person}` };
        return { documents: [edited(before, machine, { state: 'retired' })], statuses: [status] };
      });
    });
  }

  #stop(by: Caller | null, name: string, what: (before: Inventory, machine: MachineDocument, now: number) => { readonly documents: readonly ReturnType<typeof edited>[]; readonly statuses: readonly NewStatus[] } | null): Promise<Stopped> {
    return this.#parts.amendments.make<Stopped>({
      who: by === null ? null : personWho(by.person), author: by?.person ?? 'governance', source: 'hand',
      decide: ({ before, now }) => {
        const machine = machineNamed(before, name);
        const change = what(before, machine, now);
        return Promise.resolve({
          first: [], last: [], amendment: change === null ? null : { by: 'hand', words: [], ...change },
          answer: (settled) => ({ machine: name, state: (settled?.after ?? before).stateOf(name), changed: settled !== null }),
        });
      },
    });
  }
}

/** Throws RefusedAct where there is none. */
export function machineNamed(inventory: Inventory, name: string): MachineDocument {
  const machine = inventory.machines.get(name);
  if (machine === undefined) throw new RefusedAct('not-found', `there is no machine ${name} in the inventory`);
  return machine;
}
