import { works, type State } from '../lifecycle/state.ts';
import type { Inventory } from './inventory.ts';
import type { PlannedChange } from './plan-apply.ts';

/** A machine stands otherwise than before. `removed`: it is not in the inventory any more. */
export interface Moved {
  readonly machine: string;
  readonly from: State;
  readonly to: State | 'removed';
  readonly why: string;
  /** Milliseconds since 1970: when attention becomes a suspension. */
  readonly until: number | null;
}

export interface Consequences {
  readonly moved: readonly Moved[];
  /** Those of them that worked and do not work any more. */
  readonly suspended: readonly { readonly machine: string; readonly why: string }[];
  /** Scopes whose leases are stale from now on. */
  readonly stale: readonly { readonly machine: string | null; readonly target: string | null; readonly why: string }[];
}

/** What follows from a change for machines that are there now. */
export function consequences(before: Inventory, after: Inventory, changes: readonly PlannedChange[]): Consequences {
  const stale = new Map<string, { machine: string | null; target: string | null; why: string }>();
  for (const { kind, name, change } of changes) {
    if (change === 'unchanged' || change === 'created') continue;
    if (kind === 'Machine') stale.set(`machine ${name}`, { machine: name, target: null, why: `the machine was ${change}` });
    if (kind === 'Target') stale.set(`target ${name}`, { machine: null, target: name, why: `the target was ${change}` });
    if (kind === 'Issuer') for (const { machine } of before.candidates.get(name) ?? []) stale.set(`machine ${machine}`, { machine, target: null, why: `issuer ${name} was ${change}` });
  }
  const moved = [...before.machines.keys()].flatMap((name) => move(before, after, name) ?? []);
  for (const { machine, why } of moved) stale.set(`machine ${machine}`, { machine, target: null, why });
  const suspended = moved.filter(({ from, to }) => works(from) && (to === 'removed' || !works(to))).map(({ machine, why }) => ({ machine, why }));
  return { moved, suspended, stale: [...stale.values()] };
}

function move(before: Inventory, after: Inventory, machine: string): Moved | null {
  const from = before.stateOf(machine);
  const document = after.machines.get(machine);
  if (document === undefined) return { machine, from, to: 'removed', why: 'the machine was removed from the inventory', until: null };
  const to = after.stateOf(machine);
  if (from === to) return null;
  return { machine, from, to, ...reason(before, after, machine, to) };
}

function reason(before: Inventory, after: Inventory, machine: string, to: State): Pick<Moved, 'why' | 'until'> {
  const document = after.machines.get(machine);
  const decisive = after.decisive(machine);
  if (document !== undefined && document.spec.state === to && before.machines.get(machine)?.spec.state !== to) return { why: `its state was set to ${to}`, until: null };
  if (decisive !== null) return { why: decisive.why, until: decisive.until };
  if (document !== undefined && after.ownerGone(document)) return { why: `its owner ${document.spec.owner} is no longer active`, until: null };
  return { why: 'what held it back is over', until: null };
}
