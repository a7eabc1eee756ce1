import type { JsonObject } from '../json.ts';
import { present } from '../json.ts';
import type { EventRecord } from '../read-record.ts';
import { logName, type Settings } from '../settings.ts';
import { renderBody } from './render-body.ts';

/**
 * CloudEvents 1.0.2 in the JSON format, structured mode (`application/cloudevents+json`). `source` and `id` together name the event for
 * ever: a repeat has the same. Extensions: `sequence` (the leaf index in 20 digits, so that text order is log order) and `eventsha256`.
 */
export function cloudEvents(record: EventRecord, settings: Settings): JsonObject {
  const { event, stored } = record;
  return present({
    specversion: '1.0',
    id: record.id,
    source: `//${logName(settings, record)}`,
    type: `sallyport.evidence.v1.${record.type}`,
    subject: event?.who?.npid ?? event?.who?.id,
    time: event?.t.wall ?? new Date(stored.receivedAt).toISOString(),
    datacontenttype: 'application/json',
    dataschema: settings.body === 'ocsf' ? `https://schema.ocsf.io/${settings.ocsf}` : 'https://www.elastic.co/docs/reference/ecs',
    sequence: record.leaf === null ? null : String(record.leaf).padStart(20, '0'),
    eventsha256: record.sha256,
    data: renderBody(record, settings),
  });
}
