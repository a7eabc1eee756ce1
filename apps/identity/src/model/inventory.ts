import { instant } from '@sallyport/domain-model';
import { usualGovernance, type DocumentOf, type GovernanceSettings, type IssuerDocument, type MachineDocument, type PersonDocument } from '@sallyport/platform-config';
import { BindingIndex, type Candidate } from '@sallyport/platform-identity';
import { strictest, works, type State } from '../lifecycle/state.ts';
import { withRevocations, type LoginRevocation } from '../lifecycle/login-revocations.ts';
import { withStatuses, type MachineStatus, type NewStatus } from '../lifecycle/status.ts';
import { goneBy, withWords, type Gone, type PersonWord } from '../lifecycle/words.ts';
import { bucketKey, canonical, type OwnedDocument, type Standing } from './document.ts';

/** What is known besides documents: what was said of people, since when they have to be logged in, and what holds machines back. */
export interface Runtime {
  readonly words: readonly PersonWord[];
  readonly statuses: readonly MachineStatus[];
  /** One of each person at most. */
  readonly revocations?: readonly LoginRevocation[];
}

const nothing: Runtime = { words: [], statuses: [] };

/** What changes from one revision to the next. */
export interface Changed {
  readonly documents?: readonly Standing[];
  readonly words?: readonly PersonWord[];
  readonly statuses?: readonly NewStatus[];
  readonly revocations?: readonly LoginRevocation[];
}

/** The whole inventory at one revision: documents, and what was found out since about people and machines. Immutable: a change makes a new one. */
export class Inventory {
  readonly revision: number;
  readonly issuers: readonly IssuerDocument[];
  readonly people: ReadonlyMap<string, PersonDocument>;
  readonly machines: ReadonlyMap<string, MachineDocument>;
  /** Bindings of all machines but retired ones, by issuer name. Machines that are not active are among them, so that their refusal can say so. */
  readonly candidates: ReadonlyMap<string, readonly Candidate[]>;
  /** Those of retired machines: another machine may have come in their place. */
  readonly retired: ReadonlyMap<string, readonly Candidate[]>;
  readonly #indexes = new Map<string, BindingIndex>();
  readonly #retiredIndexes = new Map<string, BindingIndex>();
  readonly #standing: ReadonlyMap<string, Standing>;
  readonly #approvers: readonly DocumentOf<'ApproverGroup'>[];
  readonly #runtime: Runtime;
  readonly #words: ReadonlyMap<string, readonly PersonWord[]>;
  readonly #statuses: ReadonlyMap<string, readonly MachineStatus[]>;
  readonly #logins: ReadonlyMap<string, number>;
  readonly #states = new Map<string, State>();
  #subjects: ReadonlyMap<string, string> | null = null;
  #mirror: ReadonlyMap<string, string> | null = null;

  constructor(revision: number, standing: readonly Standing[], runtime: Runtime = nothing) {
    this.revision = revision;
    this.#runtime = runtime;
    this.#words = grouped(runtime.words, ({ person }) => person);
    this.#statuses = grouped(runtime.statuses, ({ machine }) => machine);
    this.#logins = new Map((runtime.revocations ?? []).map(({ person, before }) => [person, before]));
    this.#standing = new Map(standing.map((one) => [`${one.kind}/${one.name}`, one]));
    const documents = this.documents;
    this.issuers = documents.filter((one) => one.kind === 'Issuer');
    this.people = byName(documents.filter((one) => one.kind === 'Person'));
    this.machines = byName(documents.filter((one) => one.kind === 'Machine'));
    this.#approvers = documents.filter((one) => one.kind === 'ApproverGroup');
    const machines = [...this.machines.values()];
    this.candidates = byIssuer(machines.filter(({ spec }) => spec.state !== 'retired'));
    this.retired = byIssuer(machines.filter(({ spec }) => spec.state === 'retired'));
  }

