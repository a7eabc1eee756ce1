import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { SigningKey } from './signing-key.ts';

/** The signing key of a PEM text (PKCS#8, Ed25519). The private key stays in the key object. Throws `TypeError` on any other key; its text is in no message. */
export function signingKeyFromPem(pem: string): SigningKey {
  const key = privateKeyOf(pem);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { publicKey: new Uint8Array(Buffer.from(x ?? '', 'base64url')), sign: (message) => new Uint8Array(sign(null, message, key)) };
}

function privateKeyOf(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new TypeError('not a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  return key;
}
