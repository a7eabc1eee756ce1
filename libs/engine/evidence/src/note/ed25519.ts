import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

// Ed25519 of RFC 8032 on raw keys: 32 bytes public, 32 bytes seed, 64 bytes signature. A build for the browser replaces this file by one with the same
// exports; with @noble/curves, verify with `zip215: false`, which accepts what OpenSSL accepts.

/** Whether the signature is that key's over the message. False for anything malformed. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) } });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** Signs with the private key of that seed, 64 bytes. Throws `RangeError` unless the seed has 32 bytes. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKeyOf(seed)));
}

/** The public key of a seed, 32 bytes. Throws `RangeError` unless the seed has 32 bytes. */
export function publicKeyEd25519(seed: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x ?? '', 'base64url'));
}

/** PKCS#8 of a raw seed: RFC 8410's fixed header and the 32 bytes. */
function privateKeyOf(seed: Uint8Array) {
  if (seed.length !== 32) throw new RangeError('an Ed25519 seed has 32 bytes');
  return createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([pkcs8, seed]) });
}

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
