import type { FoundIdentity, ImportDefaults, MachineFacts } from '@sallyport/platform-bus';
import type { MachineDocument, TrustBinding } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';
import { planApply } from '../model/plan-apply.ts';
import { draftMachine, no, Owners, type Found, type Undraftable } from './draft.ts';
import { machineName, machineNameOf } from './machine-name.ts';
import { Neighbours } from './neighbours.ts';

/** One identity that was found, and what becomes of it. */
export type Imported =
  | { readonly kind: 'draft'; readonly found: FoundIdentity; readonly document: MachineDocument }
  | { readonly kind: 'known'; readonly found: FoundIdentity; readonly machine: string }
  | ({ readonly kind: 'refused'; readonly found: FoundIdentity } & Omit<Undraftable, 'ok'>);

export interface ImportPlan {
  readonly imported: readonly Imported[];
  readonly warnings: readonly string[];
}

export interface ImportRequest {
  readonly source: string;
  readonly found: readonly FoundIdentity[];
  readonly defaults: ImportDefaults;
  /** Machines of earlier imports from this source, by stable id. */
  readonly origins: ReadonlyMap<string, string>;
  /** `2026-11-22`, UTC. */
  readonly today: string;
}

/** What an import would do. Who is known stays as it is; what cannot be drafted is refused by itself and hinders no other. */
export function planImport(inventory: Inventory, request: ImportRequest): ImportPlan {
  const imported = draftAll(inventory, request);
  // Drafts are linted as an apply would do it, and those that are refused go; what is left may still be refused for what was next to it, so once more.
  for (let round = 0; round < maxRounds; round++) {
    const documents = imported.flatMap((one) => (one.kind === 'draft' ? [one.document] : []));
    if (documents.length === 0) return { imported, warnings: [] };
    const plan = planApply(inventory, documents, { prune: false, today: request.today });
    if (plan.ok) return { imported, warnings: plan.warnings.filter((line) => documents.some(({ metadata }) => line.startsWith(`Machine/${metadata.name}:`))) };
    let changed = false;
    for (const [i, one] of imported.entries()) {
      const problem = one.kind === 'draft' ? plan.problems.find(({ kind, name }) => kind === 'Machine' && name === one.document.metadata.name) : undefined;
      if (problem === undefined) continue;
      imported[i] = { kind: 'refused', found: one.found, code: problem.code, say: problem.say };
      changed = true;
    }
    if (!changed) return { imported: imported.map((one) => (one.kind === 'draft' ? { kind: 'refused', found: one.found, code: 'inventory', say: `the inventory has a problem of its own: ${plan.problems[0]?.say ?? ''}` } : one)), warnings: [] };
  }
  return { imported: imported.map((one) => (one.kind === 'draft' ? { kind: 'refused', found: one.found, ...tooMany } : one)), warnings: [] };
}

const maxRounds = 5;
const tooMany = { code: 'document', say: 'too many of them are wrong: correct those first' } as const;

function draftAll(inventory: Inventory, request: ImportRequest): Imported[] {
  const owners = new Owners(inventory);
  const neighbours = new Neighbours(inventory, 'with-retired');
  const mine = new Neighbours(inventory, 'without-retired');
  const taken = new Set<string>();
  const stables = new Map<string, string>();
  return request.found.map((found): Imported => {
    const twice = stables.get(found.stable);
    if (twice !== undefined) return { kind: 'refused', found, code: 'found-twice', say: `has the same id as ${twice}` };
    stables.set(found.stable, found.ref);
    const known = knownAs(inventory, request, found, neighbours);
    if (known !== null) return { kind: 'known', found, machine: known };
    const drafted = draft(inventory, request, found, owners, taken);
    if (!drafted.ok) return { kind: 'refused', found, code: drafted.code, say: drafted.say };
    const [binding] = drafted.document.spec.bindings;
    const other = binding === undefined ? null : mine.of(binding);
    if (other !== null) return { kind: 'refused', found, code: 'binding-overlap', say: `a token could be this and ${other} at once: give a claim that tells them apart` };
    if (binding !== undefined) mine.add(`${found.ref} of this import`, binding);
    taken.add(drafted.document.metadata.name);
    return { kind: 'draft', found, document: drafted.document };
  });
}

