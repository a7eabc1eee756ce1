import { toEcs } from '../ecs/to-ecs.ts';
import type { JsonObject } from '../json.ts';
import { toOcsf } from '../ocsf/to-ocsf.ts';
import type { EventRecord } from '../read-record.ts';
import type { Settings } from '../settings.ts';

/** The record inside of an envelope. */
export function renderBody(record: EventRecord, settings: Settings): JsonObject {
  return settings.body === 'ocsf' ? toOcsf(record, settings) : toEcs(record, settings);
}
