import type { DocumentOf } from '../kinds/index.ts';
import type { Directory } from './lint-inventory.ts';
import { refuse, warn, type Finding } from './finding.ts';

/** Whether those who are to say yes to changes exist and are enough: control that nobody could ever satisfy could not be switched off again either. */
export function governanceSeats({ spec }: DocumentOf<'Governance'>, directory: Directory): readonly Finding[] {
  const seats = [
    ...spec.reactivation.map((seat, i) => ({ ...seat, path: `spec.reactivation[${i}]` })),
    ...spec.changeControl.flatMap(({ approvers }, i) => approvers.map((seat, j) => ({ ...seat, path: `spec.changeControl[${i}].approvers[${j}]` }))),
  ];
  return seats.flatMap(({ group, count, path }) => {
    const found = directory.ApproverGroup.get(group);
    if (found === undefined) return [refuse('reference-unknown', `${path}.group`, `there is no ApproverGroup "${group}"`)];
    const able = [...new Set(found.spec.members)].filter((member) => isAble(directory.Person.get(member)));
    if (able.length < count) return [refuse('approvers-too-few', `${path}.count`, `${count} of ${group} have to say yes, and it has ${able.length} who can: nothing could be changed any more`)];
    const alone = able.length === count && able.some((member) => directory.Person.get(member)?.spec.roles.includes('admin') === true);
    return alone ? [warn('approvers-quorum', `${path}.count`, `${count} of ${group} have to say yes, and it has just ${count} who can: what one of them proposes nobody can approve`)] : [];
  });
}

const isAble = (person: DocumentOf<'Person'> | undefined): boolean => person?.spec.active === true && person.spec.roles.includes('approver');
