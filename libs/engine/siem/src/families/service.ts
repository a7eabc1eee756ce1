import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, object, text } from '../schema/schema.ts';

/** The life of our own services. */
export const service = {
  'service.started': known<'service.started'>(object<EventData['service.started']>({ service: text, version: text, node: text }), (event, d) =>
    life('Service started', `${d.service} ${d.version} started on ${d.node}`, 3, 'start', application(d.service, event.prod.id, d.version), null),
  ),
  'service.stopped': known<'service.stopped'>(object<EventData['service.stopped']>({ service: text, why: text }), (event, d) =>
    life('Service stopped', `${d.service} stopped: ${d.why}`, 4, 'end', application(d.service, event.prod.id, null), d.why),
  ),
  'producer.heartbeat': known<'producer.heartbeat'>(object<EventData['producer.heartbeat']>({ pseq: count, sessions: count }), (event, d) =>
    life('Producer alive', `${event.prod.id} is alive: events ${d.pseq}, sessions ${d.sessions}`, 'heartbeat', 'info', application(event.prod.id, event.prod.id, null), null),
  ),
} satisfies Family;

function application(name: string, uid: string, version: string | null): JsonObject {
  return present({ name, uid, version });
}

function life(title: string, message: string, activity: OcsfPlace['activity'], type: 'start' | 'end' | 'info', app: JsonObject, reason: string | null): Described {
  return {
    title, message, severity: 'informational', outcome: 'success', code: null, reason, source: null,
    // `app` is the older word for it (a product); to-ocsf leaves out what the asked version does not have.
    ocsf: { class: 'application_lifecycle', activity, members: { app: { ...app, vendor_name: 'Sallyport' }, application: app } },
    ecs: { kind: 'event', category: ['process'], type: [type] },
  };
}
