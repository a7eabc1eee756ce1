import type { EventData, EventType } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { count, flag, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { finding } from './finding.ts';
import { endpointOf, machineUser } from './parties.ts';

/**
 * What machines may reach, until when. Granting and taking away is User Management (User Access before OCSF 1.9) of the machine; asking for it and using it are acts on the
 * interface of entitlements.
 */
export const entitlement = {
  'entitlement.granted': known<'entitlement.granted'>(
    object<EventData['entitlement.granted']>({
      entitlement: text, kind: oneOf('standing', 'jit', 'break-glass'), machine: text, target: text, role: orNull(text), from: text, until: text, uses: orNull(count), limited_by: orNull(text),
      request: orNull(text), approval: orNull(text), approved_by: list(text), reason: text,
    }),
    (_, d) => privileges('Access granted', `${d.machine} may reach ${d.target}${d.role === null ? '' : ` as ${d.role}`} until ${d.until} (${d.kind})`, 14, d, {
      severity: d.kind === 'break-glass' ? 'high' : 'low', reason: d.reason, control: { action: 'Allowed', disposition: d.approval === null ? 'Allowed' : 'Approved' },
    }),
  ),
  'entitlement.expired': known<'entitlement.expired'>(object<EventData['entitlement.expired']>({ entitlement: text, machine: text, target: text, why: oneOf('time', 'uses') }), (_, d) =>
    privileges('Access expired', `${d.machine} may reach ${d.target} no more: its ${d.why === 'time' ? 'time is over' : 'uses are spent'}`, 15, d, { severity: 'informational', reason: d.why }),
  ),
  'entitlement.revoked': known<'entitlement.revoked'>(object<EventData['entitlement.revoked']>({ entitlement: text, machine: text, target: text, why: text, review: orNull(text) }), (_, d) =>
    privileges('Access revoked', `${d.machine} may reach ${d.target} no more: ${d.why}`, 15, d, { severity: 'medium', reason: d.why, control: { action: 'Denied', disposition: 'Access Revoked' } }),
  ),
  'entitlement.requested': known<'entitlement.requested'>(
    object<EventData['entitlement.requested']>({ request: text, path: text, machine: text, target: text, role: orNull(text), seconds: count, uses: orNull(count), reason: text, by_connecting: flag, approval: orNull(text) }),
    (event, d) => act(event, 'entitlement.requested', `${d.machine} asks for ${d.target}${d.role === null ? '' : ` as ${d.role}`} for ${d.seconds} s by path ${d.path}${d.by_connecting ? ', by connecting' : ''}`, d.request, {
      title: 'Access asked for', activity: 1, reason: d.reason, ...(d.approval === null ? {} : { control: { action: 'Observed', disposition: 'Delayed' } }),
    }),
  ),
  'entitlement.refused': known<'entitlement.refused'>(object<EventData['entitlement.refused']>({ request: text, machine: text, target: text, role: orNull(text), code: text, say: text }), (event, d) =>
    act(event, 'entitlement.refused', `${d.machine} does not get ${d.target}${d.role === null ? '' : ` as ${d.role}`}: ${d.code}`, d.request, {
      title: 'Access refused', activity: 3, code: d.code, reason: d.say, outcome: 'failure', severity: 'low', control: { action: 'Denied', disposition: 'Rejected' },
    }),
  ),
  'entitlement.used': known<'entitlement.used'>(object<EventData['entitlement.used']>({ entitlement: text, session: text, machine: text, left: orNull(count) }), (event, d) =>
    act(event, 'entitlement.used', `${d.machine} uses ${d.entitlement} in session ${d.session}${d.left === null ? '' : `; uses left ${d.left}`}`, d.entitlement, { title: 'Access used', activity: 'entitlement.used', session: d.session, control: { action: 'Allowed', disposition: 'Allowed' } }),
  ),
  'entitlement.unused': known<'entitlement.unused'>(object<EventData['entitlement.unused']>({ entitlement: text, machine: text, target: text, days: count }), (event, d) =>
    finding(event, 'low', 'entitlement_unused', 'Access not used', `${d.machine} did not use its access to ${d.target} for ${d.days} days`, 'Least privilege', { resources: [{ uid: d.entitlement, type: 'entitlement' }, { name: d.target, type: 'target' }] }),
  ),
  'breakglass.opened': known<'breakglass.opened'>(object<EventData['breakglass.opened']>({ entitlement: text, machine: text, target: text, reason: text, by: text, until: text }), (event, d) =>
    finding(event, 'high', 'breakglass_opened', 'Emergency access opened', `${d.by} opened emergency access of ${d.machine} to ${d.target} until ${d.until}`, 'Emergency access', {
      evidence: { actor: { user: machineUser(d.machine) } }, resources: [{ uid: d.entitlement, type: 'entitlement' }, { name: d.target, type: 'target' }],
    }),
  ),
  'breakglass.reviewed': known<'breakglass.reviewed'>(object<EventData['breakglass.reviewed']>({ entitlement: text, machine: text, finding: oneOf('justified', 'not-justified'), say: text }), (event, d) =>
    act(event, 'breakglass.reviewed', `The emergency access of ${d.machine} was reviewed: ${d.finding}`, d.entitlement, { title: 'Emergency access reviewed', activity: 3, reason: d.say, severity: d.finding === 'justified' ? 'low' : 'high', code: d.finding }),
  ),
} satisfies Family;

interface Access {
  readonly entitlement: string;
  readonly machine: string;
  readonly target: string;
  readonly role?: string | null;
}

interface Words {
  readonly severity: Described['severity'];
  readonly reason: string;
  readonly control?: OcsfPlace['control'];
}

/** 14 Assign Privileges, 15 Remove Privileges. The user is the machine, whoever did it. */
function privileges(title: string, message: string, activity: 14 | 15, { entitlement: uid, machine, target, role }: Access, { severity, reason, control }: Words): Described {
  return {
    title, message, severity, outcome: 'success', code: null, reason, source: null,
    ocsf: {
      class: 'user_management', activity,
      members: { user: machineUser(machine), privileges: [role === undefined || role === null ? target : `${role}@${target}`], resources: [{ uid, type: 'entitlement' }, { name: target, type: 'target' }] },
      ...(control === undefined ? {} : { control }),
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', 'change'] },
  };
}

interface Act {
  readonly title: string;
  readonly activity: OcsfPlace['activity'];
  readonly code?: string;
  readonly reason?: string;
  readonly outcome?: 'failure';
  readonly severity?: Described['severity'];
  readonly session?: string;
  readonly control?: OcsfPlace['control'];
}

function act(event: Seen, operation: EventType, message: string, uid: string, { title, activity, code, reason, outcome, severity, session, control }: Act): Described {
  return {
    title, message, severity: severity ?? 'informational', outcome: outcome ?? 'success', code: code ?? null, reason: reason ?? null, source: null, session: session ?? null,
    ocsf: {
      class: 'api_activity', activity,
      members: { api: { operation, service: { name: 'entitlements' } }, src_endpoint: endpointOf(event, null), resources: [{ uid, type: operation.startsWith('entitlement.re') ? 'request' : 'entitlement' }] },
      ...(control === undefined ? {} : { control }),
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', outcome === 'failure' ? 'denied' : control?.action === 'Allowed' ? 'allowed' : 'info'] },
  };
}
