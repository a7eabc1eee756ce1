import { diffieHellman, hkdfSync, type KeyObject } from 'node:crypto';
import { rawPublicKey } from '@sallyport/domain-events';

/** HKDF info: binds the derived key to this one use. */
const purpose = 'sallyport session key v2';

/** The public half of a key that is destroyed when its retention class has run out. */
export interface DayKey {
  /** `class/2026-11-23/id` */
  readonly id: string;
  readonly publicKey: KeyObject;
}

/** What a sealed key is bound to besides the keys themselves. */
export function sealedFor(kek: string, day: string | undefined): Buffer {
  return Buffer.from(day === undefined ? kek : `${kek} ${day}`);
}

/**
 * The key that seals a session's key to the reader and to a day: whoever has not both private halves, or the ephemeral one, cannot have it.
 * @param own the private halves on this side, and with whose public halves each agrees: the reader's first, then the day's
 */
export function wrappingKeyOfDay(own: readonly [Agreement, Agreement], keys: { readonly ephemeral: KeyObject; readonly reader: KeyObject; readonly day: KeyObject }): Uint8Array {
  const agreed = Buffer.concat(own.map(([privateKey, publicKey]) => diffieHellman({ privateKey, publicKey })));
  const salt = Buffer.concat([keys.ephemeral, keys.reader, keys.day].map(rawPublicKey));
  const key = new Uint8Array(hkdfSync('sha256', agreed, salt, purpose, 32));
  agreed.fill(0);
  return key;
}

type Agreement = readonly [privateKey: KeyObject, publicKey: KeyObject];
