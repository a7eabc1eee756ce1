import { toEcs } from '../ecs/to-ecs.ts';
import type { JsonObject } from '../json.ts';
import { isOcsfVersion } from '../ocsf/versions.ts';
import { toOcsf } from '../ocsf/to-ocsf.ts';
import { readRecord, type EventRecord } from '../read-record.ts';
import { defaults, type Settings } from '../settings.ts';
import type { SignedCheckpoint, StoredEvent } from '../stored-event.ts';
import { azureLogs } from './azure-logs.ts';
import { cef } from './cef.ts';
import { cloudEvents } from './cloudevents.ts';
import { elasticBulk } from './elastic-bulk.ts';
import { jsonl } from './jsonl.ts';
import { leef } from './leef.ts';
import { otlpLog } from './otlp-logs.ts';
import { renderBody } from './render-body.ts';
import { splunkHec } from './splunk-hec.ts';
import { asciiJson, syslog } from './syslog.ts';

/** One leaf, or one checkpoint, as one receiver takes it: an object to be sent as JSON, or a text that is ready (a line, a message). */
export type Format = (stored: StoredEvent | SignedCheckpoint) => string | JsonObject;

type Render = (record: EventRecord, settings: Settings) => string | JsonObject;

const renders = {
  ocsf: toOcsf,
  ecs: toEcs,
  cef,
  leef,
  syslog: (record, settings) => syslog(record, settings, asciiJson(renderBody(record, settings))),
  'syslog-cef': (record, settings) => syslog(record, settings, cef(record, settings)),
  'syslog-leef': (record, settings) => syslog(record, settings, leef(record, settings)),
  cloudevents: cloudEvents,
  'splunk-hec': splunkHec,
  'elastic-bulk': elasticBulk,
  'azure-logs': azureLogs,
  'otlp-logs': otlpLog,
  jsonl,
} satisfies Record<string, Render>;

export type FormatName = keyof typeof renders;

/** The closed list. */
export const formatNames: readonly FormatName[] = ['ocsf', 'ecs', 'cef', 'leef', 'syslog', 'syslog-cef', 'syslog-leef', 'cloudevents', 'splunk-hec', 'elastic-bulk', 'azure-logs', 'otlp-logs', 'jsonl'];

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(renders, name);
}

/** A setting is out of what its specification allows. */
export class InvalidSettingsError extends Error {
  readonly code = 'ERR_SIEM_SETTINGS';
}

/** @throws InvalidSettingsError here, so that a wrong sink fails when it is set up; the format itself never throws. */
export function format(name: FormatName, settings: Partial<Settings> = {}): Format {
  const all: Settings = { ...defaults, ...settings };
  if (!isOcsfVersion(all.ocsf)) throw new InvalidSettingsError('ocsf is a version that is not written here');
  if (!Number.isInteger(all.facility) || all.facility < 0 || all.facility > 23) throw new InvalidSettingsError('facility is from 0 to 23');
  if (!Number.isSafeInteger(all.enterprise) || all.enterprise < 0) throw new InvalidSettingsError('enterprise is a number of IANA');
  const render: Render = renders[name];
  return (stored) => render(readRecord(stored), all);
}
