import { createPublicKey, type KeyObject } from 'node:crypto';
import { mpint, string } from '../wire/fields.ts';

/** A public key as on the wire. @throws TypeError for a kind of key that SSH here does not have */
export function publicKeyBlob(key: KeyObject): Buffer {
  const { type, fields } = publicFields(key);
  return Buffer.concat([string(type), fields]);
}

/** One line of OpenSSH's public key format. */
export function publicKeyLine(blob: Uint8Array, comment = ''): string {
  const bytes = Buffer.from(blob);
  return `${bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1')} ${bytes.toString('base64')}${comment === '' ? '' : ` ${comment}`}`;
}

const curves: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** The type of a key and its fields after it; certificates have the same ones. */
export function publicFields(key: KeyObject): { readonly type: string; readonly fields: Buffer } {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  const part = (value: string | undefined) => Buffer.from(value ?? '', 'base64url');
  if (jwk.crv === 'Ed25519') return { type: 'ssh-ed25519', fields: string(part(jwk.x)) };
  if (jwk.kty === 'RSA') return { type: 'ssh-rsa', fields: Buffer.concat([mpint(part(jwk.e)), mpint(part(jwk.n))]) };
  const curve = curves[jwk.crv ?? ''];
  if (curve === undefined) throw new TypeError('an SSH key is Ed25519, ECDSA (P-256, P-384, P-521) or RSA');
  return { type: `ecdsa-sha2-${curve}`, fields: Buffer.concat([string(curve), string(Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]))]) };
}
