import { text, texts, textIn, type Fact } from '../fact.ts';
import { actorOf, isBefore, known } from '../names.ts';
import type { ApprovalCase } from './approvals.ts';

/** What the events of the pack say of one change that more than one person makes. */
export interface ChangeCase {
  readonly change: string;
  /** Null where it is older than the pack. */
  readonly proposed: Fact | null;
  /** The last before its activation, else the last. */
  readonly tested: Fact | null;
  readonly approved: Fact | null;
  readonly rejected: Fact | null;
  readonly activated: Fact | null;
  readonly withdrawn: Fact | null;
  /** Its parts are approved one by one, each by the approval of the service that it changes. */
  readonly approvals: readonly ApprovalCase[];
  /** Without prefix; null where they are withheld. */
  readonly author: string | null;
  readonly approvers: readonly string[] | null;
  /** The change that took it back. */
  readonly rolledBackBy: string | null;
}

export interface Changes {
  readonly cases: ReadonlyMap<string, ChangeCase>;
  /** The change that a `config.changed` came by: it bears the approval of its part. */
  readonly of: (fact: Fact) => ChangeCase | null;
  /** Kinds of document (in small letters) whose change is known to need others, and the leaf that says so first. */
  readonly controlled: ReadonlyMap<string, number>;
}

export function readChanges(of: (...types: readonly string[]) => readonly Fact[], approvals: ReadonlyMap<string, ApprovalCase>): Changes {
  const facts = Map.groupBy(of('change.proposed', 'change.tested', 'change.approved', 'change.rejected', 'change.activated', 'change.withdrawn'), (fact) => text(fact, 'change'));
  const own = Map.groupBy(approvals.values(), (one) => changeIn(one));
  const back = new Map(of('change.proposed').flatMap((fact) => (text(fact, 'rolls_back') === '' ? [] : [[text(fact, 'rolls_back'), text(fact, 'change')] as const])));
  const cases = new Map([...facts].map(([change, each]) => [change, readCase(change, each, own.get(change) ?? [], back.get(change) ?? null)]));
  const byApproval = new Map([...cases.values()].flatMap((one) => [...one.approvals.map(({ approval }) => approval), ...[one.approved, one.activated].flatMap((fact) => (fact === null ? [] : text(fact, 'approval') || []))].map((approval) => [approval, one] as const)));
  return { cases, of: (fact) => byApproval.get(fact.auth?.approval ?? '') ?? null, controlled: controlledKinds(of, approvals) };
}

/** The change that an approval was asked for: its subject is `change/round/service`. */
const changeIn = ({ requested }: ApprovalCase): string => {
  const subject = requested === null || !('subject' in requested.d) ? null : requested.d.subject;
  return textIn(subject, 'kind') === 'change' ? (textIn(subject, 'id').split('/')[0] ?? '') : '';
};

function readCase(change: string, facts: readonly Fact[], approvals: readonly ApprovalCase[], rolledBackBy: string | null): ChangeCase {
  const last = (type: string) => facts.findLast((fact) => fact.type === type) ?? null;
  const [proposed, approved, activated] = [last('change.proposed'), last('change.approved'), last('change.activated')];
  const tests = facts.filter(({ type }) => type === 'change.tested');
  return {
    change, proposed, approved, activated, approvals, rolledBackBy,
    tested: tests.findLast(({ leaf }) => activated === null || leaf < activated.leaf) ?? tests.at(-1) ?? null,
    rejected: last('change.rejected'),
    withdrawn: last('change.withdrawn'),
    author: proposed === null ? null : actorOf(proposed),
    approvers: approversOf(facts, approvals),
  };
}

function approversOf(facts: readonly Fact[], approvals: readonly ApprovalCase[]): readonly string[] | null {
  const approved = facts.filter(({ type }) => type === 'change.approved');
  const voted = approvals.flatMap(({ votes }) => votes.filter(({ vote }) => vote === 'approve').map(({ by }) => by));
  const named = [...approved.flatMap((fact) => texts(fact, 'by')), ...voted];
  const names = named.flatMap((name) => known(name) ?? []);
  // A list that is withheld reads as empty, a name as `~`.
  return names.length === 0 && approved.length > 0 ? null : [...new Set(names)];
}

/** Approvals of changes name the kinds that they are needed for; direct changes of a kind that are refused for want of one, too. */
function controlledKinds(of: (...types: readonly string[]) => readonly Fact[], approvals: ReadonlyMap<string, ApprovalCase>): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  const add = (kind: string, leaf: number) => kinds.set(kind.toLowerCase(), Math.min(leaf, kinds.get(kind.toLowerCase()) ?? leaf));
  for (const { requested } of approvals.values()) if (requested !== null) for (const rule of texts(requested, 'rules')) if (rule.startsWith('changeControl:')) add(rule.slice('changeControl:'.length), requested.leaf);
  for (const fact of of('config.refused')) if (text(fact, 'code') === 'change-required') add(text(fact, 'kind'), fact.leaf);
  return kinds;
}

export function changeState({ rejected, activated, withdrawn, approved, tested, rolledBackBy }: ChangeCase): string {
  if (activated !== null) return rolledBackBy === null ? 'activated' : 'activated, rolled back';
  if (withdrawn !== null) return 'withdrawn';
  if (rejected !== null) return 'rejected';
  return approved !== null ? 'approved' : tested !== null ? 'tested' : 'proposed';
}

/** All its approvals were granted by then. */
export const grantedBefore = ({ approvals }: ChangeCase, fact: Fact): boolean => approvals.filter(({ consumed }) => consumed.length > 0).every(({ granted }) => granted !== null && !isBefore(fact.at, granted.at));
