import type { DocumentOf } from '../kinds/index.ts';
import type { Directory } from './lint-inventory.ts';
import { refuse, warn, type Finding } from './finding.ts';

/** What an Entitlement or an AccessPath shows by itself. @param today `2026-11-22`, UTC */
export function lintUntil({ spec }: DocumentOf<'Entitlement'>, today: string): readonly Finding[] {
  return spec.until < today ? [refuse('entitlement-until-past', 'spec.until', `it ended on ${spec.until}; set a later day, or remove it`)] : [];
}

/** Machines, groups and the target that it names. */
export function entitlementReferences({ spec }: DocumentOf<'Entitlement'> | DocumentOf<'AccessPath'>, directory: Directory): readonly Finding[] {
  const target = directory.Target.get(spec.target);
  return [
    ...spec.machines.flatMap((machine, i) => (directory.Machine.has(machine) ? [] : [refuse('reference-unknown', `spec.machines[${i}]`, `there is no Machine "${machine}"`)])),
    ...spec.groups.flatMap((group, i) => (directory.Group.has(group) ? [] : [refuse('reference-unknown', `spec.groups[${i}]`, `there is no Group "${group}"`)])),
    ...(target === undefined ? [refuse('reference-unknown', 'spec.target', `there is no Target "${spec.target}"`)] : []),
    ...(target?.spec.access === 'policy' ? [warn('entitlement-not-enforced', 'spec.target', `target ${spec.target} has access: policy, so that machines need no entitlement there; set access: entitlement`)] : []),
  ];
}

/** Whether those who are to say yes exist and are enough. */
export function approverSeats({ spec }: DocumentOf<'AccessPath'>, directory: Directory): readonly Finding[] {
  const seats = spec.approvers.map((seat, i) => ({ ...seat, path: `spec.approvers[${i}]` }));
  if (spec.breakGlass !== undefined) seats.push({ group: spec.breakGlass.group, count: spec.breakGlass.count, path: 'spec.breakGlass' });
  return seats.flatMap(({ group, count, path }) => {
    const found = directory.ApproverGroup.get(group);
    if (found === undefined) return [refuse('reference-unknown', `${path}.group`, `there is no ApproverGroup "${group}"`)];
    const able = new Set(found.spec.members.filter((member) => isAble(directory.Person.get(member))));
    return able.size < count ? [warn('approvers-quorum', `${path}.count`, `${count} of ${group} have to say yes, and it has ${able.size} who can`)] : [];
  });
}

const isAble = (person: DocumentOf<'Person'> | undefined): boolean => person?.spec.active === true && person.spec.roles.includes('approver');
