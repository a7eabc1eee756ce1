import { hash } from 'node:crypto';
import { decodeMessage, MalformedMessageError, type Envelope } from '@sallyport/domain-events';
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
}

/** Reads one bus message. Everything that would make the ledger's own verification fail is turned away here. */
export function readEntry(subject: string, message: Uint8Array, tenant: string): Entry | Stranger {
  try {
    const { event: bytes, blobs } = decodeMessage(message);
    const event = parseEnvelope(bytes);
    if (subject !== subjects.ingest(event.prod.id)) return { say: 'it came on the subject of another producer' };
    if (event.tenant !== tenant) return { say: 'it belongs to another tenant' };
    return blobsFit(event, blobs) ? { event, bytes, blobs } : { say: 'its ciphertexts are not those that it names' };
  } catch (error) {
    if (error instanceof MalformedMessageError || error instanceof MalformedEventError) return { say: error.message };
    throw error;
  }
}

export const isStranger = (read: Entry | Stranger): read is Stranger => 'say' in read;

function blobsFit(event: Envelope, blobs: readonly Uint8Array[]): boolean {
  return event.blobs.length === blobs.length && event.blobs.every((ref, i) => blobs[i]?.byteLength === ref.len && hash('sha256', blobs[i] ?? '', 'hex') === ref.ct_sha256);
}
