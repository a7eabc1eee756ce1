import { createDecipheriv, createPublicKey, diffieHellman, hash, type KeyObject } from 'node:crypto';
import type { BlobRef, WrappedKey } from '@sallyport/domain-events';
import { keyId, publicKeyOf, sealedFor, wrappingKey, wrappingKeyOfDay } from './session-key.ts';

/** A blob or a wrapped key could not be opened. Messages name what was wrong, never a value. */
export class CannotOpenError extends Error {
  readonly code: 'ERR_WRONG_READER_KEY' | 'ERR_DAY_KEY_NEEDED' | 'ERR_WRAPPED_KEY' | 'ERR_BLOB_CHANGED';

  constructor(code: CannotOpenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The 32 bytes of a session's key. Throws CannotOpenError when it was sealed to another reader or altered, or to a day's key as well and that is not given.
 * @param day the private half of the day's key that `wrapped.day` names
 */
export function openSessionKey(wrapped: WrappedKey, reader: KeyObject, day: KeyObject | null = null): Uint8Array {
  const readerPublic = createPublicKey(reader);
  if (keyId(readerPublic) !== wrapped.kek) throw new CannotOpenError('ERR_WRONG_READER_KEY', `the session's key is sealed to reader ${wrapped.kek}, this is ${keyId(readerPublic)}`);
  if (wrapped.day !== undefined && day === null) throw new CannotOpenError('ERR_DAY_KEY_NEEDED', `the session's key is sealed to the day's key ${wrapped.day} as well`);
  try {
    const epk = publicKeyOf(wrapped.epk);
    const sealed = Buffer.from(wrapped.wrapped, 'base64url');
    const wrapping = wrapped.day === undefined || day === null
      ? wrappingKey(reader, epk, epk, readerPublic)
      : wrappingKeyOfDay({ agreed: [diffieHellman({ privateKey: reader, publicKey: epk }), diffieHellman({ privateKey: day, publicKey: epk })], ephemeral: epk, reader: readerPublic, day: createPublicKey(day) });
    const decipher = createDecipheriv('aes-256-gcm', wrapping, Buffer.from(wrapped.iv, 'base64url'), { authTagLength: 16 });
    decipher.setAAD(sealedFor(wrapped.kek, wrapped.day)).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  } catch (cause) {
    throw new CannotOpenError('ERR_WRAPPED_KEY', 'the sealed session key was altered or is malformed', { cause });
  }
}

/** Opens one blob of a session. The ciphertext is checked against the event's reference first; a changed one throws CannotOpenError. */
export function decryptBlob(key: Uint8Array, ref: BlobRef, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.byteLength !== ref.len || hash('sha256', ciphertext, 'hex') !== ref.ct_sha256) throw new CannotOpenError('ERR_BLOB_CHANGED', `the ciphertext is not the one of ${ref.ct_sha256}`);
  const decipher = createDecipheriv('aes-256-ctr', key, counterBlock(Math.floor(ref.off / 16)));
  decipher.update(new Uint8Array(ref.off % 16));
  return decipher.update(ciphertext);
}

/** The 128-bit big-endian counter of block `block`, counted from 0. */
function counterBlock(block: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeBigUInt64BE(BigInt(block), 8);
  return iv;
}
