import type { PolicySet } from '@sallyport/engine-policy';
import type { Caller } from '@sallyport/platform-bus';
import type { Inventory } from '../inventory/inventory.ts';
import { ReviewError } from './errors.ts';

/** What somebody is to decide about, as far as it says who may not. `requester`: `person:rita`, `machine:nightly`, or null where nobody is known. */
export interface Matter {
  readonly owner: string;
  readonly requester: string | null;
  readonly target: string | null;
}

/**
 * Who may decide: active people with the role approver, and those of the groups that approve what machines do on this target, as the rules in force name them. Never whoever asked for the access, and never
 * the machine's owner: of those, nobody says alone that it is right.
 */
export class Reviewers {
  readonly #inventory: Inventory;
  readonly #byTarget = new Map<string | null, ReadonlySet<string>>();
  readonly #set: PolicySet;

  constructor(inventory: Inventory, set: PolicySet) {
    this.#inventory = inventory;
    this.#set = set;
  }

  /** In the order of names. */
  of({ owner, requester, target }: Matter): readonly string[] {
    return [...this.#anybody(target)].filter((person) => person !== owner && `person:${person}` !== requester).sort();
  }

  /** Throws ReviewError. */
  demand(by: Caller, matter: Matter): void {
    if (!this.#anybody(matter.target).has(by.person)) throw new ReviewError('denied', 'reviewing this needs the role approver, or a group that approves what machines do on this target');
    if (by.person === matter.owner) throw new ReviewError('self-review', `${by.person} owns this machine: somebody else has to review it`);
    if (`person:${by.person}` === matter.requester) throw new ReviewError('self-review', `${by.person} asked for this access: somebody else has to review it`);
  }

  #anybody(target: string | null): ReadonlySet<string> {
    const known = this.#byTarget.get(target);
    if (known !== undefined) return known;
    const groups = new Set(target === null ? [] : this.#set.rules.filter(({ scope }) => scope.resource !== null && (scope.resource.id === target || scope.resource.id.startsWith(`${target}/`))).flatMap(({ notes }) => notes.approvers));
    const people = [...this.#inventory.people].filter(([name, { active, roles }]) => active && (roles.includes('approver') || [...groups].some((group) => this.#inventory.approvers.get(group)?.includes(name) === true))).map(([name]) => name);
    const made = new Set(people);
    this.#byTarget.set(target, made);
    return made;
  }
}
