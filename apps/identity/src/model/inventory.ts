import type { DocumentOf, IssuerDocument, MachineDocument, PersonDocument } from '@sallyport/platform-config';
import type { Candidate } from '@sallyport/platform-identity';
import { bucketKey, canonical, type OwnedDocument, type Standing } from './document.ts';

/** The whole inventory at one revision. Immutable: a change makes a new one. */
export class Inventory {
  readonly revision: number;
  readonly issuers: readonly IssuerDocument[];
  readonly people: ReadonlyMap<string, PersonDocument>;
  readonly machines: ReadonlyMap<string, MachineDocument>;
  /** Bindings of all machines, by issuer name. Machines that are not active are among them, so that their refusal can say so. */
  readonly candidates: ReadonlyMap<string, readonly Candidate[]>;
  readonly #standing: ReadonlyMap<string, Standing>;
  readonly #approvers: readonly DocumentOf<'ApproverGroup'>[];

  constructor(revision: number, standing: readonly Standing[]) {
    this.revision = revision;
    this.#standing = new Map(standing.map((one) => [`${one.kind}/${one.name}`, one]));
    const documents = this.documents;
    this.issuers = documents.filter((one) => one.kind === 'Issuer');
    this.people = byName(documents.filter((one) => one.kind === 'Person'));
    this.machines = byName(documents.filter((one) => one.kind === 'Machine'));
    this.#approvers = documents.filter((one) => one.kind === 'ApproverGroup');
    this.candidates = byIssuer([...this.machines.values()]);
  }

  get documents(): readonly OwnedDocument[] {
    return [...this.#standing.values()].flatMap(({ document }) => (document === null ? [] : [document]));
  }

  /** What stands under a name, removed documents included; undefined when there never was one. */
  standing(kind: string, name: string): Standing | undefined {
    return this.#standing.get(`${kind}/${name}`);
  }

  /** This inventory with later versions of some documents. */
  with(revision: number, changed: readonly Standing[]): Inventory {
    const merged = new Map(this.#standing);
    for (const one of changed) merged.set(`${one.kind}/${one.name}`, one);
    return new Inventory(revision, [...merged.values()]);
  }

  approverGroupsOf(person: string): readonly string[] {
    return this.#approvers.filter(({ spec }) => spec.members.includes(person)).map(({ metadata }) => metadata.name).sort();
  }

  /** Active, reviewed by nobody else: a machine works only while somebody answers for it. */
  ownerGone({ spec }: MachineDocument): boolean {
    return this.people.get(spec.owner)?.spec.active !== true;
  }

  /**
   * What the other services see, by bucket key, as text. A machine whose owner is gone is shown as suspended, so that nothing that
   * looks at its state alone lets it work.
   */
  mirror(): ReadonlyMap<string, string> {
    const entries = new Map<string, string>();
    for (const document of this.documents) {
      const key = bucketKey(document.kind, document.metadata.name);
      if (key !== null) entries.set(key, canonical(this.#effective(document)));
    }
    return entries;
  }

  #effective(document: OwnedDocument): OwnedDocument {
    if (document.kind !== 'Machine' || document.spec.state !== 'active' || !this.ownerGone(document)) return document;
    return { ...document, spec: { ...document.spec, state: 'suspended' } };
  }
}

function byName<T extends OwnedDocument>(documents: readonly T[]): ReadonlyMap<string, T> {
  return new Map(documents.map((document) => [document.metadata.name, document]));
}

function byIssuer(machines: readonly MachineDocument[]): ReadonlyMap<string, readonly Candidate[]> {
  const candidates = new Map<string, Candidate[]>();
  for (const { metadata, spec } of machines) {
    for (const binding of spec.bindings) candidates.set(binding.issuer, [...(candidates.get(binding.issuer) ?? []), { machine: metadata.name, binding }]);
  }
  return candidates;
}
