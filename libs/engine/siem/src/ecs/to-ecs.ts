import { isAddress, whoOf } from '../families/parties.ts';
import { present, type Json, type JsonObject } from '../json.ts';
import { logName, type Settings } from '../settings.ts';
import type { EventRecord } from '../read-record.ts';
import { severities } from '../ocsf/classes.ts';
import { unmapped } from '../shareable.ts';

/** Version of the Elastic Common Schema that the field names are of. */
export const ecsVersion = '8.17.0';

/**
 * One document in the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs). What ECS has no field for is under `nhi`, the
 * custom field set; `event.hash` is the SHA-256 of the exact stored bytes.
 */
export function toEcs(record: EventRecord, settings: Settings): JsonObject {
  const { event, says, stored } = record;
  const on = event?.on ?? null;
  return present({
    '@timestamp': event?.t.wall ?? new Date(stored.receivedAt).toISOString(),
    ecs: { version: ecsVersion },
    message: says.message,
    event: eventOf(record),
    error: says.outcome === 'failure' && says.code !== null ? present({ code: says.code, message: says.reason }) : null,
    user: event === null ? null : present({ id: event.who?.npid ?? whoOf(event), name: whoOf(event) }),
    source: address(says.source),
    destination: on === null ? null : { address: on.target },
    service: on === null ? null : { name: on.target, type: on.kind, environment: on.env },
    organization: record.tenant === null ? null : { id: record.tenant },
    observer: present({ vendor: 'Sallyport', product: 'Sallyport', type: 'gateway', name: event?.prod.id, version: settings.version }),
    log: { logger: logName(settings, record) },
    related: related(record),
    nhi: unmapped(record),
  });
}

function eventOf({ id, says, stored, leaf, type, event, sha256 }: EventRecord): JsonObject {
  return present({
    id,
    kind: says.ecs.kind,
    category: says.ecs.category,
    type: says.ecs.type,
    outcome: says.outcome,
    action: type,
    code: type,
    reason: says.reason,
    severity: severities[says.severity][0],
    sequence: leaf,
    created: new Date(stored.receivedAt).toISOString(),
    provider: event?.prod.id,
    module: 'sallyport',
    dataset: 'sallyport.evidence',
    hash: sha256,
  });
}

function address(source: string | null): JsonObject | null {
  if (source === null || source === '') return null;
  return isAddress(source) ? { address: source, ip: source } : { address: source };
}

function related({ event, says, sha256 }: EventRecord): JsonObject {
  const who = event?.who ?? null;
  const users: Json[] = who === null ? [] : [...new Set([who.id, ...(who.npid === null ? [] : [who.npid])])];
  return present({ hash: sha256 === null ? null : [sha256], user: users.length === 0 ? null : users, ip: says.source !== null && isAddress(says.source) ? [says.source] : null });
}
