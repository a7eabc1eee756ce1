import { millis } from '@sallyport/domain-model';
import type { ApprovalEvent, Requested } from './event.ts';
import { quorumMet } from './quorum.ts';
import type { ApprovalState } from './state.ts';

/**
 * The life of an approval:
 *
 *     pending  → approved | rejected | expired | withdrawn
 *     approved → consumed | expired | withdrawn
 *
 * Pure: time comes with the command, membership of groups too.
 */
export type ApprovalCommand =
  | { readonly do: 'open'; readonly at: string; readonly request: Omit<Requested, 'type' | 'at'> }
  /** `groups`: approver groups of which the voter is a member now. */
  | { readonly do: 'vote'; readonly at: string; readonly by: string; readonly vote: 'approve' | 'reject'; readonly groups: readonly string[] }
  | { readonly do: 'expire'; readonly at: string }
  | { readonly do: 'withdraw'; readonly at: string; readonly why: string }
  | { readonly do: 'consume'; readonly at: string; readonly session: string; readonly command: string; readonly binding: string };

/** Closed list; the contracts in platform-bus name which of them each subject answers. */
export type RefusedCode = 'not-pending' | 'expired' | 'already-voted' | 'self-approval' | 'not-an-approver' | 'not-approved' | 'spent' | 'mismatch' | 'exists';

/** Both can be present: a vote on an overdue request is refused, and finds out that the request has expired. */
export interface Outcome {
  readonly events: readonly ApprovalEvent[];
  readonly refused: { readonly code: RefusedCode; readonly say: string } | null;
}

type Of<D extends ApprovalCommand['do']> = Extract<ApprovalCommand, { do: D }>;

export function decide(state: ApprovalState | null, command: ApprovalCommand): Outcome {
  if (command.do === 'open') return state === null ? then({ type: 'requested', at: command.at, ...command.request }) : no('exists', 'this approval was already requested');
  if (state === null) throw new Error(`${command.do} needs an approval that exists`);
  const live = state.phase === 'pending' || state.phase === 'approved';
  const overdue = live && millis(command.at) >= millis(state.asked.expires);
  if (command.do === 'expire') return overdue ? then({ type: 'expired', at: command.at }) : then();
  if (overdue) return { events: [{ type: 'expired', at: command.at }], refused: { code: 'expired', say: `this approval expired at ${state.asked.expires}` } };
  switch (command.do) {
    case 'vote':
      return vote(state, command);
    case 'withdraw':
      return live ? then({ type: 'withdrawn', at: command.at, why: command.why }) : ended(state);
    case 'consume':
      return consume(state, command);
  }
}

function vote(state: ApprovalState, { at, by, vote, groups }: Of<'vote'>): Outcome {
  const { asked, votes } = state;
  if (state.phase === 'expired') return no('expired', `this approval expired at ${asked.expires}`);
  if (votes.some((earlier) => earlier.by === by)) return no('already-voted', `${by} has already voted on this approval; a vote cannot be changed`);
  if (state.phase !== 'pending') return ended(state);
  const seats = asked.quorum.map(({ group }) => group).filter((group) => groups.includes(group));
  // Nobody is told more than whether they may vote; being an administrator is not asked about anywhere.
  if (vote === 'approve' && by === asked.owner) return no('self-approval', `${by} owns the machine ${asked.machine} and so counts as the one who asks; somebody else must approve`);
  if (seats.length === 0) return no('not-an-approver', `${by} is in none of the approver groups of this request: ${asked.quorum.map(({ group }) => group).join(', ')}`);
  const voted: ApprovalEvent = { type: 'voted', at, by, vote, groups: seats };
  if (vote === 'reject') return then(voted, { type: 'rejected', at, by });
  const agreed = [...votes, voted];
  return quorumMet(asked.quorum, agreed) ? then(voted, { type: 'granted', at, by: agreed.map((one) => one.by) }) : then(voted);
}

/** Spends it. Bound to the exact command: anything else that shows this approval's id gets nothing and spends nothing. */
function consume(state: ApprovalState, { at, session, command, binding }: Of<'consume'>): Outcome {
  const { asked } = state;
  if (session !== asked.session || command !== asked.command || binding !== asked.binding) return no('mismatch', 'this approval is for another command');
  switch (state.phase) {
    case 'approved':
      return then({ type: 'consumed', at, session, command });
    case 'consumed':
      return no('spent', 'this approval was already spent');
    case 'expired':
      return no('expired', `this approval expired at ${asked.expires}`);
    case 'pending':
    case 'rejected':
    case 'withdrawn':
      return no('not-approved', `this approval is ${state.phase}`);
  }
}

const then = (...events: ApprovalEvent[]): Outcome => ({ events, refused: null });
const no = (code: RefusedCode, say: string): Outcome => ({ events: [], refused: { code, say } });
const ended = (state: ApprovalState): Outcome => no('not-pending', `this approval is already ${state.phase}`);
