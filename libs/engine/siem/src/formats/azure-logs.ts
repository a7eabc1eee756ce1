import type { JsonObject } from '../json.ts';
import { present } from '../json.ts';
import type { EventRecord } from '../read-record.ts';
import type { Settings } from '../settings.ts';
import { renderBody } from './render-body.ts';

/**
 * One record of Azure Monitor's Logs Ingestion API; a call takes a JSON array of them. The names are columns of the stream that the data
 * collection rule declares: `TimeGenerated` is datetime, `Leaf` long, `Record` dynamic, the rest string. Repeats are found in queries:
 * `summarize arg_max(TimeGenerated, *) by EventId`.
 */
export function azureLogs(record: EventRecord, settings: Settings): JsonObject {
  const { event, says, stored } = record;
  return present({
    TimeGenerated: event?.t.wall ?? new Date(stored.receivedAt).toISOString(),
    EventId: record.id,
    EventType: record.type,
    Leaf: record.leaf,
    Title: says.title,
    Message: says.message,
    Severity: says.severity,
    Outcome: says.outcome,
    TenantName: record.tenant,
    SessionUid: record.session,
    UserUid: event?.who?.npid ?? event?.who?.id,
    Target: event?.on?.target,
    SourceAddress: says.source,
    Sha256: record.sha256,
    PreviousSha256: event?.prev,
    Record: renderBody(record, settings),
  });
}
