import { endUse, publicKeyOf } from '@sallyport/engine-evidence';
import type { Entry } from './entry.ts';
import { words } from './index-row.ts';

/** A producer's word that a key is its own. */
export interface KeyClaim {
  readonly producer: string;
  readonly epoch: string;
  readonly vkey: string;
  /** Base64url; null where it is no key, or bears another's name. */
  readonly publicKey: string | null;
}

/** The keys that producers name in these events. The producer is the one whose subject of the bus they came on. */
export function claimsOf(entries: readonly Entry[]): KeyClaim[] {
  return entries.flatMap(({ event }) => {
    if (event.type !== 'key.created') return [];
    const { use, key } = event.d as Partial<Record<string, unknown>>;
    if (use !== endUse) return [];
    const vkey = words(key);
    const publicKey = event.sid === event.prod.epoch ? publicKeyOf(vkey, event.prod.id) : null;
    return [{ producer: event.prod.id, epoch: event.prod.epoch, vkey, publicKey: publicKey === null ? null : Buffer.from(publicKey).toString('base64url') }];
  });
}
