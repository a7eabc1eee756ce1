import { list, text, textIn, countIn, texts, type Fact } from '../fact.ts';

export interface Vote {
  readonly by: string;
  readonly vote: string;
  readonly groups: readonly string[];
  readonly at: string;
}

/** What the events say of one approval. */
export interface ApprovalCase {
  readonly approval: string;
  readonly requested: Fact | null;
  readonly votes: readonly Vote[];
  readonly granted: Fact | null;
  readonly consumed: readonly Fact[];
  /** Votes that were not taken: of the owner, of somebody who voted already, of somebody who is no approver. */
  readonly refused: readonly Fact[];
  /** The last word: `requested`, `granted`, `rejected`, `expired`, `withdrawn`, `consumed`. */
  readonly state: string;
}

const types = ['requested', 'voted', 'granted', 'rejected', 'expired', 'withdrawn', 'consumed', 'refused'].map((name) => `approval.${name}`);

export function readApprovals(of: (...types: readonly string[]) => readonly Fact[]): ReadonlyMap<string, ApprovalCase> {
  const cases = Map.groupBy(of(...types), (fact) => text(fact, 'approval'));
  return new Map([...cases].map(([approval, facts]) => [approval, readCase(approval, facts)]));
}

function readCase(approval: string, facts: readonly Fact[]): ApprovalCase {
  const all = (name: string) => facts.filter(({ type }) => type === `approval.${name}`);
  const last = facts.findLast(({ type }) => type !== 'approval.voted' && type !== 'approval.refused');
  return {
    approval,
    requested: all('requested')[0] ?? null,
    votes: all('voted').map((fact) => ({ by: text(fact, 'by'), vote: text(fact, 'vote'), groups: texts(fact, 'groups'), at: fact.at })),
    granted: all('granted')[0] ?? null,
    consumed: all('consumed'),
    refused: all('refused'),
    state: last?.type.slice('approval.'.length) ?? 'voted on',
  };
}

/** The quorum that was asked for is met by distinct people: each group has as many approving voters as it wants. */
export function quorumMet({ requested, votes }: ApprovalCase): boolean {
  if (requested === null) return false;
  const approving = votes.filter(({ vote }) => vote === 'approve');
  const wanted = list(requested, 'quorum');
  return wanted.length > 0 && wanted.every((part) => new Set(approving.filter(({ groups }) => groups.includes(textIn(part, 'group'))).map(({ by }) => by)).size >= countIn(part, 'count'));
}

export const quorumText = (requested: Fact | null): string => (requested === null ? '' : list(requested, 'quorum').map((part) => `${countIn(part, 'count')} of ${textIn(part, 'group')}`).join('; '));
