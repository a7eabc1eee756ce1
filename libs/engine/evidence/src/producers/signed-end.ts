import type { Envelope, SignedEnd } from '@sallyport/domain-events';
import { verifyEd25519 } from '../note/ed25519.ts';
import { NoteError } from '../note/note-error.ts';
import type { SigningKey } from '../note/signing-key.ts';
import { fromBase64, toBase64, utf8 } from '../note/text.ts';
import { formatVerifierKey, noteType, parseVerifierKey, verifierKey } from '../note/verifier-key.ts';

// The end of a session, signed by the instance that led it: SPEC.md 1.3.

/** Keeps the signature of an end from being taken for one of a checkpoint, of a pack or of anything else. */
const context = 'sallyport.dev/session-end/v1\n';

/** What `key.created` says that the key is for. */
export const endUse = 'session.closed';

/** The key of one instance, under its producer's id. */
export interface InstanceKey {
  /** Its verifier key. */
  readonly vkey: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Throws `NoteError` for a name that notes cannot carry; producers' ids are none of those. */
export function instanceKey(producer: string, key: SigningKey): InstanceKey {
  return { vkey: formatVerifierKey(verifierKey(producer, noteType, key.publicKey)), sign: (message) => key.sign(message) };
}

/** The members for an end whose stored bytes would be `draft`, which bears an empty signature. */
export function signEnd(draft: Uint8Array, key: InstanceKey): SignedEnd {
  return { key: key.vkey, signature: toBase64(key.sign(joined(draft))) };
}

/**
 * What an end says of who signed it. `unsigned`: it bears neither key nor signature. `forged`: they are not of their form, of another producer, or the signature does not
 * hold. `signed`: by `key`, of which nobody has said yet that it is the producer's.
 */
export type EndSignature = { readonly kind: 'unsigned' } | { readonly kind: 'forged'; readonly say: string } | { readonly kind: 'signed'; readonly key: string };

/** Reads and verifies the signature of a `session.closed`. */
export function endSignature(event: Envelope): EndSignature {
  const { key, signature } = event.d as Partial<Record<string, unknown>>;
  if (key === undefined && signature === undefined) return { kind: 'unsigned' };
  const bytes = typeof signature === 'string' ? fromBase64(signature) : null;
  const publicKey = typeof key === 'string' ? publicKeyOf(key, event.prod.id) : null;
  if (bytes === null || publicKey === null || typeof key !== 'string') return { kind: 'forged', say: 'its key and signature are not those of its producer’s form' };
  const draft = utf8(JSON.stringify({ ...event, d: { ...event.d, signature: '' } }));
  return verifyEd25519(publicKey, joined(draft), bytes) ? { kind: 'signed', key } : { kind: 'forged', say: 'the signature of the session’s end does not hold: it is not what its gateway wrote' };
}

/** The public key of a vkey that bears the producer's name; null of any other text. */
export function publicKeyOf(vkey: string, producer: string): Uint8Array | null {
  try {
    const { name, type, publicKey } = parseVerifierKey(vkey);
    return name === producer && type === noteType ? publicKey : null;
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

function joined(draft: Uint8Array): Uint8Array {
  const head = utf8(context);
  const message = new Uint8Array(head.length + draft.length);
  message.set(head);
  message.set(draft, head.length);
  return message;
}