function knownAs(inventory: Inventory, { source, origins }: ImportRequest, found: FoundIdentity, neighbours: Neighbours): string | null {
  const before = origins.get(found.stable);
  if (before !== undefined && inventory.machines.has(before)) return before;
  if (found.binding !== null) {
    const bound = neighbours.of(found.binding);
    if (bound !== null) return bound;
  }
  // A file is written by people who know our names.
  return source === 'csv' && inventory.machines.has(found.name) ? found.name : null;
}

function draft(inventory: Inventory, { defaults, source, today }: ImportRequest, found: FoundIdentity, owners: Owners, taken: ReadonlySet<string>): ReturnType<typeof draftMachine> {
  const plain = machineName(found.name);
  const free = (name: string) => name !== '' && !taken.has(name) && inventory.standing('Machine', name) === undefined;
  const name = free(plain) ? plain : machineNameOf(found.name, found.stable);
  if (!free(name)) return no('name-taken', `the names ${plain} and ${name} are taken`);
  const people = answerable(found, defaults, owners);
  if (!people.ok) return people;
  const { facts } = found;
  const purpose = facts.purpose ?? `found in ${source} as ${found.ref}: say what it is for before you activate it`;
  const all: MachineFacts = {
    kind: found.kind, owner: people.owner, backupOwner: people.backupOwner, purpose,
    team: facts.team ?? defaults.team, businessService: facts.businessService ?? null, groups: facts.groups ?? [], vendor: facts.vendor ?? null, vendorContractEnd: facts.vendorContractEnd ?? null,
    environment: facts.environment ?? defaults.environment ?? '', criticality: facts.criticality ?? defaults.criticality ?? '', reviewBy: facts.reviewBy ?? defaults.reviewBy ?? inDays(today, reviewIn),
  };
  if (all.environment === '') return no('environment-missing', 'says no environment: name one for all that say none (--environment)');
  if (all.criticality === '') return no('criticality-missing', 'says no criticality: name one for all that say none (--criticality)');
  const bindings: Omit<TrustBinding, 'justification' | 'replay'>[] = [];
  if (found.binding !== null) {
    const issuer = inventory.issuers.find(({ metadata }) => metadata.name === found.binding?.issuer);
    const audience = found.binding.audience ?? (issuer?.spec.audiences.length === 1 ? issuer.spec.audiences[0] : undefined);
    if (issuer === undefined) return no('binding-issuer-unknown', `there is no Issuer "${found.binding.issuer}": apply its document first`);
    if (audience === undefined) return no('audience-missing', `issuer ${issuer.metadata.name} has several audiences: name one (--audience)`);
    bindings.push({ name: source, issuer: issuer.metadata.name, audience, claims: found.binding.claims });
  }
  return draftMachine({ name, description: `${source}: ${found.ref}`, facts: all, bindings });
}

/** Days until the first review of what nobody has looked at yet. */
const reviewIn = 90;

/**
 * The first whom the source names and who is here; the next one stands in. People whom the source names and nobody here knows are no reason to refuse while somebody else of them can answer, or the defaults name
 * somebody.
 */
function answerable({ owners: named, backupOwners }: FoundIdentity, defaults: ImportDefaults, owners: Owners): { readonly ok: true; readonly owner: string; readonly backupOwner: string } | Undraftable {
  const found = [...named, ...(defaults.owner === null ? [] : [defaults.owner])].map((one) => owners.find(one));
  const people = found.flatMap((one) => ('person' in one ? [one.person] : []));
  const [owner] = people;
  if (owner === undefined) return found.find(isFailed) ?? no('owner-missing', 'names no owner: name one for all that name none (--owner)');
  const seconds = [...backupOwners, ...(defaults.backupOwner === null ? [] : [defaults.backupOwner])].map((one) => owners.find(one));
  const backup = [...seconds.flatMap((one) => ('person' in one ? [one.person] : [])), ...people].find((one) => one !== owner);
  if (backup === undefined) return seconds.find(isFailed) ?? no('backup-missing', 'names no second owner: name one for all that name none (--backup)');
  return { ok: true, owner, backupOwner: backup };
}

const isFailed = (one: Found): one is Undraftable => !('person' in one);

const inDays = (today: string, days: number) => new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
