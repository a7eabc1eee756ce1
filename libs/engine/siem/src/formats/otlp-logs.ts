import type { Severity } from '../described.ts';
import type { Json, JsonObject } from '../json.ts';
import type { EventRecord } from '../read-record.ts';
import { present } from '../json.ts';
import type { Settings } from '../settings.ts';
import { renderBody } from './render-body.ts';

/**
 * One `LogRecord` of OpenTelemetry's logs data model in the JSON form of OTLP 1 (protobuf JSON: 64-bit numbers are strings). The whole
 * record is `body`, as a key-value list.
 */
export function otlpLog(record: EventRecord, settings: Settings): JsonObject {
  const { says, stored, event } = record;
  const [severityNumber, severityText] = otlpSeverity[says.severity];
  return {
    timeUnixNano: event === null ? nanos(stored.receivedAt, 0) : nanos(Math.trunc(record.time / 1000) * 1000, Number(event.t.wall.slice(20, 26))),
    observedTimeUnixNano: nanos(stored.receivedAt, 0),
    severityNumber,
    severityText,
    eventName: `sallyport.${record.type}`,
    body: anyValue(renderBody(record, settings)),
    attributes: attributesOf(
      present({ 'event.id': record.id, 'sallyport.leaf': record.leaf, 'sallyport.sha256': record.sha256, 'sallyport.tenant': record.tenant, 'session.id': record.session, 'user.id': event?.who?.npid ?? event?.who?.id, 'client.address': says.source }),
    ),
  };
}

/** `ExportLogsServiceRequest`: what `POST /v1/logs` takes. */
export function otlpRequest(logs: readonly JsonObject[], settings: Settings): JsonObject {
  return {
    resourceLogs: [
      {
        resource: { attributes: attributesOf(present({ 'service.name': 'sallyport', 'service.version': settings.version, 'host.name': settings.host })) },
        scopeLogs: [{ scope: { name: 'sallyport.evidence' }, logRecords: logs }],
      },
    ],
  };
}

/** INFO, INFO2, WARN, ERROR, FATAL. */
const otlpSeverity: Readonly<Record<Severity, readonly [number, string]>> = { informational: [9, 'INFO'], low: [10, 'INFO2'], medium: [13, 'WARN'], high: [17, 'ERROR'], critical: [21, 'FATAL'] };

function nanos(milliseconds: number, micros: number): string {
  return String(BigInt(milliseconds) * 1_000_000n + BigInt(micros) * 1000n);
}

function attributesOf(members: JsonObject): readonly JsonObject[] {
  return Object.entries(members).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** `AnyValue`. Null is the empty value. Numbers of events are whole; HEC-like fractions do not come here. */
function anyValue(value: Json): JsonObject {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (isList(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributesOf(value) } };
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
