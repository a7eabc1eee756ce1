import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, flag, object, orNull, text, whole } from '../schema/schema.ts';

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
  'producer.heard': known<'producer.heard'>(object<EventData['producer.heard']>({ producer: text, epoch: text, last_pseq: count, seconds: count }), (_, d) =>
    life('Producer heard again', `${d.producer} is heard again after ${d.seconds} s; event ${d.last_pseq} was the last before`, 'heard', 'info', application(d.producer, d.producer, null), null),
  ),
  'key.created': known<'key.created'>(object<EventData['key.created']>({ use: text, key: text }), (event, d) =>
    life('Instance key named', `${event.prod.id} signs ${d.use} with ${d.key}`, 'key.created', 'info', application(event.prod.id, event.prod.id, null), null),
  ),
  'key.rotated': known<'key.rotated'>(object<EventData['key.rotated']>({ log: text, old: text, new: text, note: text }), (event, d) =>
    life('Key of the log rotated', `The log ${d.log} is signed by ${d.new} after ${d.old}`, 'key.rotated', 'info', application('evidence', event.prod.id, null), null),
  ),
  'clock.status': known<'clock.status'>(object<EventData['clock.status']>({ source: text, synchronised: orNull(flag), offset_us: orNull(whole), error_us: orNull(count), step_us: whole }), (event, d) =>
    life('Clock', `${event.prod.id}: ${d.synchronised === null ? 'not known whether its clock is synchronised' : d.synchronised ? `synchronised (${d.source})` : `not synchronised (${d.source})`}, moved by ${d.step_us} µs against its monotonic clock`, 'clock', 'info', application(event.prod.id, event.prod.id, null), null),
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
