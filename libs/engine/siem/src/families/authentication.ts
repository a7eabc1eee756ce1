import type { EventData } from '@sallyport/domain-events';
import { present } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, object, orNull, text, texts } from '../schema/schema.ts';
import { endpointOf, userOf, whoOf } from './parties.ts';

/** Tokens that came to a door. Tokens themselves are not in events, only their hash (`unmapped.who.tok`). */
export const authentication = {
  'auth.ok': known<'auth.ok'>(
    object<EventData['auth.ok']>({ binding: text, issuer: text, claims: texts, source: text, expires: text, micros: count, door: text, session: orNull(text) }),
    (event, d) => ({
      title: 'Machine authenticated',
      message: `${whoOf(event)} came in by binding ${d.binding} at ${d.door}`,
      severity: 'informational', outcome: 'success', code: null, reason: null, source: d.source, session: d.session,
      ocsf: {
        class: 'authentication', activity: 1,
        members: { ...login(d.door, d.session), user: userOf(event), src_endpoint: endpointOf(event, d.source) },
        control: { action: 'Allowed', disposition: 'Allowed' },
      },
      ecs: { kind: 'event', category: ['authentication'], type: ['start', 'allowed'] },
    }),
  ),
  'auth.failed': known<'auth.failed'>(
    object<EventData['auth.failed']>({ code: text, say: text, issuer: orNull(text), claims: texts, source: text, micros: count, door: text, session: orNull(text) }),
    (event, d) => ({
      title: 'Authentication failed',
      message: `A token${d.issuer === null ? '' : ` of ${d.issuer}`} was refused at ${d.door}: ${d.code}`,
      severity: 'medium', outcome: 'failure', code: d.code, reason: d.say, source: d.source, session: d.session,
      ocsf: {
        class: 'authentication', activity: 1,
        members: { ...login(d.door, d.session), user: event.who === null ? { name: 'unknown', type_id: 0, type: 'Unknown' } : userOf(event), src_endpoint: endpointOf(event, d.source) },
        control: { action: 'Denied', disposition: 'Unauthorized' },
      },
      ecs: { kind: 'event', category: ['authentication'], type: ['start', 'denied'] },
    }),
  ),
  'auth.replay': known<'auth.replay'>(
    object<EventData['auth.replay']>({ binding: text, jti: text, source: text, first_source: text, door: text, session: orNull(text) }),
    (event, d) => ({
      title: 'Token used twice',
      message: `A token of ${whoOf(event)} that was used from ${d.first_source} came again from ${d.source}`,
      severity: 'high', outcome: 'failure', code: 'replay', reason: null, source: d.source, session: d.session,
      ocsf: {
        class: 'detection_finding', activity: 1,
        members: {
          finding_info: { uid: event.id, title: 'Token used twice', types: ['Credential replay'], analytic: { name: 'auth.replay', type_id: 1, type: 'Rule' } },
          evidences: [present({ actor: { user: userOf(event) }, src_endpoint: endpointOf(event, d.source) })],
          is_alert: true,
        },
        control: { action: 'Denied', disposition: 'Blocked' },
      },
      ecs: { kind: 'alert', category: ['authentication', 'intrusion_detection'], type: ['denied'] },
    }),
  ),
} satisfies Family;

function login(door: string, session: string | null) {
  return { service: { name: door }, is_remote: true, logon_type_id: 3, logon_type: 'Network', auth_protocol_id: 99, auth_protocol: 'Bearer token', ...(session === null ? {} : { session: { uid: session } }) };
}
