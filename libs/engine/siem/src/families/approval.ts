import type { EventData, EventType } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import type { Json } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { array, count, flag, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { endpointOf, targetOf } from './parties.ts';

/** Approvals, from the request to its use. Each is an act on the approval's own interface. */
export const approval = {
  'approval.requested': known<'approval.requested'>(
    object<Omit<EventData['approval.requested'], 'subject' | 'behalf'>>({
      approval: text, session: orNull(text), command: orNull(text), machine: orNull(text), target: orNull(text), shape: text, binding: text,
      quorum: array(object<{ group: string; count: number }>({ group: text, count })), expires: text, rules: list(text),
    }),
    (event, d) => act(event, 'approval.requested', d.approval, {
      title: 'Approval requested', message: `${d.machine ?? 'somebody'} asks for approval ${d.approval}${d.subject === undefined ? '' : ` of ${d.subject.kind} ${d.subject.id}`}${d.target === null ? '' : ` on ${d.target}`}`, outcome: 'success', activity: 1, control: { action: 'Observed', disposition: 'Delayed' }, type: 'info', session: d.session,
    }),
  ),
  'approval.voted': known<'approval.voted'>(object<EventData['approval.voted']>({ approval: text, by: text, vote: oneOf('approve', 'reject'), groups: list(text) }), (event, d) =>
    act(event, 'approval.voted', d.approval, {
      title: 'Approval voted', message: `${d.by} voted to ${d.vote} ${d.approval}`, outcome: 'success', activity: 3,
      control: d.vote === 'approve' ? { action: 'Allowed', disposition: 'Approved' } : { action: 'Denied', disposition: 'Rejected' }, type: 'change',
    }),
  ),
  'approval.granted': known<'approval.granted'>(object<EventData['approval.granted']>({ approval: text, by: list(text) }), (event, d) =>
    act(event, 'approval.granted', d.approval, { title: 'Approval granted', message: `${d.approval} was granted by ${d.by.join(', ')}`, outcome: 'success', activity: 3, control: { action: 'Allowed', disposition: 'Approved' }, type: 'allowed' }),
  ),
  'approval.rejected': known<'approval.rejected'>(object<EventData['approval.rejected']>({ approval: text, by: text }), (event, d) =>
    act(event, 'approval.rejected', d.approval, { title: 'Approval rejected', message: `${d.approval} was rejected by ${d.by}`, outcome: 'failure', activity: 3, control: { action: 'Denied', disposition: 'Rejected' }, type: 'denied' }),
  ),
  'approval.expired': known<'approval.expired'>(object<EventData['approval.expired']>({ approval: text }), (event, d) =>
    act(event, 'approval.expired', d.approval, { title: 'Approval expired', message: `${d.approval} found no quorum in time`, outcome: 'failure', activity: 3, control: { action: 'Denied', disposition: { other: 'Expired' } }, type: 'end' }),
  ),
  'approval.withdrawn': known<'approval.withdrawn'>(object<EventData['approval.withdrawn']>({ approval: text, why: text }), (event, d) =>
    act(event, 'approval.withdrawn', d.approval, { title: 'Approval withdrawn', message: `${d.approval} was withdrawn: ${d.why}`, outcome: 'failure', activity: 3, control: { action: 'Denied', disposition: { other: 'Withdrawn' } }, type: 'end', reason: d.why }),
  ),
  'approval.consumed': known<'approval.consumed'>(object<Omit<EventData['approval.consumed'], 'subject' | 'run'>>({ approval: text, session: orNull(text), command: orNull(text) }), (event, d) =>
    act(event, 'approval.consumed', d.approval, { title: 'Approval used', message: d.command === null ? `${d.approval} was used` : `${d.approval} was used by command ${d.command}`, outcome: 'success', activity: 3, control: { action: 'Allowed', disposition: 'Allowed' }, type: 'allowed', session: d.session }),
  ),
  'approval.refused': known<'approval.refused'>(object<EventData['approval.refused']>({ approval: text, by: text, code: text, say: text }), (event, d) =>
    act(event, 'approval.refused', d.approval, {
      title: 'Vote refused', message: `A vote of ${d.by} on ${d.approval} was refused: ${d.code}`, outcome: 'failure', activity: 3, control: { action: 'Denied', disposition: 'Unauthorized' }, type: 'denied', code: d.code, reason: d.say, severity: 'medium',
    }),
  ),
  'approval.notified': known<'approval.notified'>(object<EventData['approval.notified']>({ approval: text, state: text, attempts: count, ok: flag }), (event, d) =>
    act(event, 'approval.notified', d.approval, {
      title: 'Approvers notified', message: `Notice of ${d.approval} (${d.state}) ${d.ok ? 'was delivered' : 'was not delivered'}, attempts ${d.attempts}`, outcome: d.ok ? 'success' : 'failure', activity: 'notify', type: 'info', severity: d.ok ? 'informational' : 'low',
    }),
  ),
  'approval.manifest': known<'approval.manifest'>(object<EventData['approval.manifest']>({ approval: text, manifest: text, count, runs: count, machine: text, target: text }), (event, d) =>
    act(event, 'approval.manifest', d.approval, { title: 'Manifest to be approved', message: `${d.machine} asks with ${d.approval} for ${d.count} statements on ${d.target} at once`, outcome: 'success', activity: 1, control: { action: 'Observed', disposition: 'Delayed' }, type: 'info' }),
  ),
} satisfies Family;

interface Act {
  readonly title: string;
  readonly message: string;
  readonly outcome: 'success' | 'failure';
  readonly activity: OcsfPlace['activity'];
  readonly control?: OcsfPlace['control'];
  readonly type: Described['ecs']['type'][number];
  readonly code?: string;
  readonly reason?: string;
  readonly severity?: Described['severity'];
  readonly session?: string | null;
}

function act(event: Seen, operation: EventType, uid: string, { title, message, outcome, activity, control, type, code, reason, severity, session }: Act): Described {
  const resource: Record<string, Json> = { uid, type: 'approval' };
  return {
    title, message, severity: severity ?? 'informational', outcome, code: code ?? null, reason: reason ?? null, source: null, session: session ?? null,
    ocsf: {
      class: 'api_activity', activity,
      members: { api: { operation, service: { name: 'approvals' } }, src_endpoint: endpointOf(event, null), dst_endpoint: targetOf(event), resources: [resource] },
      ...(control === undefined ? {} : { control }),
    },
    ecs: { kind: 'event', category: ['iam'], type: [type] },
  };
}

