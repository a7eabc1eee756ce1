import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The PEM text (PKCS #8) of a program's own Ed25519 key, in a file that nobody but its owner may read. `make`: where there is none, one is made, and has reached the
 * disk when this returns; two programs that start at once get the same. `keep`: it must be there. Throws with the path, never with content.
 */
export function ownKey(path: string, absent: 'make' | 'keep'): string {
  if (absent === 'make') makeKey(path);
  // Asked of the file itself and before it is read: a key that others could have read is not used.
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others than its owner: chmod 600`);
  const pem = readFileSync(path, 'utf8');
  if (typeOf(pem) !== 'ed25519') throw new Error(`${path} is not a PEM file with an Ed25519 private key`);
  return pem;
}

function makeKey(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    withFile(draft, 'w', (file) => {
      writeFileSync(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
      fsyncSync(file);
    });
    // A link is made or is there already: a key that was made before is never replaced.
    linkSync(draft, path);
    withFile(folder, 'r', fsyncSync);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function typeOf(pem: string): string | null {
  try {
    return createPrivateKey(pem).asymmetricKeyType ?? null;
  } catch {
    return null;
  }
}

function withFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}
