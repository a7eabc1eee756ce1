import { text, type Fact } from '../fact.ts';
import { bare, namedMachine } from '../names.ts';

/** What the events of the pack say of one item of a review of access. */
export interface ReviewCase {
  readonly campaign: string;
  readonly item: string;
  readonly machine: string;
  /** What its reviewers were shown; null where that is older than the pack. */
  readonly shown: Fact | null;
  readonly opened: Fact | null;
  /** The last decision. */
  readonly decided: Fact | null;
  readonly overdue: Fact | null;
  readonly stopped: Fact | null;
  /** RFC 3339 or a day; empty where the pack does not say. */
  readonly due: string;
  readonly entitlement: string;
  readonly target: string;
  /** After a decision to revoke: what took the access away. */
  readonly followed: Fact | null;
}

/** By campaign and item, in the order of their first leaf. */
export function readReviews(of: (...types: readonly string[]) => readonly Fact[]): readonly ReviewCase[] {
  const campaigns = new Map(of('review.opened').map((fact) => [text(fact, 'campaign'), fact]));
  const items = Map.groupBy(of('review.item', 'review.decided', 'review.overdue', 'review.stopped'), (fact) => JSON.stringify([text(fact, 'campaign'), text(fact, 'item')]));
  const ends = Map.groupBy(of('entitlement.revoked', 'entitlement.expired', 'nhi.state_changed', 'nhi.suspended'), namedMachine);
  return [...items.values()].flatMap((facts) => readCase(facts, campaigns, ends));
}

function readCase(facts: readonly Fact[], campaigns: ReadonlyMap<string, Fact>, ends: ReadonlyMap<string, readonly Fact[]>): ReviewCase[] {
  const [first] = facts;
  if (first === undefined) return [];
  const last = (type: string) => facts.findLast((fact) => fact.type === type) ?? null;
  const [shown, decided, overdue, stopped] = [last('review.item'), last('review.decided'), last('review.overdue'), last('review.stopped')];
  const opened = campaigns.get(text(first, 'campaign')) ?? null;
  const [entitlement, target] = [text(shown ?? stopped ?? first, 'entitlement'), shown === null ? '' : text(shown, 'target')];
  const machine = namedMachine(first);
  const followed = decided === null || text(decided, 'decision') !== 'revoke' ? null : ((ends.get(machine) ?? []).find((fact) => fact.leaf > decided.leaf && takesAway(fact, entitlement, target)) ?? null);
  return [{
    campaign: text(first, 'campaign'), item: text(first, 'item'), machine, shown, opened, decided, overdue, stopped, entitlement, target, followed,
    due: overdue !== null ? text(overdue, 'due') : opened === null ? '' : text(opened, 'due'),
  }];
}

/** Its own entitlement, or, where the item names none, any of that target; a machine that works no more reaches nothing. */
function takesAway(fact: Fact, entitlement: string, target: string): boolean {
  if (fact.type === 'nhi.suspended') return true;
  if (fact.type === 'nhi.state_changed') return ['suspended', 'retired'].includes(text(fact, 'to'));
  if (entitlement !== '') return text(fact, 'entitlement') === entitlement;
  return fact.type === 'entitlement.revoked' && (target === '' || bare(text(fact, 'target')) === target);
}
