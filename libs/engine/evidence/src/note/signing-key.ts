import { publicKeyEd25519, signEd25519 } from './ed25519.ts';

/** Something that signs with Ed25519 and does not show how: a key of a file, of an agent, of a test. */
export interface SigningKey {
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** RFC 8032 over the message as it is; 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** The signing key of a seed of 32 bytes, which is copied. Throws `RangeError` on another length. */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  const kept = new Uint8Array(seed);
  return { publicKey: publicKeyEd25519(kept), sign: (message) => signEd25519(kept, message) };
}
