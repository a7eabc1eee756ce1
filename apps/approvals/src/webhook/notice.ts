import type { ApprovalSubject } from '@sallyport/platform-bus';
import { requesterOf } from '../model/event.ts';
import type { ApprovalState, Phase } from '../model/state.ts';
import { say } from '../model/say.ts';

/**
 * What a webhook is told of one change of state. The statement's shape (no literals), never its text, parameters or comments: the
 * receiver is a chat or a ticket system, and who may see the text is decided where the text is shown.
 */
export interface Notice {
  readonly id: string;
  readonly type: `approval.${Phase}`;
  /** Place of the change in the approval's history: a receiver that gets notices out of order keeps the highest. */
  readonly seq: number;
  readonly approval: string;
  readonly state: Phase;
  readonly say: string;
  /** What is asked for: null is a held command. */
  readonly subject: ApprovalSubject | null;
  readonly requester: string;
  readonly machine: string | null;
  readonly target: string | null;
  readonly environment: string | null;
  readonly shape: string;
  readonly quorum: readonly { readonly group: string; readonly count: number }[];
  readonly expires: string;
  readonly url: string;
}

export function noticeOf(id: string, approval: string, seq: number, url: string, state: ApprovalState): Notice {
  const { phase, asked } = state;
  const { subject, machine, target, environment, shape, quorum, expires } = asked;
  return { id, type: `approval.${phase}`, seq, approval, state: phase, say: say(state), subject, requester: requesterOf(asked), machine, target, environment, shape, quorum, expires, url };
}
