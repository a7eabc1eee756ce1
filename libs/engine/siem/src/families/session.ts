import type { EventData } from '@sallyport/domain-events';
import { known, type Family } from '../known-type.ts';
import { count, object, orNull, text } from '../schema/schema.ts';
import { endpointOf, onWhat, targetOf, userOf, whoOf } from './parties.ts';

/** Sessions: what was granted to whom, and how it ended. */
export const session = {
  'session.opened': known<'session.opened'>(
    object<Omit<EventData['session.opened'], 'behalf'>>({
      protocol: text, role: orNull(text), source: text, client: orNull(text), evidence: text, lease: text, policy: count, mask_plan: orNull(text),
      key: object<Omit<EventData['session.opened']['key'], 'day'>>({ kek: text, epk: text, iv: text, wrapped: text }),
    }),
    (event, d) => ({
      title: 'Session opened',
      message: `${whoOf(event)} opened a ${d.protocol} session on ${onWhat(event)}${d.role === null ? '' : ` as ${d.role}`}${d.behalf === undefined ? '' : ` on behalf of ${d.behalf}`}`,
      severity: 'informational', outcome: 'success', code: null, reason: null, source: d.source,
      ocsf: {
        class: 'authorize_session', activity: 1,
        members: { user: userOf(event), privileges: [...(d.role === null ? [] : [`role:${d.role}`]), `policy:${d.policy}`, ...(d.behalf === undefined ? [] : [`behalf:${d.behalf}`])], session: { uid: event.sid }, src_endpoint: endpointOf(event, d.source), dst_endpoint: targetOf(event) },
        control: { action: 'Allowed', disposition: 'Allowed' },
      },
      ecs: { kind: 'event', category: ['session', 'database'], type: ['start', 'allowed'] },
    }),
  ),
  'session.refused': known<'session.refused'>(
    object<EventData['session.refused']>({ protocol: text, target: text, code: text, say: text, source: text }),
    (event, d) => ({
      title: 'Session refused',
      message: `A ${d.protocol} session on ${d.target} was refused: ${d.code}`,
      severity: 'low', outcome: 'failure', code: d.code, reason: d.say, source: d.source,
      ocsf: {
        class: 'authentication', activity: 1,
        members: { user: userOf(event), service: { name: 'sallyport' }, dst_endpoint: { name: d.target, svc_name: d.protocol }, src_endpoint: endpointOf(event, d.source), is_remote: true },
        control: { action: 'Denied', disposition: 'Blocked' },
      },
      ecs: { kind: 'event', category: ['session'], type: ['start', 'denied'] },
    }),
  ),
  'session.closed': known<'session.closed'>(
    object<EventData['session.closed']>({ final_seq: count, head: text, by: text, why: text, commands: count, denied: count, held: count, rows: count, bytes: count }),
    (event, d) => ({
      title: 'Session closed',
      message: `${whoOf(event)} on ${onWhat(event)}: closed by ${d.by} (${d.why}); commands ${d.commands}, denied ${d.denied}, held ${d.held}, rows ${d.rows}`,
      severity: 'informational', outcome: 'success', code: null, reason: d.why, source: null,
      ocsf: { class: 'authentication', activity: 2, members: { user: userOf(event), service: { name: 'sallyport' }, dst_endpoint: targetOf(event), session: { uid: event.sid, expiration_reason: d.why } } },
      ecs: { kind: 'event', category: ['session'], type: ['end'] },
    }),
  ),
  'session.abandoned': known<'session.abandoned'>(
    object<EventData['session.abandoned']>({ session: text, last_seq: count, why: text }),
    (event, d) => ({
      title: 'Session abandoned',
      message: `Session ${d.session} has no end of its own after its event ${d.last_seq}: ${d.why}`,
      severity: 'medium', outcome: 'failure', code: null, reason: d.why, source: null, session: d.session,
      ocsf: { class: 'authentication', activity: 2, members: { user: userOf(event), service: { name: 'sallyport' }, session: { uid: d.session, expiration_reason: d.why } } },
      ecs: { kind: 'alert', category: ['session'], type: ['end', 'error'] },
    }),
  ),
} satisfies Family;
