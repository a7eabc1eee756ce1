import type { OcsfPlace } from '../described.ts';
import { userOf } from '../families/parties.ts';
import { present, type Json, type JsonObject } from '../json.ts';
import type { EventRecord } from '../read-record.ts';
import { unmapped } from '../shareable.ts';
import type { Settings } from '../settings.ts';
import { logName } from '../settings.ts';
import { actions, classes, dispositions, outcomes, severities, type OcsfClass } from './classes.ts';
import { attestation, fingerprint } from './integrity.ts';
import { since19 } from './versions.ts';

/**
 * One OCSF event (https://schema.ocsf.io) of the asked version. `metadata.uid` is the event id, `metadata.sequence` the leaf index,
 * `raw_data_hash` the hash of the exact stored bytes. The whole data of the event are in `unmapped.data`, whatever its class.
 */
export function toOcsf(record: EventRecord, settings: Settings): JsonObject {
  const { says, event, stored } = record;
  const { ocsf } = says;
  const integrity = since19(settings.ocsf);
  const { kind, activity_id, activity_name } = placed(ocsf, integrity);
  const [severity_id, severity] = severities[says.severity];
  return present({
    class_uid: kind.uid,
    class_name: kind.name,
    category_uid: kind.category,
    category_name: kind.categoryName,
    activity_id,
    activity_name,
    type_uid: kind.uid * 100 + activity_id,
    type_name: `${kind.name}: ${activity_id === 99 ? 'Other' : activity_name}`,
    severity_id,
    severity,
    time: record.time,
    message: says.message,
    ...status(record, kind),
    status_code: says.code,
    status_detail: says.reason,
    metadata: metadata(record, settings, profiles(record, kind, integrity)),
    actor: event === null ? null : actor(record),
    ...control(record),
    ...members(record, integrity),
    attestation_list: integrity && record.sha256 !== null ? [attestation(record, logName(settings, record))] : null,
    raw_data_hash: record.sha256 === null ? null : fingerprint(record.sha256),
    raw_data_size: stored.bytes?.byteLength,
    unmapped: unmapped(record),
  });
}

/** The class and activity as the asked version has them. */
function placed({ class: name, activity }: OcsfPlace, newer: boolean): { readonly kind: OcsfClass; readonly activity_id: number; readonly activity_name: string } {
  const { before19, ...kind } = classes[name];
  const older = newer ? undefined : before19;
  const named: OcsfClass = older === undefined ? kind : { ...kind, uid: older.uid, name: older.name };
  if (typeof activity === 'string') return { kind: named, activity_id: 99, activity_name: activity };
  const [activity_id, activity_name] = older?.activities[activity] ?? [activity, kind.activities[activity] ?? 'Unknown'];
  return { kind: named, activity_id, activity_name };
}

function metadata(record: EventRecord, settings: Settings, profileNames: readonly string[]): JsonObject {
  const { event, stored } = record;
  return present({
    version: settings.ocsf,
    product: { name: 'Sallyport', vendor_name: 'Sallyport', ...present({ version: settings.version }) },
    profiles: profileNames,
    uid: record.id,
    original_event_uid: record.originalId,
    sequence: record.leaf,
    event_code: record.type,
    correlation_uid: record.session,
    tenant_uid: record.tenant,
    original_time: event?.t.wall,
    processed_time: stored.receivedAt,
    log_name: logName(settings, record),
    log_provider: event?.prod.id,
  });
}

function profiles({ event, says }: EventRecord, kind: OcsfClass, integrity: boolean): readonly string[] {
  return [...(event !== null && !kind.ownActor ? ['host'] : []), ...(integrity ? ['record_integrity'] : []), ...(says.ocsf.control === undefined ? [] : ['security_control'])];
}

/** Findings have a `status_id` of their own (their review): new, all of them. */
function status({ says }: EventRecord, kind: OcsfClass): Record<string, Json> {
  if (kind.category === 2) return { status_id: 1, status: 'New' };
  const [status_id, name] = outcomes[says.outcome];
  return { status_id, status: name };
}

function actor({ event, session }: EventRecord): JsonObject | null {
  if (event === null) return null;
  const { who, auth } = event;
  const issuer = who?.iss ?? null;
  return present({
    user: userOf(event),
    session: session === null ? null : present({ uid: session, issuer }),
    idp: issuer === null ? null : { uid: issuer, name: issuer },
    authorizations: auth === null || auth.policy === null ? null : [{ policy: present({ name: 'policy', uid: auth.slice ?? `policy:${auth.policy}`, version: String(auth.policy) }) }],
  });
}

function control({ says }: EventRecord): Record<string, Json> {
  const { control: done } = says.ocsf;
  if (done === undefined) return {};
  const { action, disposition } = done;
  const named = typeof disposition === 'string';
  return { action_id: actions[action], action, disposition_id: named ? dispositions[disposition] : 99, disposition: named ? disposition : disposition.other };
}

/** The class's own members; `app` and `application` are the older and the newer word for one thing. */
function members({ says, event }: EventRecord, newer: boolean): JsonObject {
  if (event === null) return {};
  if (says.ocsf.class !== 'application_lifecycle' || newer) return says.ocsf.members;
  return Object.fromEntries(Object.entries(says.ocsf.members).filter(([name]) => name !== 'application'));
}

