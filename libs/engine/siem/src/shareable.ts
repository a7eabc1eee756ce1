import { present, type Json, type JsonObject } from './json.ts';
import type { EventRecord } from './read-record.ts';

/**
 * What of an event may leave in a translated record. The envelope is free of personal data by its own rule, and blobs are never
 * read; two things are held back besides: the sealed session key (a copy in a SIEM would outlive the key's destruction here) and
 * the owner of a machine. `key.kek` stays, so that one sees which reader key it was sealed to.
 */
export function shareableData(d: JsonObject): JsonObject {
  const { key } = d;
  return isObject(key) && 'wrapped' in key ? { ...d, key: present({ kek: key['kek'] }) } : d;
}

/** Everything of the envelope that a format has no field for, in our own words. Null members are left out. */
export function unmapped(record: EventRecord): JsonObject {
  const { event, stored, sha256, leafHash, leaf, note } = record;
  const integrity = present({ leaf, sha256, leaf_hash: leafHash, chain: event?.sid, seq: event?.seq, prev: event?.prev, checkpoint: stored.proof === undefined ? null : { ...stored.proof } });
  if (event === null) return present({ integrity, size: stored.bytes?.byteLength, note });
  const { prod, who, on, auth, blobs, t } = event;
  return present({
    data: shareableData(event.d),
    integrity,
    tenant: event.tenant,
    prod: { ...prod },
    t: { ...t },
    who: who === null ? null : present({ npid: who.npid, iss: who.iss, tok: who.tok, jti: who.jti }),
    on: on === null ? null : { ...on },
    auth: auth === null ? null : present({ ...auth }),
    blobs: blobs.length === 0 ? null : blobs.map(({ role, ct_sha256, len }) => ({ role, ct_sha256, len })),
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
