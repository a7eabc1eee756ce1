import type { EventData } from '@sallyport/domain-events';
import { present } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, object, oneOf, orNull, text } from '../schema/schema.ts';
import { whoOf } from './parties.ts';

/** Changes of configuration and policy. Digests say what changed; the documents themselves stay in the house. */
export const change = {
  'config.changed': known<'config.changed'>(
    object<EventData['config.changed']>({ kind: text, name: text, change: oneOf('created', 'updated', 'removed'), version: count, digest: text, previous: orNull(text) }),
    (event, d) => ({
      title: 'Configuration changed',
      message: `${whoOf(event)} ${d.change} ${d.kind} ${d.name}, version ${d.version}`,
      severity: 'low', outcome: 'success', code: null, reason: null, source: null,
      ocsf: {
        class: 'entity_management', activity: { created: 1, updated: 3, removed: 4 }[d.change],
        members: { entity: { name: d.name, uid: `${d.kind}/${d.name}`, type_id: 99, type: d.kind, version: String(d.version), data: present({ digest: d.digest, previous: d.previous }) } },
      },
      ecs: { kind: 'event', category: ['configuration'], type: [({ created: 'creation', updated: 'change', removed: 'deletion' } as const)[d.change]] },
    }),
  ),
  'config.refused': known<'config.refused'>(object<EventData['config.refused']>({ kind: text, name: text, code: text, say: text }), (event, d) => ({
    title: 'Configuration refused',
    message: `${d.kind} ${d.name} of ${whoOf(event)} was refused: ${d.code}`,
    severity: 'low', outcome: 'failure', code: d.code, reason: d.say, source: null,
    ocsf: { class: 'entity_management', activity: 3, members: { entity: { name: d.name, uid: `${d.kind}/${d.name}`, type_id: 99, type: d.kind } }, control: { action: 'Denied', disposition: 'Rejected' } },
    ecs: { kind: 'event', category: ['configuration'], type: ['change', 'denied'] },
  })),
  'policy.activated': known<'policy.activated'>(object<EventData['policy.activated']>({ version: count, digest: text, previous: orNull(text), rules: count }), (event, d) => ({
    title: 'Policy activated',
    message: `Policy version ${d.version} is in force, ${d.rules} rules`,
    severity: 'low', outcome: 'success', code: null, reason: null, source: null,
    ocsf: {
      class: 'entity_management', activity: 10,
      members: { entity: { name: 'policy', uid: d.digest, type_id: 5, type: 'Policy', version: String(d.version), policy: { name: 'policy', uid: d.digest, version: String(d.version) }, data: present({ previous: d.previous, rules: d.rules }) } },
    },
    ecs: { kind: 'event', category: ['configuration'], type: ['change'] },
  })),
} satisfies Family;
