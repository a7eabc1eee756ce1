import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { certificateSuffix } from '../certificate/certificate.ts';
import { publicFields, publicKeyBlob } from '../certificate/public-key.ts';
import { mpint, string, uint32, uint64 } from '../wire/fields.ts';

export interface CertificateWish {
  readonly kind: 'user' | 'host';
  readonly key: KeyObject;
  readonly keyId: string;
  readonly serial: bigint;
  readonly principals: readonly string[];
  /** Seconds since 1970. */
  readonly after: bigint;
  readonly before: bigint;
  /** Names and values, in rising order of names. A value is written as a string of its own; null: a flag. */
  readonly critical?: readonly (readonly [name: string, value: string | null])[];
  readonly extensions?: readonly (readonly [name: string, value: string | null])[];
}

/** Makes a certificate (PROTOCOL.certkeys) for an Ed25519, ECDSA or RSA key. @param authority an Ed25519, ECDSA or RSA private key */
export function mintCertificate(wish: CertificateWish, authority: KeyObject): Buffer {
  const { type, fields } = publicFields(wish.key);
  const body = Buffer.concat([
    string(`${type}${certificateSuffix}`), string(randomBytes(32)), fields,
    uint64(wish.serial), uint32(wish.kind === 'user' ? 1 : 2), string(wish.keyId), string(Buffer.concat(wish.principals.map((one) => string(one)))),
    uint64(wish.after), uint64(wish.before), options(wish.critical ?? []), options(wish.extensions ?? []), string(''), string(publicKeyBlob(createPublicKey(authority))),
  ]);
  return Buffer.concat([body, string(signBlob(authority, body))]);
}

const curves: Readonly<Record<string, { readonly name: string; readonly hash: string; readonly size: number }>> = {
  'P-256': { name: 'nistp256', hash: 'sha256', size: 32 },
  'P-384': { name: 'nistp384', hash: 'sha384', size: 48 },
  'P-521': { name: 'nistp521', hash: 'sha512', size: 66 },
};

/** A signature blob of a key: algorithm and value. RSA signs with SHA-512. */
export function signBlob(key: KeyObject, bytes: Uint8Array): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return Buffer.concat([string('ssh-ed25519'), string(sign(null, bytes, key))]);
  if (key.asymmetricKeyType === 'rsa') return Buffer.concat([string('rsa-sha2-512'), string(sign('sha512', bytes, key))]);
  const crv = createPublicKey(key).export({ format: 'jwk' }).crv ?? '';
  const curve = curves[crv];
  if (curve === undefined) throw new TypeError('an authority is Ed25519, ECDSA or RSA');
  const both = sign(curve.hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  return Buffer.concat([string(`ecdsa-sha2-${curve.name}`), string(Buffer.concat([mpint(both.subarray(0, curve.size)), mpint(both.subarray(curve.size))]))]);
}

function options(list: readonly (readonly [string, string | null])[]): Buffer {
  return string(Buffer.concat(list.map(([name, value]) => Buffer.concat([string(name), string(value === null ? '' : string(value))]))));
}
