import type { AnyDocument, DocumentOf, Kind } from '../kinds/index.ts';
import { refuse, warn, type Finding, type FindingCode } from './finding.ts';
import { lintBinding } from './lint-binding.ts';
import { lintDocument } from './lint-document.ts';
import { approverSeats, entitlementReferences } from './lint-entitlement.ts';
import { governanceSeats } from './lint-governance.ts';
import { BindingsByShape, lintOverlaps } from './lint-overlaps.ts';

/** A finding with the document that it is about. */
export interface LocatedFinding extends Finding {
  readonly kind: Kind;
  readonly name: string;
}

export interface InventoryView {
  readonly documents: readonly AnyDocument[];
  /** `2026-11-22`, UTC. */
  readonly today: string;
  /**
   * True for documents that stand as they were accepted before. What time or another document made wrong since is then a warning: a lapsed
   * review of one machine must not stop the suspension of another, nor an owner's machines his leaving.
   */
  unchanged(document: AnyDocument): boolean;
}

/** Everything that is wrong with the inventory as it would stand after an apply: single documents, bindings, references between documents. */
export function lintInventory(view: InventoryView): readonly LocatedFinding[] {
  const directory = index(view.documents);
  const bindings = new BindingsByShape(directory.Machine.values());
  return view.documents.flatMap((document) => {
    const findings = [...lintDocument(document, view.today), ...references(document, directory), ...lintOverlaps(document, bindings, directory.Issuer)];
    const kept = view.unchanged(document);
    return findings.map((finding) => ({ kind: document.kind, name: document.metadata.name, ...finding, severity: kept && madeByOthers.includes(finding.code) ? 'warn' : finding.severity }));
  });
}

const madeByOthers: readonly FindingCode[] = ['machine-review-past', 'reference-inactive', 'approvers-too-few', 'entitlement-until-past'];

export interface Directory {
  readonly Issuer: ReadonlyMap<string, DocumentOf<'Issuer'>>;
  readonly Person: ReadonlyMap<string, DocumentOf<'Person'>>;
  readonly Group: ReadonlyMap<string, DocumentOf<'Group'>>;
  readonly Machine: ReadonlyMap<string, DocumentOf<'Machine'>>;
  readonly Target: ReadonlyMap<string, DocumentOf<'Target'>>;
  readonly ApproverGroup: ReadonlyMap<string, DocumentOf<'ApproverGroup'>>;
  /** Names of people by issuer and subject. */
  readonly subjects: ReadonlyMap<string, readonly string[]>;
}

const subjectOf = ({ spec }: DocumentOf<'Person'>): string => JSON.stringify([spec.issuer, spec.subject]);

function index(documents: readonly AnyDocument[]): Directory {
  const directory = { Issuer: new Map<string, DocumentOf<'Issuer'>>(), Person: new Map<string, DocumentOf<'Person'>>(), Group: new Map<string, DocumentOf<'Group'>>(), Machine: new Map<string, DocumentOf<'Machine'>>(), Target: new Map<string, DocumentOf<'Target'>>(), ApproverGroup: new Map<string, DocumentOf<'ApproverGroup'>>(), subjects: new Map<string, string[]>() };
  for (const document of documents) {
    const { name } = document.metadata;
    if (document.kind === 'Issuer') directory.Issuer.set(name, document);
    else if (document.kind === 'Person') directory.Person.set(name, document);
    else if (document.kind === 'Group') directory.Group.set(name, document);
    else if (document.kind === 'Machine') directory.Machine.set(name, document);
    else if (document.kind === 'Target') directory.Target.set(name, document);
    else if (document.kind === 'ApproverGroup') directory.ApproverGroup.set(name, document);
  }
  for (const person of directory.Person.values()) {
    const known = directory.subjects.get(subjectOf(person));
    if (known === undefined) directory.subjects.set(subjectOf(person), [person.metadata.name]);
    else known.push(person.metadata.name);
  }
  return directory;
}

function references(document: AnyDocument, directory: Directory): readonly Finding[] {
  switch (document.kind) {
    case 'Machine':
      return machineReferences(document, directory);
    case 'Person':
      return personReferences(document, directory);
    case 'ApproverGroup':
      return approverReferences(document, directory);
    case 'Entitlement':
      return entitlementReferences(document, directory);
    case 'AccessPath':
      return [...entitlementReferences(document, directory), ...approverSeats(document, directory)];
    case 'Governance':
      return governanceSeats(document, directory);
    case 'Issuer':
    case 'Group':
    case 'Target':
    case 'Classification':
    case 'Sink':
      return [];
  }
}

function machineReferences({ spec }: DocumentOf<'Machine'>, directory: Directory): Finding[] {
  const found: Finding[] = [];
  for (const field of ['owner', 'backupOwner'] as const) {
    const person = directory.Person.get(spec[field]);
    if (person === undefined) found.push(refuse('reference-unknown', `spec.${field}`, `there is no Person "${spec[field]}"`));
    else if (!person.spec.active && spec.state === 'active') found.push(refuse('reference-inactive', `spec.${field}`, `${spec[field]} is not active; a machine needs an owner who answers for it`));
  }
  for (const [i, group] of spec.groups.entries()) if (!directory.Group.has(group)) found.push(refuse('reference-unknown', `spec.groups[${i}]`, `there is no Group "${group}"`));
  for (const [field, kind] of [['people', 'Person'], ['groups', 'Group'], ['machines', 'Machine']] as const) {
    for (const [i, one] of (spec.actsFor?.[field] ?? []).entries()) if (!directory[kind].has(one)) found.push(refuse('reference-unknown', `spec.actsFor.${field}[${i}]`, `there is no ${kind} "${one}"`));
  }
  for (const [i, binding] of spec.bindings.entries()) {
    const issuer = directory.Issuer.get(binding.issuer);
    const at = `spec.bindings[${i}]`;
    if (issuer === undefined) found.push(refuse('binding-issuer-unknown', `${at}.issuer`, `there is no Issuer "${binding.issuer}"`));
    else found.push(...lintBinding(binding, issuer, at));
  }
  return found;
}

function personReferences(person: DocumentOf<'Person'>, directory: Directory): Finding[] {
  const { spec, metadata } = person;
  const found: Finding[] = [];
  const issuer = directory.Issuer.get(spec.issuer);
  if (issuer === undefined) found.push(refuse('reference-unknown', 'spec.issuer', `there is no Issuer "${spec.issuer}"`));
  else if (!issuer.spec.trusts.includes('people')) found.push(refuse('person-issuer-machines', 'spec.issuer', `issuer ${spec.issuer} is not trusted for people`));
  for (const [i, group] of (spec.groups ?? []).entries()) if (!directory.Group.has(group)) found.push(refuse('reference-unknown', `spec.groups[${i}]`, `there is no Group "${group}"`));
  for (const other of directory.subjects.get(subjectOf(person)) ?? []) {
    if (other !== metadata.name) found.push(refuse('person-twice', 'spec.subject', `${other} has the same subject: one person may not vote twice`));
  }
  return found;
}

function approverReferences({ spec }: DocumentOf<'ApproverGroup'>, directory: Directory): Finding[] {
  return spec.members.flatMap((member, i) => {
    const person = directory.Person.get(member);
    const path = `spec.members[${i}]`;
    if (person === undefined) return [refuse('reference-unknown', path, `there is no Person "${member}"`)];
    if (!person.spec.roles.includes('approver')) return [warn('approvers-role', path, `${member} has not the role approver and cannot vote`)];
    return person.spec.active ? [] : [warn('reference-inactive', path, `${member} is not active and cannot vote`)];
  });
}
