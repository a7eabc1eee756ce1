import type { Authority, BlobRef, Envelope, On, Who } from '@sallyport/domain-events';
import type { JsonObject } from '../json.ts';
import { anyObject, count, list, object, oneOf, orNull, text, textOf, type Schema } from './schema.ts';

/** An envelope as a sink sees it: of any type, with data that nobody has looked into yet. */
export interface Seen extends Omit<Envelope, 'type' | 'd'> {
  readonly type: string;
  readonly d: JsonObject;
}

const uuid = textOf(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, { format: 'uuid' });
const sha256 = textOf(/^[0-9a-f]{64}$/, { description: 'SHA-256 in hex' });

/** Version 1 of the envelope (`@sallyport/domain-events`), as far as a sink needs it: the ledger took the bytes under a stricter reader. */
export const envelope: Schema<Seen> = object<Seen>({
  v: oneOf(1),
  id: uuid,
  type: textOf(/^[a-z0-9_]{1,32}\.[a-z0-9_]{1,32}$/),
  tenant: text,
  sid: uuid,
  seq: count,
  prev: sha256,
  prod: object<Envelope['prod']>({ id: text, epoch: text, pseq: count }),
  t: object<Envelope['t']>({ wall: textOf(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, { format: 'date-time' }), mono_us: count }),
  who: orNull(object<Who>({ id: text, npid: orNull(text), iss: orNull(text), tok: orNull(text), jti: orNull(text), owner: orNull(text) })),
  on: orNull(object<On>({ target: text, kind: text, env: text })),
  auth: orNull(object<Authority>({ policy: orNull(count), slice: orNull(text), lease: orNull(text), approval: orNull(text) })),
  d: anyObject,
  blobs: list(object<BlobRef>({ role: oneOf('text', 'params', 'comment', 'claims', 'opening', 'recording'), ct_sha256: sha256, off: count, len: count })),
});
