import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { opened } from '@sallyport/domain-events';
import type { Described } from './described.ts';
import { knownTypes } from './families/families.ts';
import { generic, missing, signedHead, unreadable } from './families/generic.ts';
import { envelope, type Seen } from './schema/envelope.ts';
import type { SignedCheckpoint, StoredEvent } from './stored-event.ts';

/** A leaf, read once: what every format is made of. */
export interface EventRecord {
  readonly stored: StoredEvent;
  /** Leaf index; null for a checkpoint, which is no leaf. */
  readonly leaf: number | null;
  /** The signed note of a checkpoint; null for a leaf. */
  readonly note: string | null;
  /** Event id; `sha256:` and the hash of bytes that cannot be read; `missing:` and the leaf of bytes that are gone; `checkpoint:`, origin and size. What receivers know repeats by. */
  readonly id: string;
  /** The event's own id, also where the bytes are gone and only it was noted. */
  readonly originalId: string | null;
  /** SHA-256 (hex) of the exact stored bytes; as the ledger noted it, where they are gone; of the note of a checkpoint. */
  readonly sha256: string | null;
  /** RFC 6962 leaf hash (hex): SHA-256 of 0x00 and the bytes. What inclusion proofs are about. Null where the bytes are gone. */
  readonly leafHash: string | null;
  readonly event: Seen | null;
  readonly type: string;
  readonly tenant: string | null;
  /** When it happened, by the producer's clock, milliseconds; the ledger's time for what cannot be read. */
  readonly time: number;
  /** The session that it belongs to, or null: then it is in the chain of its producer. */
  readonly session: string | null;
  readonly says: Described;
}

/** Never throws, never drops: what cannot be understood becomes a record that says so. */
export function readRecord(stored: StoredEvent | SignedCheckpoint): EventRecord {
  if ('note' in stored) return ofCheckpoint(stored);
  const { bytes, noted, receivedAt, leaf } = stored;
  const unknown = { stored, leaf, note: null, event: null, tenant: null, time: receivedAt, session: null };
  if (bytes === null) return { ...unknown, id: `missing:${leaf}`, originalId: noted?.id ?? null, sha256: noted?.sha256 ?? null, leafHash: null, type: 'missing', says: missing };
  const sha256 = hash('sha256', bytes, 'hex');
  const leafHash = hash('sha256', Buffer.concat([zero, bytes]), 'hex');
  const seen = seenIn(bytes);
  const event = seen === null ? null : opened(seen, stored.openings ?? []).event;
  if (event === null) return { ...unknown, id: `sha256:${sha256}`, originalId: null, sha256, leafHash, type: 'unreadable', says: unreadable };
  const says = knownTypes.get(event.type)?.describe(event) ?? generic(event);
  const session = says.session ?? (event.sid === event.prod.epoch ? null : event.sid);
  return { stored, leaf, note: null, id: event.id, originalId: event.id, sha256, leafHash, event, type: event.type, tenant: event.tenant, time: Date.parse(event.t.wall), session, says };
}

/** Its id is the same whenever it is told; its hash is not, once a witness has added a line. */
function ofCheckpoint({ origin, size, root, note, signedAt }: SignedCheckpoint): EventRecord {
  const stored: StoredEvent = { bytes: null, leaf: size - 1, receivedAt: signedAt, proof: { origin, size, root } };
  return { stored, leaf: null, note, id: `checkpoint:${origin}:${size}`, originalId: null, sha256: hash('sha256', note, 'hex'), leafHash: null, event: null, type: 'log.checkpoint', tenant: null, time: signedAt, session: null, says: signedHead };
}

const zero = Uint8Array.of(0);

function seenIn(bytes: Uint8Array): Seen | null {
  if (!isUtf8(bytes)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    return envelope.is(value) && !Number.isNaN(Date.parse(value.t.wall)) ? value : null;
  } catch {
    return null;
  }
}
