import type { MachineDocument } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';
import { planned, type PlannedChange } from '../model/plan-apply.ts';

/** A machine's document with a few members written anew: its next version, or the one that stands where nothing differs. */
export function edited(inventory: Inventory, machine: MachineDocument, spec: Partial<Pick<MachineDocument['spec'], 'owner' | 'backupOwner' | 'state'>>): PlannedChange {
  return planned(inventory, { ...machine, spec: { ...machine.spec, ...spec } });
}
