import { createCipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync, hash, hkdfSync, randomBytes, type Cipheriv, type KeyObject } from 'node:crypto';
import type { BlobRef, WrappedKey } from '@sallyport/domain-events';

/** HKDF info: binds the derived key to this one use. */
const purpose = 'sallyport session key v1';
const purposeOfDay = 'sallyport session key v2';

/** The public half of a key that is destroyed when its retention class has run out. */
export interface DayKey {
  /** `class/2026-11-23/id` */
  readonly id: string;
  readonly publicKey: KeyObject;
}

export interface SealedText {
  readonly ref: BlobRef;
  readonly bytes: Uint8Array;
}

/**
 * Encrypts the blobs of one session: AES-256-CTR with one cipher object (making one costs ten times an `update`). The key is used for
 * one session only and the counter starts at 0, so that a blob's place in the key stream (`off`) is all that is needed to open it, and no
 * byte of the stream is ever used twice. CTR alone does not protect integrity: `ct_sha256` inside the hashed event does.
 */
export class SessionKey {
  readonly #cipher: Cipheriv;
  #off = 0;
  /** Key stream made ahead: one call of the cipher serves many short texts. */
  #stream: Uint8Array = nothing;

  /** Takes the 32 key bytes and wipes them. */
  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv('aes-256-ctr', key, zeroIv);
    key.fill(0);
  }

  seal(role: BlobRef['role'], plaintext: string | Uint8Array): SealedText {
    const bytes = copyOf(plaintext);
    this.#apply(bytes);
    const off = this.#off;
    this.#off += bytes.byteLength;
    return { ref: { role, ct_sha256: hash('sha256', bytes, 'hex'), off, len: bytes.byteLength }, bytes };
  }

  /** XORs the next stretch of the key stream into `bytes`. CTR over zeros is the key stream itself. */
  #apply(bytes: Uint8Array): void {
    let stream = this.#stream;
    let at = 0;
    for (let i = 0; i < bytes.length; i++, at++) {
      if (at === stream.length) {
        stream = this.#cipher.update(bytes.length - i > ahead.length ? new Uint8Array(bytes.length - i) : ahead);
        at = 0;
      }
      bytes[i] = (bytes[i] ?? 0) ^ (stream[at] ?? 0);
    }
    this.#stream = stream.subarray(at);
  }
}

const nothing = new Uint8Array(0);
const ahead = new Uint8Array(2048);

/** Copies of short texts share slabs, as events do; bytes once handed out are not written again. */
const slabSize = 64 * 1024;
let slab = Buffer.allocUnsafeSlow(slabSize);
let used = 0;

function copyOf(plaintext: string | Uint8Array): Buffer {
  const most = plaintext.length * 3;
  if (most > slabSize) return Buffer.from(plaintext);
  if (used + most > slabSize) {
    slab = Buffer.allocUnsafeSlow(slabSize);
    used = 0;
  }
  const from = used;
  if (typeof plaintext === 'string') used += slab.write(plaintext, from);
  else {
    slab.set(plaintext, from);
    used += plaintext.length;
  }
  return slab.subarray(from, used);
}

const zeroIv = new Uint8Array(16);

/**
 * A fresh key for one session, and the same key sealed to the evidence reader's X25519 public key and, if there is one, to the day's: ephemeral-static ECDH
 * with each, HKDF-SHA-256 over all public keys, AES-256-GCM. Both private keys are needed to open it: the day's can be destroyed, the reader's cannot be
 * exchanged by whoever can exchange the day's. The caller cannot open `wrapped` again: the ephemeral private key is dropped here.
 */
export function newSessionKey(reader: KeyObject, day: DayKey | null = null): { readonly key: SessionKey; readonly wrapped: WrappedKey } {
  const raw = randomBytes(32);
  const wrapped = wrap(raw, reader, day);
  return { key: new SessionKey(raw), wrapped };
}

function wrap(key: Uint8Array, reader: KeyObject, day: DayKey | null): WrappedKey {
  const ephemeral = generateKeyPairSync('x25519');
  const iv = randomBytes(12);
  const kek = keyId(reader);
  const wrapping = day === null
    ? wrappingKey(ephemeral.privateKey, reader, ephemeral.publicKey, reader)
    : wrappingKeyOfDay({ agreed: [diffieHellman({ privateKey: ephemeral.privateKey, publicKey: reader }), diffieHellman({ privateKey: ephemeral.privateKey, publicKey: day.publicKey })], ephemeral: ephemeral.publicKey, reader, day: day.publicKey });
  const cipher = createCipheriv('aes-256-gcm', wrapping, iv).setAAD(sealedFor(kek, day?.id));
  const wrapped = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  wrapping.fill(0);
  return { kek, epk: rawPublicKey(ephemeral.publicKey).toString('base64url'), iv: iv.toString('base64url'), wrapped: wrapped.toString('base64url'), ...(day === null ? {} : { day: day.id }) };
}

/** What a sealed key is bound to besides the keys themselves. */
export function sealedFor(kek: string, day: string | undefined): Buffer {
  return Buffer.from(day === undefined ? kek : `${kek} ${day}`);
}

/** @param of `agreed`: what was agreed with the reader's key and with the day's, in this order; the rest are public keys */
export function wrappingKeyOfDay(of: { readonly agreed: readonly [Uint8Array, Uint8Array]; readonly ephemeral: KeyObject; readonly reader: KeyObject; readonly day: KeyObject }): Uint8Array {
  const salt = Buffer.concat([rawPublicKey(of.ephemeral), rawPublicKey(of.reader), rawPublicKey(of.day)]);
  return new Uint8Array(hkdfSync('sha256', Buffer.concat(of.agreed), salt, purposeOfDay, 32));
}

/** First 16 hex digits of the SHA-256 of the raw X25519 public key. */
export function keyId(publicKey: KeyObject): string {
  return createHash('sha256').update(rawPublicKey(publicKey)).digest('hex').slice(0, 16);
}

/** The key that seals session keys, or what `use` names; the same from either side of the exchange. */
export function wrappingKey(own: KeyObject, peer: KeyObject, ephemeral: KeyObject, reader: KeyObject, use = purpose): Uint8Array {
  const salt = Buffer.concat([rawPublicKey(ephemeral), rawPublicKey(reader)]);
  return new Uint8Array(hkdfSync('sha256', diffieHellman({ privateKey: own, publicKey: peer }), salt, use, 32));
}

export function rawPublicKey(key: KeyObject): Buffer {
  const x = key.export({ format: 'jwk' }).x;
  if (key.asymmetricKeyType !== 'x25519' || x === undefined) throw new TypeError('the evidence reader key must be an X25519 public key');
  return Buffer.from(x, 'base64url');
}

/** A public key from the 32 bytes of an `epk`. Throws on anything else. */
export function publicKeyOf(raw: string): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: raw } });
}
