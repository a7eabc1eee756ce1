import type { Inventory } from './inventory.ts';
import type { PlannedChange } from './plan-apply.ts';

export interface Consequences {
  /** Machines that stop working by this change, with the reason. */
  readonly suspended: readonly { readonly machine: string; readonly why: string }[];
  /** Scopes whose leases are stale from now on. */
  readonly stale: readonly { readonly machine: string | null; readonly target: string | null; readonly why: string }[];
}

/** What follows from a change for machines that work now. */
export function consequences(before: Inventory, after: Inventory, changes: readonly PlannedChange[]): Consequences {
  const suspended: { machine: string; why: string }[] = [];
  const stale = new Map<string, { machine: string | null; target: string | null; why: string }>();
  for (const { kind, name, change } of changes) {
    if (change === 'unchanged' || change === 'created') continue;
    if (kind === 'Machine') stale.set(`machine ${name}`, { machine: name, target: null, why: `the machine was ${change}` });
    if (kind === 'Target') stale.set(`target ${name}`, { machine: null, target: name, why: `the target was ${change}` });
    if (kind === 'Issuer') for (const { machine } of before.candidates.get(name) ?? []) stale.set(`machine ${machine}`, { machine, target: null, why: `issuer ${name} was ${change}` });
  }
  for (const [name, machine] of before.machines) {
    if (machine.spec.state !== 'active' || before.ownerGone(machine)) continue;
    const why = stopped(after, name);
    if (why === null) continue;
    suspended.push({ machine: name, why });
    stale.set(`machine ${name}`, { machine: name, target: null, why });
  }
  return { suspended, stale: [...stale.values()] };
}

function stopped(after: Inventory, name: string): string | null {
  const machine = after.machines.get(name);
  if (machine === undefined) return 'the machine was removed from the inventory';
  if (machine.spec.state !== 'active') return `its state was set to ${machine.spec.state}`;
  return after.ownerGone(machine) ? `its owner ${machine.spec.owner} is no longer active` : null;
}
