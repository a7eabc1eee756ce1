import type { Caller } from '@sallyport/platform-bus';
import type { Inventory } from '../model/inventory.ts';

/** Whether somebody may ask for access of a machine, or end it: operators, administrators, and those who answer for it. */
export function mayActFor({ person, roles }: Caller, machine: string, inventory: Inventory): boolean {
  if (roles.includes('admin') || roles.includes('operator')) return true;
  const spec = inventory.machines.get(machine)?.spec;
  return spec !== undefined && (spec.owner === person || spec.backupOwner === person);
}
