import type { Approval } from '@sallyport/platform-bus';
import { requesterOf } from '../model/event.ts';
import type { ApprovalState } from '../model/state.ts';

/** What only `show` may tell. */
export interface OpenedParts {
  readonly text: string;
  readonly parameters: Approval['parameters'];
  comment(by: string): string | null;
}

/** An approval in the words of the contract. */
export function view(id: string, { phase, asked, votes }: ApprovalState, opened: OpenedParts | null = null): Approval {
  const { at, type: _type, binding: _binding, slice: _slice, ...rest } = asked;
  return {
    id, state: phase, created: at, ...rest, requester: requesterOf(asked), behalf: asked.behalf ?? null,
    votes: votes.map(({ by, vote, at }) => ({ by, vote, at, comment: opened?.comment(by) ?? null })),
    text: opened?.text ?? null, parameters: opened?.parameters ?? null, manifest: null,
  };
}
