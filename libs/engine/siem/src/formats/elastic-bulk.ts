import type { EventRecord } from '../read-record.ts';
import type { Settings } from '../settings.ts';
import { renderBody } from './render-body.ts';

/**
 * Two lines for Elasticsearch's `_bulk` (`application/x-ndjson`), each with its line end. `_id` is the event id: with `create` a repeat
 * is answered with 409 for that item, which means it is there already.
 */
export function elasticBulk(record: EventRecord, settings: Settings): string {
  const body = renderBody(record, settings);
  const document = '@timestamp' in body ? body : { '@timestamp': new Date(record.time).toISOString(), ...body };
  return `${JSON.stringify({ [settings.bulk]: { _index: settings.index, _id: record.id } })}\n${JSON.stringify(document)}\n`;
}
