import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SshBytesError, SshReader } from './wire.ts';

/** Smallest and largest RSA modulus, in bits: below it is weak, above it costs us more than the client. */
const rsaBits = { least: 3072, most: 8192 } as const;
const maxLine = 8192;

export const sshKeyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'] as const;
export type SshKeyType = (typeof sshKeyTypes)[number];

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** The whole blob, as in the second word of its line. */
  readonly blob: Buffer;
  /** What stands in the blob behind the type: the same bytes stand in a certificate behind the nonce. */
  readonly fields: Buffer;
  readonly key: KeyObject;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

export class SshKeyRefusedError extends Error {
  readonly code = 'ERR_SSH_KEY_REFUSED';
}

/** Reads one line as `id_ed25519.pub` has it: type, base64, and a comment that is not looked at. Throws SshKeyRefusedError. */
export function readPublicKeyLine(line: string): SshPublicKey {
  const text = line.trim();
  if (text.length > maxLine || /[\r\n]/.test(text)) throw new SshKeyRefusedError('the public key is not one line, or too long');
  if (text.startsWith('-----BEGIN')) throw new SshKeyRefusedError('that is no OpenSSH public key; it may be the private one: use the file that ends in .pub');
  const [type = '', encoded = ''] = text.split(/[ \t]+/, 2);
  const key = readPublicKey(decodeBase64(encoded));
  if (key.type !== type) throw new SshKeyRefusedError('the type in front of the public key is not that of the key');
  return key;
}

/**
 * Reads a plain public key blob: Ed25519 (RFC 8709), ECDSA on P-256, P-384 and P-521 (RFC 5656), RSA of 3072 to 8192 bits (RFC 4253). DSA, keys on hardware (`sk-`)
 * and certificates are refused. Throws SshKeyRefusedError.
 */
export function readPublicKey(blob: Uint8Array): SshPublicKey {
  return refusing(() => {
    const reader = new SshReader(blob);
    const type = knownType(reader.text());
    const from = reader.at;
    const key = readFields(type, reader);
    reader.end();
    const bytes = Buffer.from(blob);
    return { type, blob: bytes, fields: bytes.subarray(from), key, fingerprint: fingerprintOf(bytes) };
  });
}

/** Reads the fields of a key of this type, and leaves the reader behind them. Throws SshKeyRefusedError, SshBytesError. */
export function readFields(type: SshKeyType, reader: SshReader): KeyObject {
  switch (type) {
    case 'ssh-ed25519':
      return imported({ kty: 'OKP', crv: 'Ed25519', x: exactly(reader.string(), 32).toString('base64url') });
    case 'ecdsa-sha2-nistp256':
      return readPoint(reader, 'nistp256', 'P-256', 32);
    case 'ecdsa-sha2-nistp384':
      return readPoint(reader, 'nistp384', 'P-384', 48);
    case 'ecdsa-sha2-nistp521':
      return readPoint(reader, 'nistp521', 'P-521', 66);
    case 'ssh-rsa':
      return readRsa(reader);
  }
}

function readPoint(reader: SshReader, curve: string, crv: string, size: number): KeyObject {
  if (reader.text() !== curve) throw new SshKeyRefusedError('the curve is not that of the key type');
  const point = exactly(reader.string(), 1 + 2 * size);
  if (point[0] !== 4) throw new SshKeyRefusedError('the point is not in uncompressed form');
  return imported({ kty: 'EC', crv, x: point.subarray(1, 1 + size).toString('base64url'), y: point.subarray(1 + size).toString('base64url') });
}

function readRsa(reader: SshReader): KeyObject {
  const e = reader.positive();
  const n = reader.positive();
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < rsaBits.least) throw new SshKeyRefusedError(`an RSA key of ${bits} bits is too short: ${rsaBits.least} at least, or better an Ed25519 key`);
  if (bits > rsaBits.most) throw new SshKeyRefusedError(`an RSA key of ${bits} bits is longer than ${rsaBits.most}`);
  if (e.length > 8 || ((e.at(-1) ?? 0) & 1) === 0 || e.length < 3) throw new SshKeyRefusedError('the RSA exponent is even, below 65537, or not sensible');
  return imported({ kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') });
}

/** OpenSSL looks whether a point lies on its curve. */
function imported(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new SshKeyRefusedError('the numbers of the public key are no key');
  }
}

function knownType(type: string): SshKeyType {
  const known = sshKeyTypes.find((one) => one === type);
  if (known !== undefined) return known;
  const shown = /^[a-z0-9@.-]{1,60}$/.test(type) ? type : 'this type';
  throw new SshKeyRefusedError(`keys of ${shown} are not accepted: use Ed25519, ECDSA or RSA of ${rsaBits.least} bits`);
}

function exactly(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new SshKeyRefusedError('the public key has not the length of its type');
  return bytes;
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SshBytesError) throw new SshKeyRefusedError(`not an OpenSSH public key: ${error.message}`);
    throw error;
  }
}

/** Strict base64: what decodes to the same bytes in two ways would have two hashes. Throws SshKeyRefusedError. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw new SshKeyRefusedError('not base64');
  return bytes;
}

export const fingerprintOf = (blob: Uint8Array): string => `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
