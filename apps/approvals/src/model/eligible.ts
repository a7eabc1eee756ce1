import type { Quorum } from '@sallyport/domain-model';
import type { Requested } from './event.ts';
import { quorumMet } from './quorum.ts';

/** Who belongs to which approver group, and who may act at all, as the inventory says now. */
export interface People {
  members(group: string): readonly string[];
  /** False for unknown people and for those who were made inactive. */
  active(person: string): boolean;
}

/** Which machines there are, as the inventory says now. */
export interface Machines {
  /** Null when there is no such machine. */
  machine(name: string): { readonly state: string; readonly owner: string } | null;
}

/** Those of the groups of a quorum to which this person belongs now. Nobody inactive belongs to any. */
export function groupsOf(people: People, person: string, quorum: readonly Quorum[]): string[] {
  return people.active(person) ? quorum.map(({ group }) => group).filter((group) => people.members(group).includes(person)) : [];
}

type Wish = Pick<Requested, 'owner' | 'machine' | 'requester' | 'behalf'>;

/**
 * Who counts as the one who asks, and so may not approve: the owner that the request names; a person who asks, or on whose behalf a machine does; who owns the machine that it is about, or that asks, at this
 * moment: somebody who becomes its owner while others decide is no second person either.
 */
export function askers(machines: Machines, { owner, machine, requester, behalf }: Wish): ReadonlySet<string> {
  const [kind, name] = requester === null ? ['machine', machine] : split(requester);
  const owners = [machine, kind === 'machine' ? name : null, behalf?.kind === 'machine' ? behalf.name : null].map((one) => (one === null ? null : machines.machine(one)?.owner));
  return new Set([owner, kind === 'person' ? name : null, behalf?.kind === 'person' ? behalf.name : null, ...owners].filter((one) => typeof one === 'string'));
}

/** The machine that asks: null where a person does. */
export function askingMachine({ machine, requester }: Pick<Wish, 'machine' | 'requester'>): string | null {
  const [kind, name] = requester === null ? ['machine', machine] : split(requester);
  return kind === 'machine' ? name : null;
}

function split(requester: string): readonly [string, string] {
  const colon = requester.indexOf(':');
  return [requester.slice(0, colon), requester.slice(colon + 1)];
}

/**
 * Null when the quorum could be met by the people there are, those who ask left out; else why not. Asked when a request is
 * opened, so that nobody waits for what cannot come.
 */
export function unanswerable(people: People, quorum: readonly Quorum[], asking: ReadonlySet<string>): string | null {
  const names = new Set(quorum.flatMap(({ group }) => people.members(group)));
  const approvers = [...names].filter((name) => !asking.has(name)).map((by) => ({ by, groups: groupsOf(people, by, quorum) }));
  if (quorumMet(quorum, approvers)) return null;
  const asked = quorum.map(({ group, count }) => `${count} of ${group} (${approvers.filter(({ groups }) => groups.includes(group)).length} active besides the owner and whoever asks)`);
  return `the quorum cannot be met: ${asked.join(', ')}`;
}
