import type { JsonObject } from '../json.ts';
import { present } from '../json.ts';
import type { EventRecord } from '../read-record.ts';
import { logName, type Settings } from '../settings.ts';
import { renderBody } from './render-body.ts';

/**
 * One event for Splunk's HTTP Event Collector, `/services/collector/event` ("Format events for HTTP Event Collector"). `time` is in
 * seconds. `fields` are indexed: `event_id` to find repeats (`dedup event_id`), `leaf` to find gaps. Many events are one body, one behind the other.
 */
export function splunkHec(record: EventRecord, settings: Settings): JsonObject {
  return present({
    time: record.time / 1000,
    host: settings.host,
    source: logName(settings, record),
    sourcetype: settings.body === 'ocsf' ? 'sallyport:ocsf' : 'sallyport:ecs',
    index: settings.splunkIndex,
    event: renderBody(record, settings),
    fields: present({ event_id: record.id, leaf: record.leaf === null ? null : String(record.leaf), event_type: record.type, sha256: record.sha256, tenant: record.tenant }),
  });
}
