import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text, texts } from '../schema/schema.ts';
import { finding } from './finding.ts';
import { endpointOf, machineUser, whoOf } from './parties.ts';

type Recorded = EventData['nhi.recorded'];

/** Machines from draft to retirement: what is recorded of them, who answers for them, what state they work by. Names of people stand here where the event is about them. */
export const nhi = {
  'nhi.recorded': known<'nhi.recorded'>(
    object<Recorded>({
      machine: text, version: count, kind: text, owner: text, backup_owner: text, team: orNull(text), purpose: text, business_service: orNull(text), environment: text, criticality: text, groups: list(text),
      vendor: orNull(text), contract_end: orNull(text), review_by: text, state: text, bindings: list(text), source: text,
    }),
    (_, d) => about('Machine recorded', d.machine, `${d.machine} (${d.kind}, ${d.environment}, criticality ${d.criticality}) is recorded as ${d.state}, version ${d.version}`, {
      activity: d.version <= 1 ? 1 : 3, data: present({ version: d.version, criticality: d.criticality, environment: d.environment, state: d.state, vendor: d.vendor, contract_end: d.contract_end, review_by: d.review_by }),
      type: d.version <= 1 ? 'creation' : 'change',
    }),
  ),
  'nhi.state_changed': known<'nhi.state_changed'>(object<EventData['nhi.state_changed']>({ machine: text, from: text, to: text, why: text, until: orNull(text) }), (_, d) =>
    about('Machine changed state', d.machine, `${d.machine} is ${d.to} after ${d.from}${d.until === null ? '' : ` until ${d.until}`}: ${d.why}`, {
      activity: d.from === 'suspended' && d.to === 'active' ? 13 : (stateActivities[d.to] ?? 3), reason: d.why, severity: ['suspended', 'attention'].includes(d.to) ? 'medium' : 'low', type: 'change',
      ...(d.to === 'suspended' || d.to === 'retired' ? { control: { action: 'Denied', disposition: 'Access Revoked' } } : {}),
    }),
  ),
  'nhi.suspended': known<'nhi.suspended'>(object<EventData['nhi.suspended']>({ machine: text, why: text }), (_, d) =>
    about('Machine suspended', d.machine, `${d.machine} was suspended: ${d.why}`, { activity: 12, reason: d.why, severity: 'medium', type: 'change', control: { action: 'Denied', disposition: 'Access Revoked' } }),
  ),
  'nhi.transfer_requested': known<'nhi.transfer_requested'>(object<EventData['nhi.transfer_requested']>({ machine: text, owner: text, previous_owner: text, reason: text }), (event, d) =>
    about('Transfer of a machine asked for', d.machine, `${whoOf(event)} asks ${d.owner} to answer for ${d.machine} after ${d.previous_owner}`, { activity: 'nhi.transfer_requested', reason: d.reason, type: 'change' }),
  ),
  'nhi.owner_accepted': known<'nhi.owner_accepted'>(object<EventData['nhi.owner_accepted']>({ machine: text, owner: text, previous_owner: text, approval: text }), (_, d) =>
    about('Owner accepted', d.machine, `${d.owner} answers for ${d.machine} after ${d.previous_owner}; others have to agree (${d.approval})`, { activity: 3, data: { owner: d.owner, previous_owner: d.previous_owner, approval: d.approval }, severity: 'low', type: 'change' }),
  ),
  'nhi.reactivated': known<'nhi.reactivated'>(object<EventData['nhi.reactivated']>({ machine: text, owner: text, approval: text, approved_by: list(text) }), (_, d) =>
    about('Machine works again', d.machine, `${d.machine} works again: ${d.owner} answers for it, ${d.approval} was granted`, { activity: 13, data: { owner: d.owner, approval: d.approval }, severity: 'low', type: 'change', control: { action: 'Allowed', disposition: 'Approved' } }),
  ),
  'nhi.imported': known<'nhi.imported'>(object<EventData['nhi.imported']>({ source: text, found: count, drafted: count, known: count, digest: text }), (event, d) => ({
    title: 'Machines imported',
    message: `${whoOf(event)} read ${d.found} machines from ${d.source}: ${d.drafted} drafted, ${d.known} known`,
    severity: 'low', outcome: 'success', code: null, reason: null, source: null,
    ocsf: { class: 'entity_management', activity: 1, members: { entity: { name: d.source, uid: d.digest, type_id: 99, type: 'Inventory', data: { found: d.found, drafted: d.drafted, known: d.known } } } },
    ecs: { kind: 'event', category: ['iam'], type: ['user', 'creation'] },
  })),
  'nhi.candidate': known<'nhi.candidate'>(object<EventData['nhi.candidate']>({ candidate: text, issuer: text, claims: texts, source: text }), (event, d) =>
    finding(event, 'medium', 'nhi_candidate', 'Unknown machine', `Somebody with a genuine token of ${d.issuer} came whom no binding names (${d.candidate})`, 'Unknown identity', {
      source: d.source, evidence: { src_endpoint: endpointOf(event, d.source) }, resources: [{ uid: d.candidate, type: 'candidate' }], disposition: 'Blocked',
    }),
  ),
  'nhi.candidate_decided': known<'nhi.candidate_decided'>(object<EventData['nhi.candidate_decided']>({ candidate: text, decision: oneOf('adopted', 'blocked', 'dismissed'), machine: orNull(text) }), (event, d) => ({
    title: 'Unknown machine decided on',
    message: `${whoOf(event)} ${d.decision} ${d.candidate}${d.machine === null ? '' : ` as ${d.machine}`}`,
    severity: 'low', outcome: 'success', code: null, reason: null, source: null,
    ocsf: {
      class: 'entity_management', activity: 3, members: { entity: present({ name: d.machine, uid: d.candidate, type_id: 99, type: 'Candidate', data: { decision: d.decision } }) },
      ...(d.decision === 'dismissed' ? {} : { control: d.decision === 'adopted' ? ({ action: 'Allowed', disposition: 'Approved' } as const) : ({ action: 'Denied', disposition: 'Rejected' } as const) }),
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', d.decision === 'adopted' ? 'creation' : 'change'] },
  })),
} satisfies Family;

/** Entity Management: 10 Activate, 11 Deactivate, 12 Suspend. Draft and attention are updates. */
const stateActivities: Readonly<Record<string, number>> = { active: 10, suspended: 12, retired: 11 };

interface About {
  readonly activity: OcsfPlace['activity'];
  readonly data?: JsonObject;
  readonly reason?: string;
  readonly severity?: Described['severity'];
  readonly type: 'creation' | 'change';
  readonly control?: OcsfPlace['control'];
}

function about(title: string, machine: string, message: string, { activity, data, reason, severity, type, control }: About): Described {
  return {
    title, message, severity: severity ?? 'informational', outcome: 'success', code: null, reason: reason ?? null, source: null,
    ocsf: {
      class: 'entity_management', activity,
      members: { entity: present({ name: machine, uid: machine, type_id: 2, type: 'User', user: machineUser(machine), data }), ...(reason === undefined ? {} : { comment: reason }) },
      ...(control === undefined ? {} : { control }),
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', type] },
  };
}
