import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readPublicKey, type SshPublicKey } from './public-key.ts';
import { string } from './wire.ts';

/** Who signs certificates. A port: the key may lie in a file, or (later) where nobody can take it out. */
export interface SshAuthority {
  readonly publicKey: SshPublicKey;
  /** The signature in SSH's form: `string` algorithm, `string` signature. */
  sign(bytes: Uint8Array): Promise<Buffer>;
}

export class SshAuthorityError extends Error {
  readonly code = 'ERR_SSH_AUTHORITY';
}

/**
 * An Ed25519 key in a PEM file (PKCS #8) that nobody but its owner may read (mode 600 or 400, else it is refused). Makes the file where there is none: `made` says
 * so, and the caller says it aloud, because whoever trusted the former authority trusts this one not. Throws SshAuthorityError.
 */
export function fileAuthority(path: string): SshAuthority & { readonly made: boolean } {
  const made = makeKey(path);
  const key = readKey(path);
  const publicKey = readPublicKey(ed25519Blob(createPublicKey(key)));
  return { publicKey, made, sign: (bytes) => Promise.resolve(signEd25519(key, bytes)) };
}

/** One that lasts as long as the process: for tests. */
export function memoryAuthority(): SshAuthority {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { publicKey: readPublicKey(ed25519Blob(publicKey)), sign: (bytes) => Promise.resolve(signEd25519(privateKey, bytes)) };
}

/** False where a file is there already, also when another process made it just now: the first one wins. */
function makeKey(path: string): boolean {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new SshAuthorityError(`no authority key is at ${path}, and none could be made there`, { cause: error });
  }
}

function readKey(path: string): KeyObject {
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new SshAuthorityError(`${path} may be read by others than its owner: chmod 600 ${path}`);
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType !== 'ed25519') throw new SshAuthorityError(`${path} holds no Ed25519 key`);
    return key;
  } catch (error) {
    if (error instanceof SshAuthorityError) throw error;
    throw new SshAuthorityError(`${path} cannot be read as a private key in PEM form`, { cause: error });
  }
}

function ed25519Blob(key: KeyObject): Buffer {
  const { x = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([string('ssh-ed25519'), string(Buffer.from(x, 'base64url'))]);
}

const signEd25519 = (key: KeyObject, bytes: Uint8Array) => Buffer.concat([string('ssh-ed25519'), string(sign(null, bytes, key))]);
