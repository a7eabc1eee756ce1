import type { MachineDocument, PersonDocument, ShownMachineDocument } from './kinds/identity.ts';

type Spec = MachineDocument['spec'] | ShownMachineDocument['spec'];

/** Whether a machine's document lets it act for this person, by name or by one of the person's groups. Says nothing of either being active. */
export function actsForPerson({ actsFor }: Spec, { metadata, spec }: PersonDocument): boolean {
  if (actsFor === undefined) return false;
  return actsFor.people.includes(metadata.name) || (spec.groups ?? []).some((group) => actsFor.groups.includes(group));
}

/** Whether it lets it act for that other machine. */
export const actsForMachine = ({ actsFor }: Spec, other: string): boolean => actsFor?.machines.includes(other) === true;
