import type { Party } from '@sallyport/domain-model';
import { actsForMachine, actsForPerson, type MachineDocument } from '@sallyport/platform-config';
import { whyStopped } from './admit.ts';
import type { Inventory } from './inventory.ts';

/** Why a machine acts for nobody. The closed list. */
export type BehalfRefusal = 'behalf-self' | 'behalf-inactive' | 'behalf-not-allowed' | 'session-revoked';

/** Somebody by what they showed. */
export interface Shown {
  readonly party: Party;
  /** When a person had logged in, milliseconds since 1970; null where that is not known. */
  readonly since: number | null;
}

/** Another token helps where somebody has to log in again. */
export const answerOf = (code: BehalfRefusal): 'unauthenticated' | 'unauthorized' => (code === 'session-revoked' ? 'unauthenticated' : 'unauthorized');

/** Why a machine may not act for this party now, or null. Names no person. */
export function whyNotFor(machine: MachineDocument, { party, since }: Shown, inventory: Inventory): { readonly code: BehalfRefusal; readonly say: string } | null {
  const { name } = machine.metadata;
  if (party.kind === 'machine') {
    if (party.name === name) return { code: 'behalf-self', say: `machine ${name} cannot act on its own behalf: leave the actor token out` };
    const other = inventory.machines.get(party.name);
    const stopped = other === undefined ? { say: `machine ${party.name} is not in the inventory` } : whyStopped(other, inventory);
    if (stopped !== null) return { code: 'behalf-inactive', say: `on whose behalf machine ${name} would act: ${stopped.say}` };
    return actsForMachine(machine.spec, party.name) ? null : { code: 'behalf-not-allowed', say: `machine ${name} may not act for machine ${party.name}: its document does not name it in actsFor` };
  }
  const person = inventory.people.get(party.name);
  if (person === undefined || inventory.gone(party.name) !== null) return { code: 'behalf-inactive', say: `the person on whose behalf machine ${name} would act is not active` };
  if (inventory.loginEnded(party.name, since)) return { code: 'session-revoked', say: `the session of the person on whose behalf machine ${name} would act was revoked: they have to log in again, and it needs a token of that login` };
  return actsForPerson(machine.spec, person) ? null : { code: 'behalf-not-allowed', say: `machine ${name} may not act for this person: its document names neither them nor a group of theirs in actsFor` };
}
