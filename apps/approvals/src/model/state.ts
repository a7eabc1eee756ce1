import type { z } from 'zod';
import type { approvalState } from '@sallyport/platform-bus';
import type { ApprovalEvent, Requested, Vote } from './event.ts';

export type Phase = z.infer<typeof approvalState>;

/** Where one approval stands. */
export interface ApprovalState {
  readonly phase: Phase;
  readonly asked: Requested;
  readonly votes: readonly Vote[];
  /** When the last needed person said yes and who made up the quorum; null before. */
  readonly granted: { readonly at: string; readonly by: readonly string[] } | null;
  /** Who took it back, and null while nobody did. */
  readonly withdrawnBy: 'machine' | 'service' | null;
}

/** Null before the request. An event that cannot follow is a fault in the store, and says so: nothing is decided on it. */
export function evolve(state: ApprovalState | null, event: ApprovalEvent): ApprovalState {
  if (event.type === 'requested') {
    if (state !== null) throw new BrokenHistoryError('requested twice');
    return { phase: 'pending', asked: event, votes: [], granted: null, withdrawnBy: null };
  }
  if (state === null) throw new BrokenHistoryError(`${event.type} before it was requested`);
  switch (event.type) {
    case 'voted':
      return { ...state, votes: [...state.votes, event] };
    case 'granted':
      return { ...state, phase: 'approved', granted: { at: event.at, by: event.by } };
    case 'withdrawn':
      return { ...state, phase: 'withdrawn', withdrawnBy: event.by };
    case 'rejected':
    case 'expired':
    case 'consumed':
      return { ...state, phase: event.type };
  }
}

export function fold(events: readonly ApprovalEvent[]): ApprovalState {
  const state = events.reduce<ApprovalState | null>(evolve, null);
  if (state === null) throw new BrokenHistoryError('no events');
  return state;
}

/** The stored history of an approval contradicts itself. */
export class BrokenHistoryError extends Error {
  readonly code = 'ERR_BROKEN_APPROVAL_HISTORY';
  constructor(what: string) {
    super(`history of an approval is broken: ${what}`);
  }
}
