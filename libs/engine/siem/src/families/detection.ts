import type { EventData } from '@sallyport/domain-events';
import { present } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { finding } from './finding.ts';
import { endpointOf, machineUser, whoOf } from './parties.ts';

/** What looks wrong about how machines' identities are used. Detection Findings, all of them; none of them blocks anything by itself. */
export const detection = {
  'detect.human_use': known<'detect.human_use'>(object<EventData['detect.human_use']>({ machine: text, session: text, signs: list(text) }), (event, d) =>
    finding(event, 'high', 'human_use', 'Machine used by a person', `${d.machine} is used as people work: ${d.signs.join(', ')}`, 'Human use of a machine identity', { session: d.session, ...by(d.machine) }),
  ),
  'detect.shared_binding': known<'detect.shared_binding'>(object<EventData['detect.shared_binding']>({ machine: text, binding: text, runtimes: list(text) }), (event, d) =>
    finding(event, 'high', 'shared_binding', 'Binding used from two places', `${d.machine} comes by ${d.binding} from more than one runtime at once`, 'Shared identity', by(d.machine)),
  ),
  'detect.replay': known<'detect.replay'>(object<EventData['detect.replay']>({ machine: orNull(text), binding: text, source: text, first_source: text, count }), (event, d) =>
    finding(event, 'high', 'replay_seen', 'Tokens used twice', `Tokens of ${d.binding} came again, ${d.count} times, from elsewhere than first`, 'Credential replay', {
      source: d.source, ...(d.machine === null ? { evidence: { src_endpoint: endpointOf(event, d.source) } } : { evidence: { actor: { user: machineUser(d.machine) }, src_endpoint: endpointOf(event, d.source) } }),
    }),
  ),
  'detect.new_behaviour': known<'detect.new_behaviour'>(object<EventData['detect.new_behaviour']>({ machine: text, target: text, effect: text, session: text }), (event, d) =>
    finding(event, 'low', 'new_behaviour', 'Machine does something new', `${d.machine} did on ${d.target} what it never did before: ${d.effect}`, 'New behaviour', { session: d.session, ...by(d.machine), resources: [{ name: d.target, type: 'target' }] }),
  ),
  'detect.stale': known<'detect.stale'>(object<EventData['detect.stale']>({ machine: text, last_used: orNull(text), days: count, level: oneOf('flag', 'suspend') }), (event, d) =>
    finding(event, d.level === 'suspend' ? 'medium' : 'low', 'stale', 'Machine not used', `${d.machine} did not come for ${d.days} days${d.last_used === null ? ' and was never used' : ''}`, 'Dormant identity', { ...by(d.machine), ...present({ disposition: d.level === 'suspend' ? 'Access Revoked' : null }) }),
  ),
  'detect.orphan': known<'detect.orphan'>(object<EventData['detect.orphan']>({ machine: text, owner: text }), (event, d) =>
    finding(event, 'medium', 'orphan', 'Nobody answers for a machine', `${d.machine} has an owner whom no directory knows: ${d.owner}`, 'Orphaned identity', by(d.machine)),
  ),
  'detect.dismissed': known<'detect.dismissed'>(object<EventData['detect.dismissed']>({ detection: text, kind: text, machine: orNull(text), reason: text }), (event, d) => ({
    title: 'Detection dismissed',
    message: `${whoOf(event)} looked at a detection (${d.kind})${d.machine === null ? '' : ` of ${d.machine}`} and dismissed it`,
    severity: 'low', outcome: 'success', code: null, reason: d.reason, source: null,
    ocsf: { class: 'entity_management', activity: 3, members: { entity: { name: d.machine ?? d.kind, uid: d.detection, type_id: 99, type: 'Detection', data: { kind: d.kind } }, comment: d.reason } },
    ecs: { kind: 'event', category: ['iam'], type: ['change'] },
  })),
} satisfies Family;

const by = (machine: string) => ({ evidence: { actor: { user: machineUser(machine) } } });
