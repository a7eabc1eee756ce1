import type { AccessPathDocument, EntitlementDocument, MachineDocument } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';
import type { Place } from './grants.ts';

/** One grant that a document wants: of one machine, in one role. */
export interface Wanted extends Place {
  readonly document: string;
  readonly version: number;
  readonly of: EntitlementDocument;
  readonly owned: MachineDocument;
}

/** What of an inventory is looked for by name. */
interface Index {
  readonly entitlements: ReadonlyMap<string, EntitlementDocument>;
  readonly byMachine: ReadonlyMap<string, readonly EntitlementDocument[]>;
  readonly byGroup: ReadonlyMap<string, readonly EntitlementDocument[]>;
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly paths: ReadonlyMap<string, readonly AccessPathDocument[]>;
}

const indexes = new WeakMap<Inventory, Index>();

function indexOf(inventory: Inventory): Index {
  const known = indexes.get(inventory);
  if (known !== undefined) return known;
  const [byMachine, byGroup, members, paths] = [new Map<string, EntitlementDocument[]>(), new Map<string, EntitlementDocument[]>(), new Map<string, string[]>(), new Map<string, AccessPathDocument[]>()];
  const entitlements = new Map<string, EntitlementDocument>();
  for (const document of inventory.documents) {
    if (document.kind === 'AccessPath') add(paths, document.spec.target, document);
    if (document.kind === 'Machine') for (const group of new Set(document.spec.groups)) add(members, group, document.metadata.name);
    if (document.kind !== 'Entitlement') continue;
    entitlements.set(document.metadata.name, document);
    for (const machine of new Set(document.spec.machines)) add(byMachine, machine, document);
    for (const group of new Set(document.spec.groups)) add(byGroup, group, document);
  }
  const made = { entitlements, byMachine, byGroup, members, paths };
  indexes.set(inventory, made);
  return made;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** The grants that these documents want, and all those that are wanted for these machines; each once. */
export function wantedBy(inventory: Inventory, documents: Iterable<string>, machines: Iterable<string>): readonly Wanted[] {
  const { entitlements, byMachine, byGroup, members } = indexOf(inventory);
  const wanted = new Map<string, Wanted>();
  const want = (of: EntitlementDocument, machine: string) => {
    const owned = inventory.machines.get(machine);
    if (owned === undefined || owned.spec.state === 'retired') return;
    const { name } = of.metadata;
    const version = inventory.standing('Entitlement', name)?.version ?? 0;
    for (const role of of.spec.roles.length === 0 ? [null] : of.spec.roles) wanted.set(`${name} ${machine} ${role ?? ''}`, { document: name, version, of, owned, machine, target: of.spec.target, role });
  };
  for (const name of documents) {
    const of = entitlements.get(name);
    if (of === undefined) continue;
    for (const machine of of.spec.machines) want(of, machine);
    for (const group of of.spec.groups) for (const machine of members.get(group) ?? []) want(of, machine);
  }
  for (const machine of machines) {
    for (const of of byMachine.get(machine) ?? []) want(of, machine);
    for (const group of inventory.machines.get(machine)?.spec.groups ?? []) for (const of of byGroup.get(group) ?? []) want(of, machine);
  }
  return [...wanted.values()];
}

export const allEntitlements = (inventory: Inventory): Iterable<string> => indexOf(inventory).entitlements.keys();

/** The paths by which a machine may ask for a place, in the order of their names. */
export function pathsTo(inventory: Inventory, { machine, target, role }: Place): readonly AccessPathDocument[] {
  const groups = inventory.machines.get(machine)?.spec.groups ?? [];
  return (indexOf(inventory).paths.get(target) ?? [])
    .filter(({ spec }) => (spec.machines.includes(machine) || spec.groups.some((group) => groups.includes(group))) && (role === null ? spec.roles.length === 0 : spec.roles.includes(role)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