  get documents(): readonly OwnedDocument[] {
    return [...this.#standing.values()].flatMap(({ document }) => (document === null ? [] : [document]));
  }

  /** How identities are governed here. */
  get governance(): GovernanceSettings {
    const document = this.#standing.get('Governance/default')?.document;
    return document?.kind === 'Governance' ? document.spec : usualGovernance;
  }

  /** What stands under a name, removed documents included; undefined when there never was one. */
  standing(kind: string, name: string): Standing | undefined {
    return this.#standing.get(`${kind}/${name}`);
  }

  /** This inventory with later versions of some documents, words, statuses and revocations. */
  with(revision: number, { documents = [], words = [], statuses = [], revocations = [] }: Changed): Inventory {
    const merged = new Map(this.#standing);
    for (const one of documents) merged.set(`${one.kind}/${one.name}`, one);
    return new Inventory(revision, [...merged.values()], { words: withWords(this.#runtime.words, words), statuses: withStatuses(this.#runtime.statuses, statuses), revocations: withRevocations(this.#runtime.revocations ?? [], revocations) });
  }

  /** This inventory with later versions of some documents, and with what was found out besides as it stands now. */
  renewed(revision: number, documents: readonly Standing[], runtime: Runtime): Inventory {
    const merged = new Map(this.#standing);
    for (const one of documents) merged.set(`${one.kind}/${one.name}`, one);
    return new Inventory(revision, [...merged.values()], runtime);
  }

  /** The bindings of an issuer, by its document's name, to find a token's in. */
  bindingsOf(issuer: string): BindingIndex {
    return indexOf(this.#indexes, issuer, this.candidates);
  }

  /** Those of retired machines. */
  retiredOf(issuer: string): BindingIndex {
    return indexOf(this.#retiredIndexes, issuer, this.retired);
  }

  approverGroupsOf(person: string): readonly string[] {
    return this.#approvers.filter(({ spec }) => spec.members.includes(person)).map(({ metadata }) => metadata.name).sort();
  }

  /** The name of the person whom an issuer, by its document's name, calls so; null for nobody. */
  personBySubject(issuer: string, subject: string): string | null {
    this.#subjects ??= new Map([...this.people.values()].map(({ metadata, spec }) => [JSON.stringify([spec.issuer, spec.subject]), metadata.name]));
    return this.#subjects.get(JSON.stringify([issuer, subject])) ?? null;
  }

  /** What was said of somebody besides the document. */
  wordsOf(person: string): readonly PersonWord[] {
    return this.#words.get(person) ?? [];
  }

  /** Since when, by whose word; null for people who are here. Who is not in the inventory is gone. */
  gone(person: string): Gone | null {
    const document = this.people.get(person);
    const said = goneBy(this.wordsOf(person));
    return said ?? (document?.spec.active === true ? null : { since: 0, source: 'document' });
  }

  /** Since when this person has to have logged in, in milliseconds since 1970; null: any login is good. */
  loginsFrom(person: string): number | null {
    return this.#logins.get(person) ?? null;
  }

  /** Whether a login of that moment was revoked since; where that is not known, after any revocation. @param since milliseconds since 1970 */
  loginEnded(person: string, since: number | null): boolean {
    const from = this.#logins.get(person);
    return from !== undefined && (since === null || since < from);
  }

  /** A machine works only while somebody answers for it. */
  ownerGone({ spec }: MachineDocument): boolean {
    return this.gone(spec.owner) !== null;
  }

  /** What holds a machine back besides its document. */
  statusesOf(machine: string): readonly MachineStatus[] {
    return this.#statuses.get(machine) ?? [];
  }

  /** The most restrictive of what its document says and of what stands besides. `retired` for one that is not there: it comes from nowhere and goes nowhere. */
  stateOf(name: string): State {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const state = this.#stateOf(name);
    this.#states.set(name, state);
    return state;
  }

  #stateOf(name: string): State {
    const machine = this.machines.get(name);
    const statuses = this.statusesOf(name);
    if (machine === undefined) return 'retired';
    const state = strictest([machine.spec.state, ...statuses.map((status) => status.state)]);
    // Nothing was concluded yet from the owner's leaving, by whatever oversight: then nobody answers for it.
    const overlooked = works(state) && this.ownerGone(machine) && !statuses.some(({ cause }) => cause === 'owner-gone');
    return overlooked ? 'suspended' : state;
  }

  /** Which of those that stand makes the state what it is, the most pressing one; null where its document does. */
  decisive(name: string): MachineStatus | null {
    const state = this.stateOf(name);
    const [decisive] = this.statusesOf(name).filter((status) => status.state === state).toSorted((a, b) => (a.until ?? Number.POSITIVE_INFINITY) - (b.until ?? Number.POSITIVE_INFINITY));
    return decisive ?? null;
  }

  /**
   * What the other services see, by bucket key, as text. A machine is shown in the state that it works by, and somebody who left as not active, so that
   * nothing that looks at those alone lets them act.
   */
  mirror(): ReadonlyMap<string, string> {
    this.#mirror ??= this.#mirrored();
    return this.#mirror;
  }

  #mirrored(): ReadonlyMap<string, string> {
    const entries = new Map<string, string>();
    for (const document of this.documents) {
      const key = bucketKey(document.kind, document.metadata.name);
      if (key !== null) entries.set(key, this.#shown(document));
    }
    for (const [person, before] of this.#logins) entries.set(`login.${person}`, canonical({ before: instant(before) }));
    return entries;
  }

  #shown(document: OwnedDocument): string {
    const { name } = document.metadata;
    if (document.kind === 'Machine' && this.stateOf(name) !== document.spec.state) return canonical({ ...document, spec: { ...document.spec, state: this.stateOf(name) } });
    if (document.kind === 'Person' && document.spec.active && this.gone(name) !== null) return canonical({ ...document, spec: { ...document.spec, active: false } });
    return textOf(document);
  }
}

function indexOf(made: Map<string, BindingIndex>, issuer: string, candidates: ReadonlyMap<string, readonly Candidate[]>): BindingIndex {
  const known = made.get(issuer);
  if (known !== undefined) return known;
  const index = new BindingIndex(candidates.get(issuer) ?? []);
  made.set(issuer, index);
  return index;
}

/** Canonical texts of documents as they are: with ten thousand of them, not made anew for each look at the bucket. */
const texts = new WeakMap<OwnedDocument, string>();

function textOf(document: OwnedDocument): string {
  const known = texts.get(document);
  if (known !== undefined) return known;
  const text = canonical(document);
  texts.set(document, text);
  return text;
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

function byName<T extends OwnedDocument>(documents: readonly T[]): ReadonlyMap<string, T> {
  return new Map(documents.map((document) => [document.metadata.name, document]));
}

function byIssuer(machines: readonly MachineDocument[]): ReadonlyMap<string, readonly Candidate[]> {
  const candidates = new Map<string, Candidate[]>();
  for (const { metadata, spec } of machines) {
    for (const binding of spec.bindings) {
      const known = candidates.get(binding.issuer);
      if (known === undefined) candidates.set(binding.issuer, [{ machine: metadata.name, binding }]);
      else known.push({ machine: metadata.name, binding });
    }
  }
  return candidates;
}
