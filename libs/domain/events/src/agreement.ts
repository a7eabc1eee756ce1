import { createHash, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto';

/** First 16 hex digits of the SHA-256 of the raw X25519 public key. */
export function keyId(publicKey: KeyObject): string {
  return createHash('sha256').update(rawPublicKey(publicKey)).digest('hex').slice(0, 16);
}

/**
 * The key that seals to the evidence reader: ephemeral-static X25519, HKDF-SHA-256 over both public keys. The same from either side of the exchange.
 * @param use binds the key to one use
 */
export function wrappingKey(own: KeyObject, peer: KeyObject, ephemeral: KeyObject, reader: KeyObject, use: string): Uint8Array {
  const salt = Buffer.concat([rawPublicKey(ephemeral), rawPublicKey(reader)]);
  return new Uint8Array(hkdfSync('sha256', diffieHellman({ privateKey: own, publicKey: peer }), salt, use, 32));
}

/** The 32 bytes of an X25519 public key. Throws TypeError on any other. */
export function rawPublicKey(key: KeyObject): Buffer {
  const x = key.export({ format: 'jwk' }).x;
  if (key.asymmetricKeyType !== 'x25519' || x === undefined) throw new TypeError('the evidence reader key must be an X25519 public key');
  return Buffer.from(x, 'base64url');
}

/** A public key from the 32 bytes of an `epk`. Throws on anything else. */
export function publicKeyOf(raw: string): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: raw } });
}
