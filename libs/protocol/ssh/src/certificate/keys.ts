import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { FieldReader, MalformedFieldsError } from '../wire/fields.ts';

/** A public key as it stands in SSH messages, ready to check signatures. */
export interface SshPublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, … */
  readonly type: string;
  readonly key: KeyObject;
  /** As on the wire, type first. */
  readonly blob: Buffer;
}

const curves: Readonly<Record<string, { readonly crv: string; readonly size: number; readonly hash: string }>> = {
  'ecdsa-sha2-nistp256': { crv: 'P-256', size: 32, hash: 'sha256' },
  'ecdsa-sha2-nistp384': { crv: 'P-384', size: 48, hash: 'sha384' },
  'ecdsa-sha2-nistp521': { crv: 'P-521', size: 66, hash: 'sha512' },
};
/** RFC 8332. SHA-1 (`ssh-rsa` as a signature) is no signature here. */
const rsaHashes: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };
const smallestRsa = 2048;
const largestRsa = 16_384;

/** @throws MalformedFieldsError for a key type that is not taken (DSA, security keys) or bytes that are no key */
export function readPublicKey(blob: Uint8Array): SshPublicKey {
  const fields = new FieldReader(blob);
  const type = fields.text();
  const key = readKeyFields(type, fields);
  fields.end();
  return { type, key, blob: Buffer.from(blob) };
}

/** The fields of a key after its type; certificates have the same ones. */
export function readKeyFields(type: string, fields: FieldReader): KeyObject {
  if (type === 'ssh-ed25519') return importKey({ kty: 'OKP', crv: 'Ed25519', x: exactly(fields.string(), 32).toString('base64url') });
  if (type === 'ssh-rsa') {
    const e = fields.string();
    const n = fields.string();
    const key = importKey({ kty: 'RSA', e: unsigned(e), n: unsigned(n) });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < smallestRsa || bits > largestRsa) throw new MalformedFieldsError(`an RSA key of ${bits} bits is not taken`);
    return key;
  }
  const curve = curves[type];
  if (curve === undefined) throw new MalformedFieldsError('this type of key is not taken');
  if (fields.text() !== type.slice('ecdsa-sha2-'.length)) throw new MalformedFieldsError('the curve is not the one of the key’s type');
  const point = exactly(fields.string(), 1 + 2 * curve.size);
  if (point[0] !== 4) throw new MalformedFieldsError('a point must not be compressed');
  return importKey({ kty: 'EC', crv: curve.crv, x: point.subarray(1, 1 + curve.size).toString('base64url'), y: point.subarray(1 + curve.size).toString('base64url') });
}

/** Checks a signature blob (algorithm, value). False for every algorithm that does not belong to the key, and for SHA-1. */
export function verifySignature({ type, key }: Pick<SshPublicKey, 'type' | 'key'>, signed: Uint8Array, signature: Uint8Array): boolean {
  let algorithm: string;
  let value: Buffer;
  try {
    const fields = new FieldReader(signature);
    algorithm = fields.text();
    value = fields.string();
    fields.end();
  } catch {
    return false;
  }
  if (type === 'ssh-ed25519') return algorithm === type && value.length === 64 && verify(null, signed, key, value);
  if (type === 'ssh-rsa') {
    const hash = rsaHashes[algorithm];
    return hash !== undefined && verify(hash, signed, key, value);
  }
  const curve = curves[type];
  return curve !== undefined && algorithm === type && verifyEcdsa(curve, signed, key, value);
}

function verifyEcdsa({ size, hash }: { readonly size: number; readonly hash: string }, signed: Uint8Array, key: KeyObject, value: Uint8Array): boolean {
  try {
    const fields = new FieldReader(value);
    const both = Buffer.concat([fixed(fields.string(), size), fixed(fields.string(), size)]);
    fields.end();
    return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, both);
  } catch {
    return false;
  }
}

function importKey(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ format: 'jwk', key: jwk });
  } catch (cause) {
    throw new MalformedFieldsError('the bytes are no public key', { cause });
  }
}

function exactly(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new MalformedFieldsError('a key field has the wrong length');
  return bytes;
}

/** A non-negative mpint as base64url. */
function unsigned(bytes: Buffer): string {
  if (bytes.length === 0 || (bytes[0] ?? 0) & 0x80) throw new MalformedFieldsError('a number of a key is not positive');
  return bytes.subarray(bytes[0] === 0 ? 1 : 0).toString('base64url');
}

function fixed(bytes: Buffer, size: number): Buffer {
  let from = 0;
  while (from < bytes.length && bytes[from] === 0) from++;
  if (bytes.length - from > size) throw new MalformedFieldsError('a number of a signature is too long');
  return Buffer.concat([Buffer.alloc(size - (bytes.length - from)), bytes.subarray(from)]);
}

/** The key of one line of OpenSSH's public key format: type, base64, comment. */
export function readPublicKeyLine(line: string): SshPublicKey {
  const [type = '', base64 = ''] = line.trim().split(/\s+/, 3);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new MalformedFieldsError('this is no line "type base64" of a public key');
  const key = readPublicKey(Buffer.from(base64, 'base64'));
  if (key.type !== type) throw new MalformedFieldsError('the type in front of a public key is not the one inside of it');
  return key;
}
