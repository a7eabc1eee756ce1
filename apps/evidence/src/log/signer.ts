import { readLogKey } from './notary.ts';
import { unixSigner } from './unix-signer.ts';

/**
 * What signs for the log. A port: the key may be in a file, in a program of another user's, or behind a KMS that such a program asks. Signing may take its time and may fail; nothing is signed then,
 * and the next round tries again.
 */
export interface Signer {
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 over the message as it is, 64 bytes. Throws when there is none. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** `unix:/path` is a signer's socket, everything else a key file of this process's own. Throws with paths, never with content. */
export async function openSigner(where: string, log: string): Promise<Signer> {
  if (where.startsWith('unix:')) return unixSigner(where.slice('unix:'.length), log);
  const key = readLogKey(where);
  return { publicKey: key.publicKey, sign: (message) => Promise.resolve(key.sign(message)) };
}
