import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { finding } from './finding.ts';
import { machineUser, whoOf } from './parties.ts';

/** Reviews of access, from the campaign to what follows from it, and the policies that are proposed for less of it. */
export const review = {
  'review.opened': known<'review.opened'>(object<EventData['review.opened']>({ campaign: text, scope: text, items: count, due: text, grace_days: count }), (_, d) =>
    managed('Review opened', `Review ${d.campaign} of ${d.items} items (${d.scope}) is due on ${d.due}`, 1, campaign(d.campaign, { items: d.items, due: d.due, grace_days: d.grace_days })),
  ),
  'review.item': known<'review.item'>(
    object<EventData['review.item']>({
      campaign: text, item: text, machine: text, entitlement: orNull(text), target: orNull(text), role: orNull(text), reviewers: list(text), used: list(text), used_count: count, unused: list(text), last_used: orNull(text),
    }),
    (_, d) => managed('Review item', `The access of ${d.machine}${d.target === null ? '' : ` to ${d.target}`} is to be reviewed: rights used ${d.used_count}, not used ${d.unused.length}`, 1, item(d.item, d.machine, { used: d.used_count, unused: d.unused.length })),
  ),
  'review.decided': known<'review.decided'>(
    object<EventData['review.decided']>({ campaign: text, item: text, machine: text, decision: oneOf('keep', 'narrow', 'revoke'), reason: text, policy: orNull(text) }),
    (event, d) => managed('Review decided', `${whoOf(event)} decided on the access of ${d.machine}: ${d.decision}`, 3, item(d.item, d.machine, present({ decision: d.decision, policy: d.policy })), {
      severity: d.decision === 'revoke' ? 'medium' : 'low', reason: d.reason, control: decisions[d.decision],
    }),
  ),
  'review.delegated': known<'review.delegated'>(object<EventData['review.delegated']>({ campaign: text, item: text, machine: text, to: text, reason: text }), (event, d) =>
    managed('Review delegated', `${whoOf(event)} handed the review of the access of ${d.machine} to ${d.to}`, 3, item(d.item, d.machine, { to: d.to }), { severity: 'low', reason: d.reason }),
  ),
  'review.overdue': known<'review.overdue'>(object<EventData['review.overdue']>({ campaign: text, item: text, machine: text, due: text, stops: text }), (event, d) =>
    finding(event, 'medium', 'review_overdue', 'Review overdue', `Nobody decided on the access of ${d.machine} by ${d.due}; it stops on ${d.stops}`, 'Access review', { resources: [{ uid: d.item, type: 'review item' }, { name: d.machine, type: 'machine' }] }),
  ),
  'review.stopped': known<'review.stopped'>(object<EventData['review.stopped']>({ campaign: text, item: text, machine: text, entitlement: orNull(text) }), (_, d) => ({
    title: 'Access stopped: not reviewed',
    message: `The access of ${d.machine} stops: nobody reviewed it in time`,
    severity: 'high', outcome: 'success', code: 'review_stopped', reason: null, source: null,
    ocsf: {
      class: 'user_management', activity: 15,
      members: { user: machineUser(d.machine), privileges: [d.entitlement ?? 'all'], resources: [{ uid: d.item, type: 'review item' }] },
      control: { action: 'Denied', disposition: 'Access Revoked' },
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', 'change'] },
  })),
  'review.closed': known<'review.closed'>(object<EventData['review.closed']>({ campaign: text, kept: count, narrowed: count, revoked: count, stopped: count }), (_, d) =>
    managed('Review closed', `Review ${d.campaign} is closed: kept ${d.kept}, narrowed ${d.narrowed}, revoked ${d.revoked}, stopped ${d.stopped}`, 3, campaign(d.campaign, { kept: d.kept, narrowed: d.narrowed, revoked: d.revoked, stopped: d.stopped }), { severity: 'low' }),
  ),
  'policy.proposed': known<'policy.proposed'>(object<EventData['policy.proposed']>({ machine: text, from: text, to: text, digest: text, rules: count }), (_, d) =>
    managed('Policy proposed', `${d.rules} rules would have allowed what ${d.machine} did from ${d.from} to ${d.to}`, 1, draft(d.digest, { machine: d.machine, rules: d.rules })),
  ),
  'policy.simulated': known<'policy.simulated'>(object<EventData['policy.simulated']>({ digest: text, from: text, to: text, commands: count, changed: count }), (_, d) =>
    managed('Policy simulated', `A draft would have decided ${d.changed} of ${d.commands} commands otherwise`, 2, draft(d.digest, { commands: d.commands, changed: d.changed }), { type: 'info' }),
  ),
} satisfies Family;

const decisions = {
  keep: { action: 'Allowed', disposition: 'Approved' },
  narrow: { action: 'Modified', disposition: { other: 'Narrowed' } },
  revoke: { action: 'Denied', disposition: 'Access Revoked' },
} as const satisfies Record<string, OcsfPlace['control']>;

const campaign = (uid: string, data: JsonObject): JsonObject => ({ name: uid, uid, type_id: 99, type: 'ReviewCampaign', data });
const item = (uid: string, machine: string, data: JsonObject): JsonObject => ({ name: machine, uid, type_id: 99, type: 'ReviewItem', data });
const draft = (uid: string, data: JsonObject): JsonObject => ({ name: 'draft', uid, type_id: 5, type: 'Policy', data });

interface Rest {
  readonly severity?: Described['severity'];
  readonly reason?: string;
  readonly control?: OcsfPlace['control'];
  readonly type?: 'info';
}

function managed(title: string, message: string, activity: 1 | 2 | 3, entity: JsonObject, { severity, reason, control, type }: Rest = {}): Described {
  return {
    title, message, severity: severity ?? 'informational', outcome: 'success', code: null, reason: reason ?? null, source: null,
    ocsf: { class: 'entity_management', activity, members: { entity, ...(reason === undefined ? {} : { comment: reason }) }, ...(control === undefined ? {} : { control }) },
    ecs: { kind: 'event', category: ['iam'], type: [type ?? (activity === 1 ? 'creation' : 'change')] },
  };
}
