import { verifyEd25519 } from './ed25519.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { refuse } from './note-error.ts';
import { signaturesOf, type NoteSignature, type NoteVerifier, type SignedNote } from './signed-note.ts';
import type { SigningKey } from './signing-key.ts';
import { utf8 } from './text.ts';
import { cosignatureType, verifierKey, type VerifierKey } from './verifier-key.ts';

// C2SP tlog-cosignature v1.0.1, type 0x04. https://c2sp.org/tlog-cosignature

/** What a witness says: at that time, the largest consistent tree of this origin that I had seen has this root. */
export interface Cosignature {
  readonly name: string;
  readonly keyId: number;
  /** Seconds since 1970 by the witness's clock. */
  readonly time: number;
}

export interface Cosigner {
  readonly key: VerifierKey;
  /** Cosigns the text of a checkpoint at that time, in seconds since 1970. Throws `NoteError` on a text that is no checkpoint and on a time that is none. */
  cosign(text: string, time: number): NoteSignature;
}

/**
 * Cosigns checkpoints. Checking that a checkpoint is consistent with the last one is the witness's task, before. The key must be used for nothing
 * else: what is signed does not say the witness's name.
 */
export function cosigner(name: string, key: SigningKey): Cosigner {
  const known = verifierKey(name, cosignatureType, key.publicKey);
  return {
    key: known,
    cosign(text, time) {
      parseCheckpoint(text);
      if (!Number.isSafeInteger(time) || time <= 0) refuse('ERR_COSIGNATURE_TIME', 'a time is whole seconds since 1970');
      const signature = new Uint8Array(timeLength + 64);
      new DataView(signature.buffer).setBigUint64(0, BigInt(time));
      signature.set(key.sign(cosignedMessage(text, time)), timeLength);
      return { name, keyId: known.keyId, signature };
    },
  };
}

/** The bytes that are signed: header, time, and the checkpoint's text. */
export function cosignedMessage(text: string, time: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`);
}

/** Verifies cosignatures of type 0x04 of one witness. Throws `NoteError` for a key of another type. */
export function cosignatureVerifier(key: VerifierKey): NoteVerifier {
  if (key.type !== cosignatureType) refuse('ERR_NOTE_KEY', 'the key is not for cosignatures (type 0x04)');
  return {
    name: key.name,
    keyId: key.keyId,
    verify(text, signature) {
      const time = timeOf(signature);
      return time !== null && verifyEd25519(key.publicKey, cosignedMessage(text, time), signature.subarray(timeLength));
    },
  };
}

/**
 * The cosignatures of trusted witnesses on a note; none is a possible answer, and whether they are enough is the caller's policy (count names, not
 * lines: a witness may have signed twice). Throws `NoteError` if one under a trusted name and id does not hold.
 */
export function cosignaturesOf(note: SignedNote, witnesses: readonly NoteVerifier[]): Cosignature[] {
  return signaturesOf(note, witnesses).map(({ name, keyId, signature }) => ({ name, keyId, time: timeOf(signature) ?? refuse('ERR_COSIGNATURE_TIME', `the signature of ${name} carries no time`) }));
}

const timeLength = 8;

/** Null if it is not a time and an Ed25519 signature, or the time is past 2^53 - 1 (the specification's limit is 2^63 - 1). */
function timeOf(signature: Uint8Array): number | null {
  if (signature.length !== timeLength + 64) return null;
  const time = new DataView(signature.buffer, signature.byteOffset, timeLength).getBigUint64(0);
  return time > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(time);
}
