import type { EventData } from '@sallyport/domain-events';
import { partyId } from '@sallyport/domain-model';
import { requesterOf, type ApprovalEvent, type Requested } from './event.ts';
import type { ApprovalState } from './state.ts';

/** One evidence event: its type, its data and whose act it was. */
export type ApprovalEvidence = { [T in EvidenceType]: { readonly type: T; readonly data: EventData[T]; readonly who: string } }[EvidenceType];
type EvidenceType = 'approval.requested' | 'approval.voted' | 'approval.granted' | 'approval.rejected' | 'approval.expired' | 'approval.withdrawn' | 'approval.consumed';

/** What the ledger is told. `state` is the state after the event. */
export function evidenceOf(approval: string, event: ApprovalEvent, { asked }: ApprovalState): ApprovalEvidence {
  const asker = requesterOf(asked);
  const service = 'service:approvals';
  switch (event.type) {
    case 'requested': {
      const { session, command, shape, binding, quorum, expires, rules, target } = asked;
      return { type: 'approval.requested', who: asker, data: { approval, session, command, machine: asked.machine, target, shape, binding, quorum, expires, rules, ...subjectOf(asked), ...(asked.behalf === undefined ? {} : { behalf: partyId(asked.behalf) }) } };
    }
    case 'voted':
      return { type: 'approval.voted', who: `person:${event.by}`, data: { approval, by: event.by, vote: event.vote, groups: event.groups } };
    case 'granted':
      return { type: 'approval.granted', who: service, data: { approval, by: event.by } };
    case 'rejected':
      return { type: 'approval.rejected', who: `person:${event.by}`, data: { approval, by: event.by } };
    case 'expired':
      return { type: 'approval.expired', who: service, data: { approval } };
    case 'withdrawn':
      return { type: 'approval.withdrawn', who: event.by === 'service' ? service : asker, data: { approval, why: event.why } };
    case 'consumed':
      return { type: 'approval.consumed', who: event.session === null ? service : `machine:${asked.machine ?? ''}`, data: { approval, session: event.session, command: event.command, ...subjectOf(asked), ...(event.run === undefined ? {} : { run: event.run }) } };
  }
}

/** Only where there is one: events of held commands stay as they were. */
const subjectOf = ({ subject }: Requested) => (subject === null ? {} : { subject });
