import { instant } from '@sallyport/domain-model';
import type { MachineFacts } from '@sallyport/platform-bus';
import { parseDocument, pathText, type MachineDocument, type TrustBinding } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';

/** Why nothing can be drafted; the sentence says what to do. */
export interface Undraftable {
  readonly ok: false;
  readonly code: string;
  readonly say: string;
}
export type Drafted = { readonly ok: true; readonly document: MachineDocument } | Undraftable;

export interface DraftParts {
  readonly name: string;
  readonly description?: string;
  /** `owner` and `backupOwner` are names of Persons. */
  readonly facts: MachineFacts;
  readonly bindings: readonly (Omit<TrustBinding, 'justification' | 'replay'> & { readonly justification?: string })[];
}

/** A Machine that does not work yet: whatever is adopted or imported, a person activates it. */
export function draftMachine({ name, description, facts, bindings }: DraftParts): Drafted {
  const { vendor, vendorContractEnd, team, businessService, ...rest } = facts;
  const parsed = parseDocument({
    apiVersion: 'sallyport/v1', kind: 'Machine', metadata: { name, ...(description === undefined ? {} : { description: description.slice(0, 500) }) },
    spec: {
      ...rest, ...(team === null ? {} : { team }), ...(businessService === null ? {} : { businessService }),
      ...(vendor === null ? {} : { vendor: { name: vendor, ...(vendorContractEnd === null ? {} : { contractEnd: vendorContractEnd }) } }),
      state: 'draft', bindings,
    },
  });
  if (!parsed.ok) return { ok: false, code: 'document', say: parsed.problems.map(({ path, say }) => `${pathText(path)}: ${say}`).join('; ').slice(0, 1000) };
  return parsed.document.kind === 'Machine' ? { ok: true, document: parsed.document } : { ok: false, code: 'document', say: 'that is no machine' };
}

export type Found = { readonly person: string } | Undraftable;

/** Whom a directory or a file means: the Person of this name, else the one who has it among the `directoryIds`. Compared exactly. */
export class Owners {
  readonly #inventory: Inventory;
  readonly #byId = new Map<string, string[]>();

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    for (const { metadata, spec } of inventory.people.values()) for (const id of spec.directoryIds ?? []) this.#byId.set(id, [...(this.#byId.get(id) ?? []), metadata.name]);
  }

  find(who: string): Found {
    const people = this.#inventory.people.has(who) ? [who] : (this.#byId.get(who) ?? []);
    const [person, other] = people;
    if (person === undefined) return no('owner-unknown', `there is no Person "${who}", nor one with that among the directoryIds`);
    if (other !== undefined) return no('owner-ambiguous', `${people.join(' and ')} both have "${who}" among the directoryIds`);
    const gone = this.#inventory.gone(person);
    return gone === null ? { person } : no('owner-inactive', `${person} is not active${gone.since > 0 ? ` since ${instant(gone.since).slice(0, 10)}` : ''}`);
  }
}

export const no = (code: string, say: string): Undraftable => ({ ok: false, code, say });
