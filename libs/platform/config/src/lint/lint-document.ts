import type { AnyDocument } from '../kinds/index.ts';
import type { MachineDocument, PersonDocument, TargetDocument } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';
import { lintUntil } from './lint-entitlement.ts';
import { isLoopback, lintIssuer } from './lint-issuer.ts';

/** Furthest sensible review date, in days: a year and a month. */
const reviewDays = 396;

/** What one document shows by itself. @param today `2026-11-22`, UTC */
export function lintDocument(document: AnyDocument, today: string): readonly Finding[] {
  switch (document.kind) {
    case 'Issuer':
      return lintIssuer(document);
    case 'Machine':
      return lintMachine(document, today);
    case 'Person':
      return lintPerson(document);
    case 'Target':
      return lintTarget(document);
    case 'ApproverGroup':
      return new Set(document.spec.members).size === 1 ? [warn('approvers-quorum', 'spec.members', 'one person alone cannot approve his own request, and is away one day')] : [];
    case 'Entitlement':
      return lintUntil(document, today);
    case 'AccessPath':
    case 'Group':
    case 'Governance':
    case 'Classification':
    case 'Sink':
      return [];
  }
}

function lintMachine({ metadata, spec }: MachineDocument, today: string): readonly Finding[] {
  const found: Finding[] = [];
  const live = spec.state === 'active' || spec.state === 'draft';
  if (live && spec.owner === spec.backupOwner) found.push(refuse('machine-owner-alone', 'spec.backupOwner', 'must be another person than the owner: who answers when the owner has left?'));
  if (live && spec.reviewBy < today) found.push(refuse('machine-review-past', 'spec.reviewBy', `the review was due on ${spec.reviewBy}; review the machine and set the next date, or suspend it`));
  if (spec.reviewBy > dayAfter(today, reviewDays)) found.push(warn('machine-review-far', 'spec.reviewBy', 'is more than a year away'));
  if (spec.state === 'active' && spec.bindings.length === 0) found.push(warn('machine-unreachable', 'spec.bindings', 'active without a binding: no token can be this machine'));
  if (spec.actsFor?.machines.includes(metadata.name) === true) found.push(refuse('machine-acts-for-itself', 'spec.actsFor.machines', 'names the machine itself: it acts for itself anyway'));
  if (spec.actsFor !== undefined && Object.values(spec.actsFor).every((named) => named.length === 0)) found.push(warn('machine-acts-for-nobody', 'spec.actsFor', 'names nobody, as if it were not there'));
  const names = spec.bindings.map((binding) => binding.name);
  for (const [i, name] of names.entries()) if (names.indexOf(name) !== i) found.push(refuse('binding-name-twice', `spec.bindings[${i}].name`, `"${name}" stands already above`));
  return found;
}

function lintPerson({ spec }: PersonDocument): readonly Finding[] {
  const roles = new Set(spec.roles);
  const found: Finding[] = [];
  if (roles.has('admin') && roles.has('auditor')) found.push(warn('person-roles-toxic', 'spec.roles', 'admin and auditor: who changes the rules would also audit them'));
  if (roles.has('admin') && roles.has('approver')) found.push(warn('person-roles-toxic', 'spec.roles', 'admin and approver: who changes the rules would also grant the exceptions'));
  return found;
}

function lintTarget({ spec }: TargetDocument): readonly Finding[] {
  if (spec.tls.mode === 'off' && !isLoopback(spec.address.host)) return [refuse('target-plaintext', 'spec.tls.mode', 'off is for loopback addresses only: the credential and the data would cross the network in the clear')];
  const found: Finding[] = [];
  if (spec.tls.mode === 'verify-ca') found.push(warn('target-name-unchecked', 'spec.tls.mode', "any server of that authority would pass; use verify-full with serverName"));
  if (spec.environment === 'production' && spec.access === 'policy') found.push(warn('target-access-policy', 'spec.access', 'a production target that needs no entitlement: access to it neither ends nor is reviewed by itself; grant Entitlements and set access: entitlement'));
  return found;
}

function dayAfter(today: string, days: number): string {
  return new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
