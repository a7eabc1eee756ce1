import type { JsonObject } from '../json.ts';
import { present } from '../json.ts';
import type { EventRecord } from '../read-record.ts';

/**
 * OCSF 1.9 `record_integrity`: one attestation. Its fingerprint is that of the exact stored bytes (`serialization_id` 1 Flat), not of
 * this translation of them: the bytes are what the chain, the Merkle log and its checkpoints are about, and what a verifier has.
 * `prev_event` needs the previous event's id, which is not in the bytes; without it the previous hash stands in `unmapped.integrity`.
 */
export function attestation(record: EventRecord, log: string): JsonObject {
  const { event, stored, sha256, leaf } = record;
  const first = event === null || event.seq === 0;
  return present({
    uid: leaf === null ? record.id : `${stored.proof?.origin ?? log}#${leaf}`,
    authority_uid: stored.proof?.origin ?? log,
    chain_uid: event?.sid,
    fingerprint: sha256 === null ? null : fingerprint(sha256, flat),
    prev_event: first || stored.previousId === undefined ? null : { uid: stored.previousId, fingerprint: fingerprint(event.prev, flat) },
  });
}

/** OCSF `fingerprint` of a SHA-256 in hex. */
export function fingerprint(sha256: string, serialization: JsonObject = {}): JsonObject {
  return { algorithm_id: 3, algorithm: 'SHA-256', value: sha256, ...serialization };
}

const flat = { serialization_id: 1, serialization: 'Flat' };
