import { createCipheriv, createDecipheriv, createPublicKey, generateKeyPairSync, hash, randomBytes, type KeyObject } from 'node:crypto';
import type { BlobRef, SealOpenings } from '@sallyport/domain-events';
import { CannotOpenError } from '../open-session.ts';
import { keyId, publicKeyOf, rawPublicKey, wrappingKey } from '../session-key.ts';

// A box of role `opening`: SPEC.md, section 6. It needs no session: events outside of sessions have them too.
//
//     byte 0      version, 1
//     8 bytes     id of the reader's key
//     32 bytes    ephemeral X25519 public key
//     12 bytes    nonce
//     rest        AES-256-GCM of the disclosures, joined by `~`, with a tag of 16 bytes; what stands before the nonce is authenticated with them

const version = 1;
const nonceAt = 41;
const textAt = nonceAt + 12;
const tagBytes = 16;
const purpose = 'sallyport opening v1';
/** An agreement of keys costs a hundred times a box: one serves so many, each box with a nonce of its own. */
const boxesOfOne = 1024;

/** Seals openings to the evidence reader; whoever seals cannot open them again. Not for two threads. */
export function openingSealer(reader: KeyObject): SealOpenings {
  let agreed = agree(reader);
  let left = boxesOfOne;
  return (disclosures) => {
    if (left-- === 0) {
      agreed = agree(reader);
      left = boxesOfOne - 1;
    }
    const bytes = seal(agreed, disclosures.join('~'));
    return { bytes, ref: { role: 'opening', ct_sha256: hash('sha256', bytes, 'hex'), off: 0, len: bytes.byteLength } };
  };
}

interface Agreed {
  /** Version, key id, ephemeral key. */
  readonly head: Buffer;
  readonly key: Uint8Array;
}

function agree(reader: KeyObject): Agreed {
  const ephemeral = generateKeyPairSync('x25519');
  const head = Buffer.concat([Buffer.of(version), Buffer.from(keyId(reader), 'hex'), rawPublicKey(ephemeral.publicKey)]);
  return { head, key: wrappingKey(ephemeral.privateKey, reader, ephemeral.publicKey, reader, purpose) };
}

function seal({ head, key }: Agreed, text: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(head);
  return Buffer.concat([head, nonce, cipher.update(text, 'latin1'), cipher.final(), cipher.getAuthTag()]);
}

/** The disclosures of a box. Throws CannotOpenError when it is not the one of the reference, is sealed to another reader, or was altered. */
export function openOpenings(ref: BlobRef, bytes: Uint8Array, reader: KeyObject): readonly string[] {
  if (bytes.byteLength !== ref.len || hash('sha256', bytes, 'hex') !== ref.ct_sha256) throw new CannotOpenError('ERR_BLOB_CHANGED', `the ciphertext is not the one of ${ref.ct_sha256}`);
  const box = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readerPublic = createPublicKey(reader);
  if (box.length < textAt + tagBytes || box[0] !== version) throw new CannotOpenError('ERR_WRAPPED_KEY', 'it is no box of openings');
  if (box.toString('hex', 1, 9) !== keyId(readerPublic)) throw new CannotOpenError('ERR_WRONG_READER_KEY', `it is sealed to reader ${box.toString('hex', 1, 9)}, this is ${keyId(readerPublic)}`);
  try {
    const epk = publicKeyOf(box.toString('base64url', 9, nonceAt));
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(reader, epk, epk, readerPublic, purpose), box.subarray(nonceAt, textAt), { authTagLength: tagBytes });
    decipher.setAAD(box.subarray(0, nonceAt)).setAuthTag(box.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(box.subarray(textAt, -tagBytes)), decipher.final()]).toString('latin1');
    return text.split('~');
  } catch (cause) {
    throw new CannotOpenError('ERR_WRAPPED_KEY', 'a box of openings was altered or is malformed', { cause });
  }
}
