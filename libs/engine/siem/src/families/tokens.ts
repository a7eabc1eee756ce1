import type { EventData } from '@sallyport/domain-events';
import { present } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { endpointOf, userOf, whoOf } from './parties.ts';

/** Credentials that we give ourselves: tickets and SSH certificates, by their ids. */
export const tokens = {
  'token.exchanged': known<'token.exchanged'>(
    object<Omit<EventData['token.exchanged'], 'behalf'>>({
      kind: oneOf('ticket', 'ssh-certificate'), id: text, serial: orNull(text), binding: text, targets: list(text), key: orNull(text), uses: orNull(count),
      sources: list(text), extensions: list(text), act: list(text), expires: text, source: text,
    }),
    (event, d) => ({
      title: 'Token exchanged',
      message: `${whoOf(event)} was given ${d.kind} ${d.id} for ${d.targets.join(', ')} until ${d.expires}${d.behalf === undefined ? '' : `, on behalf of ${d.behalf}`}`,
      severity: 'informational', outcome: 'success', code: null, reason: null, source: d.source,
      ocsf: {
        class: 'authentication', activity: 'token.exchanged',
        members: { ...service, user: userOf(event), src_endpoint: endpointOf(event, d.source) },
        control: { action: 'Allowed', disposition: 'Allowed' },
      },
      ecs: { kind: 'event', category: ['authentication'], type: ['info', 'allowed'] },
    }),
  ),
  'token.refused': known<'token.refused'>(object<EventData['token.refused']>({ code: text, say: text, binding: text, source: text }), (event, d) => ({
    title: 'Token exchange refused',
    message: `${whoOf(event)} was refused an exchange: ${d.code}`,
    severity: 'low', outcome: 'failure', code: d.code, reason: d.say, source: d.source,
    ocsf: {
      class: 'authentication', activity: 'token.refused',
      members: { ...service, user: userOf(event), src_endpoint: endpointOf(event, d.source) },
      control: { action: 'Denied', disposition: 'Rejected' },
    },
    ecs: { kind: 'event', category: ['authentication'], type: ['info', 'denied'] },
  })),
  'token.revoked': known<'token.revoked'>(object<EventData['token.revoked']>({ machine: text, ids: list(text), count, why: text }), (_, d) => ({
    title: 'Tickets revoked',
    message: `${d.count} tickets and certificates of ${d.machine} work no more: ${d.why}`,
    severity: 'medium', outcome: 'success', code: null, reason: d.why, source: null,
    ocsf: {
      class: 'entity_management', activity: 'token.revoked',
      members: { entity: { name: d.machine, uid: d.machine, type_id: 2, type: 'User', user: { uid: d.machine, name: d.machine, type_id: 4, type: 'Service' } }, comment: d.why },
      control: { action: 'Denied', disposition: 'Access Revoked' },
    },
    ecs: { kind: 'event', category: ['iam'], type: ['user', 'change'] },
  })),
  'ssh.certified': known<'ssh.certified'>(
    object<EventData['ssh.certified']>({ kind: oneOf('host', 'login'), serial: text, key: text, principals: list(text), gateway: orNull(text), session: orNull(text), machine: orNull(text), target: orNull(text), expires: text }),
    (_, d) => ({
      title: 'SSH key certified',
      message: d.kind === 'host' ? `The host key of ${d.gateway ?? 'a gateway'} is certified for ${d.principals.join(', ')}` : `A key of session ${d.session ?? 'unknown'} is certified for ${d.principals.join(', ')} at ${d.target ?? 'a target'}`,
      severity: 'informational', outcome: 'success', code: null, reason: null, source: null, session: d.session,
      ocsf: {
        class: 'entity_management', activity: 1,
        members: { entity: { name: d.key, uid: d.serial, type_id: 99, type: 'SshCertificate', data: present({ principals: [...d.principals], expires: d.expires }) } },
      },
      ecs: { kind: 'event', category: ['iam'], type: ['creation'] },
    }),
  ),
} satisfies Family;

const service = { service: { name: 'token-exchange' }, is_remote: true, logon_type_id: 3, logon_type: 'Network', auth_protocol_id: 99, auth_protocol: 'Bearer token' };
