import { sha256 } from '../merkle/sha256.ts';
import { refuse } from './note-error.ts';
import { fromBase64, toBase64, utf8 } from './text.ts';

/** C2SP signed-note: what kind of signature a key makes. 0x01: Ed25519 over the text. 0x04: Ed25519 over the text and a time (cosignature/v1). */
export type SignatureType = 0x01 | 0x04;
export const noteType: SignatureType = 0x01;
export const cosignatureType: SignatureType = 0x04;

/** A public key that verifies notes, as a verifier is configured with it. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** An unsigned 32-bit number. With the name it says which key signed; it is a hint, no protection. */
  readonly keyId: number;
}

/** Whether notes can carry a key of that name: not empty, no white space, no `+`, no control characters. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.length <= longestName && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/** Our own limit, in UTF-16 units; the specification has none. */
const longestName = 255;

/** A verifier key with its id: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]. Throws `NoteError` on a bad name, type or length. */
export function verifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) refuse('ERR_NOTE_NAME', 'a key name has no white space, no plus sign, no control characters, and is not empty');
  if (type !== noteType && type !== cosignatureType) refuse('ERR_NOTE_KEY', 'keys of this type are not understood');
  if (publicKey.length !== 32) refuse('ERR_NOTE_KEY', 'an Ed25519 public key has 32 bytes');
  const id = sha256(utf8(name), Uint8Array.of(0x0a, type), publicKey);
  return { name, type, publicKey: new Uint8Array(publicKey), keyId: new DataView(id.buffer, id.byteOffset, 4).getUint32(0) };
}

/** `<name>+<key id, eight hex digits>+<base64 of type and public key>`, the text in which C2SP verifier keys are handed around. */
export function formatVerifierKey({ name, type, publicKey, keyId }: VerifierKey): string {
  return `${name}+${hexId(keyId)}+${toBase64(Uint8Array.of(type, ...publicKey))}`;
}

/** The key of such a text. Throws `NoteError` (`ERR_NOTE_KEY`, `ERR_NOTE_NAME`) unless it is in its one form, of a type that is understood, and its id is its own. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, id, encoded] = (text.length > longestKey ? null : /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)) ?? [];
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || bytes === null) return refuse('ERR_NOTE_KEY', 'not a verifier key: name, id and key with plus signs between them');
  const [type] = bytes;
  if (type !== noteType && type !== cosignatureType) return refuse('ERR_NOTE_KEY', 'keys of this type are not understood');
  const key = verifierKey(name, type, bytes.subarray(1));
  if (hexId(key.keyId) !== id) refuse('ERR_NOTE_KEY', 'the id of the key is not its own');
  return key;
}

const longestKey = longestName + 64;

/** Eight lower-case hex digits. */
export function hexId(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
