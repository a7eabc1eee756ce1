import type { Inventory } from '../model/inventory.ts';
import type { ApplyProblem, PlannedChange } from '../model/plan-apply.ts';

/**
 * Documents that would undo what happened since they were written: a machine that was retired does not come back, and nobody is made to answer for a machine who left.
 * An old file that still names the former owner is refused here, with the name of who answers for the machine now.
 */
export function againstLife(inventory: Inventory, changes: readonly PlannedChange[]): readonly ApplyProblem[] {
  return changes.flatMap(({ kind, name, change, document }) => {
    if (document?.kind !== 'Machine' || change === 'unchanged') return [];
    const no = (code: string, say: string): ApplyProblem => ({ kind, name, code, say });
    const before = inventory.machines.get(name);
    const { spec } = document;
    if (isRetired(inventory, name) && spec.state !== 'retired') return [no('machine-retired', 'spec.state: the machine was retired, and that is final; give a new machine another name')];
    if (spec.state !== 'active') return [];
    return (['owner', 'backupOwner'] as const).flatMap((field) => {
      const left = inventory.people.get(spec[field])?.spec.active === true ? inventory.gone(spec[field]) : null;
      if (left === null) return [];
      const now = before === undefined || before.spec[field] === spec[field] ? 'name somebody who is here' : `it is ${before.spec[field]} now: correct the file`;
      return [no('owner-left', `spec.${field}: ${spec[field]} left on ${new Date(left.since).toISOString().slice(0, 10)} (${left.source}); ${now}`)];
    });
  });
}

export const isRetired = (inventory: Inventory, name: string): boolean => inventory.machines.get(name)?.spec.state === 'retired' || inventory.statusesOf(name).some(({ state }) => state === 'retired');
