import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Reads an X25519 private key. Throws with the path, never with content. */
export function readReaderKey(path: string): KeyObject {
  const key = read(path);
  if (key?.asymmetricKeyType !== 'x25519') throw new Error(`${path} is not a PEM file with an X25519 private key`);
  return key;
}

function read(path: string): KeyObject | null {
  const pem = readFileSync(path);
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
