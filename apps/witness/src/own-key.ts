import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cosigner, formatVerifierKey, signingKeyFromPem, type SigningKey } from '@sallyport/engine-evidence';
import { readIfThere, writeDurably } from './durable-file.ts';

/**
 * The witness's key. It and the state belong together: with the key and without the state, the witness could cosign a second history. So a key is made
 * only for an empty state directory, and `vkey` in it says which key it belongs to. Throws with paths, never with content.
 */
export function openKey(keyFile: string, state: string, name: string): SigningKey {
  const stated = readIfThere(join(state, 'vkey'));
  if (readIfThere(keyFile) === null) {
    if (stated !== null || readdirSync(state).some((file) => file.endsWith('.note'))) throw new Error(`${state} has what another key cosigned, and ${keyFile} is not there`);
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(keyFile, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  }
  if ((statSync(keyFile).mode & 0o077) !== 0) throw new Error(`${keyFile} can be read by others than its owner: chmod 600`);
  const key = readKey(keyFile);
  const own = `${formatVerifierKey(cosigner(name, key).key)}\n`;
  if (stated === null) writeDurably(join(state, 'vkey'), own);
  else if (stated !== own) throw new Error(`${state} belongs to the witness ${stated.trim()}, not to this name and key`);
  return key;
}

function readKey(path: string): SigningKey {
  try {
    return signingKeyFromPem(readIfThere(path) ?? '');
  } catch {
    throw new Error(`${path} is not a PEM file with an Ed25519 private key`);
  }
}
