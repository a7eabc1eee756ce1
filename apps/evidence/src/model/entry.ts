import { hash } from 'node:crypto';
import { decodeLot, encodeMessage, type Envelope, type EventMessage } from '@sallyport/domain-events';
import { MalformedEventError, parseEnvelope } from '@sallyport/engine-evidence';
import { subjects } from '@sallyport/platform-bus';

/** One event as it came, read once. */
export interface Entry {
  readonly event: Envelope;
  readonly bytes: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

/** What came is no event that this ledger takes; `say` is why. It is kept aside. */
export interface Stranger {
  readonly say: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads one message of the bus: a lot of events of one producer. Everything that would make the ledger's own verification fail is turned
 * away here; what stands in front of it in the lot, or behind it where that can be told, is taken.
 */
export function readLot(subject: string, lot: Uint8Array, tenant: string): (Entry | Stranger)[] {
  const { messages, rest, say } = decodeLot(lot);
  const read = messages.map((message) => readEntry(subject, message, tenant));
  return rest === null ? read : [...read, { say, bytes: rest }];
}

function readEntry(subject: string, message: EventMessage, tenant: string): Entry | Stranger {
  const { event: bytes, blobs } = message;
  const stranger = (say: string): Stranger => ({ say, bytes: encodeMessage(message) });
  try {
    const event = parseEnvelope(bytes);
    if (subject !== subjects.ingest(event.prod.id)) return stranger('it came on the subject of another producer');
    if (event.tenant !== tenant) return stranger('it belongs to another tenant');
    return blobsFit(event, blobs) ? { event, bytes, blobs } : stranger('its ciphertexts are not those that it names');
  } catch (error) {
    if (error instanceof MalformedEventError) return stranger(error.message);
    throw error;
  }
}

export const isStranger = (read: Entry | Stranger): read is Stranger => 'say' in read;

function blobsFit(event: Envelope, blobs: readonly Uint8Array[]): boolean {
  return event.blobs.length === blobs.length && event.blobs.every((ref, i) => blobs[i]?.byteLength === ref.len && hash('sha256', blobs[i] ?? '', 'hex') === ref.ct_sha256);
}
