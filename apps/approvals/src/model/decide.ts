import { millis } from '@sallyport/domain-model';
import type { ApprovalSubject } from '@sallyport/platform-bus';
import { requesterOf, type ApprovalEvent, type Requested, type Vote } from './event.ts';
import { quorumMet } from './quorum.ts';
import type { ApprovalState } from './state.ts';

/**
 * The life of an approval:
 *
 *     pending  → approved | rejected | expired | withdrawn
 *     approved → consumed | expired | withdrawn
 *
 * Pure: time comes with the command, and so do people, groups and machines as they are now.
 */
export type ApprovalCommand =
  | { readonly do: 'open'; readonly at: string; readonly request: Omit<Requested, 'type' | 'at'> }
  | VoteCommand
  | { readonly do: 'expire'; readonly at: string }
  /** Takes it back where its machine was stopped (`why`); does nothing where not. */
  | { readonly do: 'stop'; readonly at: string; readonly why: string | null }
  | { readonly do: 'withdraw'; readonly at: string; readonly why: string; readonly by?: 'machine' | 'service' }
  | { readonly do: 'consume'; readonly at: string; readonly session: string; readonly command: string; readonly binding: string; readonly barred: string | null }
  /** One run of a statement of a manifest; whether any run is left is not known here. */
  | { readonly do: 'use'; readonly at: string; readonly barred: string | null }
  | { readonly do: 'spend'; readonly at: string; readonly subject: ApprovalSubject; readonly binding: string; readonly barred: string | null };

export interface VoteCommand {
  readonly do: 'vote';
  readonly at: string;
  readonly by: string;
  readonly vote: 'approve' | 'reject';
  /** Approver groups of which the voter is a member now. */
  readonly groups: readonly string[];
  /** People who count as the one who asks. */
  readonly asking: ReadonlySet<string>;
  /** The approver groups of which somebody who voted earlier is a member now: none for who has left. */
  readonly stillIn: (by: string) => readonly string[];
  /** Null while the machine that asks may be given leave; else why not. */
  readonly barred: string | null;
}

/** Closed list; the contracts in platform-bus name which of them each subject answers. */
export type RefusedCode = 'not-pending' | 'expired' | 'already-voted' | 'self-approval' | 'not-an-approver' | 'not-approved' | 'spent' | 'mismatch' | 'machine-not-active' | 'exists';

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
    case 'stop':
      return live && command.why !== null ? then({ type: 'withdrawn', at: command.at, why: command.why, by: 'service' }) : then();
    case 'withdraw':
      return live ? then({ type: 'withdrawn', at: command.at, why: command.why, by: command.by ?? 'machine' }) : ended(state);
    case 'consume':
      return consume(state, command);
    case 'spend':
      return spend(state, command);
    case 'use':
      return state.asked.subject?.kind === 'manifest' ? spent(state, null, command.barred) : no('mismatch', 'this approval is for one command');
  }
}

function vote(state: ApprovalState, { at, by, vote, groups, asking, stillIn, barred }: VoteCommand): Outcome {
  const { asked, votes } = state;
  if (state.phase === 'expired') return no('expired', `this approval expired at ${asked.expires}`);
  if (votes.some((earlier) => earlier.by === by)) return no('already-voted', `${by} has already voted on this approval; a vote cannot be changed`);
  if (state.phase !== 'pending') return ended(state);
  const seats = asked.quorum.map(({ group }) => group).filter((group) => groups.includes(group));
  // Nobody is told more than whether they may vote; being an administrator is not asked about anywhere.
  if (vote === 'approve' && asking.has(by)) return no('self-approval', `${by} ${requesterOf(asked) === `person:${by}` || asked.machine === null ? 'asks for this himself' : asked.behalf?.kind === 'person' && asked.behalf.name === by ? `is whom the machine ${asked.machine} acts for and so counts as the one who asks` : `owns the machine ${asked.machine} and so counts as the one who asks`}; somebody else must approve`);
  if (seats.length === 0) return no('not-an-approver', `${by} is in none of the approver groups of this request: ${asked.quorum.map(({ group }) => group).join(', ')}`);
  const voted: ApprovalEvent = { type: 'voted', at, by, vote, groups: seats };
  if (vote === 'reject') return then(voted, { type: 'rejected', at, by });
  if (barred !== null) return no('machine-not-active', barred);
  const agreed = [...votes.filter((earlier) => !asking.has(earlier.by)).map((earlier) => standing(earlier, stillIn)), voted];
  return quorumMet(asked.quorum, agreed) ? then(voted, { type: 'granted', at, by: agreed.filter((one) => one.groups.length > 0).map((one) => one.by) }) : then(voted);
}

/** A vote counts for the groups that it was given in and of which the voter is a member still, so that who has left by the time the quorum is full is not part of it. */
const standing = (vote: Vote, stillIn: VoteCommand['stillIn']): Vote => ({ ...vote, groups: vote.groups.filter((group) => stillIn(vote.by).includes(group)) });

/** Spends it. Bound to the exact command: anything else that shows this approval's id gets nothing and spends nothing. */
function consume(state: ApprovalState, { at, session, command, binding, barred }: Of<'consume'>): Outcome {
  const { asked } = state;
  if (asked.subject !== null || session !== asked.session || command !== asked.command || binding !== asked.binding) return no('mismatch', 'this approval is for another command');
  return spent(state, { type: 'consumed', at, session, command }, barred);
}

/** The same for what is no command. A manifest is not spent: its statements are, one by one. */
function spend(state: ApprovalState, { at, subject, binding, barred }: Of<'spend'>): Outcome {
  const { asked } = state;
  if (asked.subject === null || asked.subject.kind === 'manifest' || asked.subject.kind !== subject.kind || asked.subject.id !== subject.id || asked.binding !== binding) return no('mismatch', 'this approval is for something else');
  return spent(state, { type: 'consumed', at, session: null, command: null }, barred);
}

function spent(state: ApprovalState, consumed: ApprovalEvent | null, barred: string | null): Outcome {
  switch (state.phase) {
    case 'approved':
      return barred !== null ? no('machine-not-active', barred) : consumed === null ? then() : then(consumed);
    case 'consumed':
      return no('spent', 'this approval was already spent');
    case 'expired':
      return no('expired', `this approval expired at ${state.asked.expires}`);
    case 'pending':
    case 'rejected':
    case 'withdrawn':
      return no('not-approved', `this approval is ${state.phase}`);
  }
}

const then = (...events: ApprovalEvent[]): Outcome => ({ events, refused: null });
const no = (code: RefusedCode, say: string): Outcome => ({ events: [], refused: { code, say } });
const ended = (state: ApprovalState): Outcome => no('not-pending', `this approval is already ${state.phase}`);
