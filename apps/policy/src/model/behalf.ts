import type { Party } from '@sallyport/domain-model';
import type { PartyFacts } from '@sallyport/engine-policy';
import { actsForMachine, actsForPerson, type ShownMachineDocument } from '@sallyport/platform-config';
import { machineFacts, personFacts, type Inventory } from './inventory.ts';

export type Behalf = { readonly ok: true; readonly facts: PartyFacts } | { readonly ok: false; readonly say: string };

/**
 * What is to be known of whom a machine acts for, if that party is here and active, and the machine's document lets it act for them: looked at for each lease, so that who leaves, or leaves a group,
 * ends what is done for them. A person is not named in a refusal: it goes into evidence.
 */
export function behalfOf(machine: ShownMachineDocument, party: Party, inventory: Inventory): Behalf {
  const name = machine.metadata.name;
  if (party.kind === 'machine') {
    const other = inventory.machine(party.name);
    if (other === null || party.name === name || (other.spec.state !== 'active' && other.spec.state !== 'attention')) return no(`machine ${party.name}, for which machine ${name} acts, is not active (behalf-inactive)`);
    return actsForMachine(machine.spec, party.name) ? { ok: true, facts: { is: 'machine', facts: machineFacts(other) } } : no(`machine ${name} may not act for machine ${party.name} (behalf-not-allowed)`);
  }
  const person = inventory.person(party.name);
  if (person?.spec.active !== true) return no(`the person for whom machine ${name} acts is not active (behalf-inactive)`);
  return actsForPerson(machine.spec, person) ? { ok: true, facts: { is: 'person', facts: personFacts(person) } } : no(`machine ${name} may not act for this person (behalf-not-allowed)`);
}

const no = (say: string) => ({ ok: false as const, say });
