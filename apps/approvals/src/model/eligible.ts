import type { Quorum } from '@sallyport/domain-model';
import { quorumMet } from './quorum.ts';

/** Who belongs to which approver group, and who may act at all, as the inventory says now. */
export interface People {
  members(group: string): readonly string[];
  /** False for unknown people and for those who were made inactive. */
  active(person: string): boolean;
}

/** Those of the groups of a quorum to which this person belongs now. Nobody inactive belongs to any. */
export function groupsOf(people: People, person: string, quorum: readonly Quorum[]): string[] {
  return people.active(person) ? quorum.map(({ group }) => group).filter((group) => people.members(group).includes(person)) : [];
}

/**
 * Null when the quorum could be met by the people there are, the machine's owner left out; else why not. Asked when a request is
 * opened, so that nobody waits for what cannot come.
 */
export function unanswerable(people: People, quorum: readonly Quorum[], owner: string): string | null {
  const names = new Set(quorum.flatMap(({ group }) => people.members(group)));
  names.delete(owner);
  const approvers = [...names].map((by) => ({ by, groups: groupsOf(people, by, quorum) }));
  if (quorumMet(quorum, approvers)) return null;
  const asked = quorum.map(({ group, count }) => `${count} of ${group} (${approvers.filter(({ groups }) => groups.includes(group)).length} active besides the owner)`);
  return `the quorum cannot be met: ${asked.join(', ')}`;
}
