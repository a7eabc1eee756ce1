import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** What a ciphertext is of. Bound into it, so that one row's ciphertext does not open as another's. */
export interface SealedPart {
  readonly approval: string;
  readonly part: 'text' | 'parameters' | `comment:${number}`;
}

/**
 * Seals statement text, parameters and comments at rest with AES-256-GCM (NIST SP 800-38D) under one 32-byte key.
 *
 *     byte 0       version, 1
 *     8 bytes      first bytes of SHA-256 of the key, so that a wrong key is told from a changed row
 *     12 bytes     nonce, random: far fewer than 2^32 values are ever sealed with one key
 *     16 bytes     tag
 *     rest         ciphertext
 *
 * Additional data: `<approval>/<part>`.
 */
export class TextSeal {
  readonly #key: Buffer;
  readonly #keyId: Buffer;

  constructor(key: Uint8Array) {
    if (key.byteLength !== 32) throw new TextSealError('the key for texts must be 32 bytes');
    this.#key = Buffer.from(key);
    this.#keyId = createHash('sha256').update(this.#key).digest().subarray(0, 8);
  }

  seal(text: string, of: SealedPart): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(aad(of));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(version), this.#keyId, nonce, cipher.getAuthTag(), body]);
  }

  /** Throws TextSealError when the row was sealed with another key, changed, or moved. */
  open(sealed: Uint8Array, of: SealedPart): string {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.byteLength < headerBytes || bytes[0] !== version) throw new TextSealError('not a sealed text');
    if (!bytes.subarray(1, 9).equals(this.#keyId)) throw new TextSealError('sealed with another key');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(9, 21)).setAAD(aad(of)).setAuthTag(bytes.subarray(21, headerBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(headerBytes)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new TextSealError('changed since it was sealed', { cause });
    }
  }
}

export class TextSealError extends Error {
  readonly code = 'ERR_TEXT_SEAL';
}

const version = 1;
const headerBytes = 37;
const aad = ({ approval, part }: SealedPart) => Buffer.from(`${approval}/${part}`);
