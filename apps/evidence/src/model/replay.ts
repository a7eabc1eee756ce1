import type { KeyObject } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import type { BlobRef } from '@sallyport/domain-events';
import { CannotOpenError, decryptBlob, parseEnvelope } from '@sallyport/engine-evidence';
import { entitledTo, openingsOf } from './openings.ts';

export interface ReplayedEvent {
  bytes: string;
  openings: string[];
  texts: { role: string; text: string | null }[];
}

/**
 * Opens a session's texts with its key. A text is null where its ciphertext is gone or altered, or the session's key cannot be opened.
 * What is not UTF-8 (a parameter block) is given as `base64:…`.
 * @param keys of sessions, by the id of `session.opened`
 */
export function replay(events: readonly { readonly bytes: Buffer; readonly blobs: ReadonlyMap<string, Buffer> }[], reader: KeyObject, keys: ReadonlyMap<string, Uint8Array | null>): ReplayedEvent[] {
  let key: Uint8Array | null = null;
  return events.map(({ bytes, blobs }) => {
    const event = parseEnvelope(bytes);
    if (event.type === 'session.opened') key = keys.get(event.id) ?? null;
    const openings = openingsOf(bytes, blobs, { reader, session: key }, entitledTo(['auditor']));
    return { bytes: bytes.toString('base64'), openings, texts: event.blobs.filter(({ role }) => role !== 'opening').map((ref) => ({ role: ref.role, text: open(key, ref, blobs.get(ref.ct_sha256)) })) };
  });
}

function open(key: Uint8Array | null, ref: BlobRef, ciphertext: Buffer | undefined): string | null {
  if (key === null || ciphertext === undefined) return null;
  return orNull(() => {
    const plain = Buffer.from(decryptBlob(key, ref, ciphertext));
    return isUtf8(plain) && !plain.includes(0) ? plain.toString() : `base64:${plain.toString('base64')}`;
  });
}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotOpenError) return null;
    throw error;
  }
}
