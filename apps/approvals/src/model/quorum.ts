import type { Quorum } from '@sallyport/domain-model';

/** Somebody who approved, with the approver groups of which they were a member when they did. */
export interface Approver {
  readonly by: string;
  readonly groups: readonly string[];
}

/**
 * Whether these people fill the quorum. Every seat needs a person of its own: within a group, and across groups. Somebody who is in
 * two groups may take a seat in either, never one in both, so `1 of dba and 1 of security` always means two people.
 *
 * A matching of people to seats (Kuhn's augmenting paths), so the order in which people voted does not matter.
 */
export function quorumMet(quorum: readonly Quorum[], approvers: readonly Approver[]): boolean {
  const seats = quorum.flatMap(({ group, count }) => Array.from({ length: count }, () => group));
  if (seats.length === 0) return false;
  const people = new Map(approvers.map((approver) => [approver.by, approver]));
  if (people.size < seats.length) return false;
  const seatOf = new Map<number, string>();
  return [...seats.keys()].every((seat) => fill(seat, seats, people, seatOf, new Set()));
}

function fill(seat: number, seats: readonly string[], people: ReadonlyMap<string, Approver>, taken: Map<number, string>, tried: Set<string>): boolean {
  const group = seats[seat];
  for (const [name, person] of people) {
    if (group === undefined || tried.has(name) || !person.groups.includes(group)) continue;
    tried.add(name);
    const held = [...taken].find(([, by]) => by === name)?.[0];
    if (held !== undefined && !fill(held, seats, people, taken, tried)) continue;
    taken.set(seat, name);
    return true;
  }
  return false;
}
