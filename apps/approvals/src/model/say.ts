import type { ApprovalState } from './state.ts';

/** The state in one sentence, for the machine that waits, the bus and the webhook. No text, no comment. */
export function say({ phase, asked, votes, granted, withdrawnBy }: ApprovalState): string {
  const approvers = granted?.by.join(', ') ?? 'nobody known';
  switch (phase) {
    case 'pending':
      return `waits for ${asked.quorum.map(({ group, count }) => `${count} of ${group}`).join(' and ')} until ${asked.expires}`;
    case 'approved':
      return `approved by ${approvers}`;
    case 'consumed':
      return `approved by ${approvers} and spent`;
    case 'rejected':
      return `rejected by ${votes.find(({ vote }) => vote === 'reject')?.by ?? 'nobody known'}`;
    case 'expired':
      return `expired at ${asked.expires} without being used`;
    case 'withdrawn':
      return withdrawnBy === 'service' ? 'withdrawn: what it was asked for is no longer wanted or no longer possible' : 'withdrawn by the machine that asked';
  }
}
