import { ed25519 } from '@noble/curves/ed25519.js';

/** In the page, in place of `note/ed25519.ts`. Accepts what OpenSSL accepts. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

export function publicKeyEd25519(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}
