import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { SecretLease, SecretProvider } from '@sallyport/domain-model';
import { SecretUnavailableError } from './errors.ts';
import { BufferLease } from './lease.ts';

const maxBytes = 64 * 1024;

/**
 * Credentials in files of one directory: `file:ledger-db` is `<directory>/ledger-db`, JSON `{"username": "…", "password": "…"}`, or the same with
 * `.json` at its end. Read anew for each lease, so replacing the file (by rename) rotates the credential. Links are followed within the directory
 * (Kubernetes mounts its secrets so) and refused out of it; a file that everybody can read, or that is no plain file, is refused.
 *
 * The password's bytes are wiped with the lease; the copy that JSON parsing makes is left to the garbage collector.
 */
export class FileSecrets implements SecretProvider {
  readonly scheme = 'file';
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async lease(reference: string, _why: unknown, signal: AbortSignal): Promise<SecretLease> {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(reference)) throw new SecretUnavailableError('ERR_SECRET_REFERENCE', `file:${reference.slice(0, 64)} is no plain name`);
    signal.throwIfAborted();
    const bytes = await this.#read(reference);
    try {
      return parse(reference, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  async #read(reference: string): Promise<Buffer> {
    await using file = await this.#open(reference);
    const { mode, size, isFile } = await file.stat().then((stat) => ({ mode: stat.mode, size: stat.size, isFile: stat.isFile() }));
    if (!isFile) throw new SecretUnavailableError('ERR_SECRET_UNSAFE', `file:${reference} is no plain file`);
    if ((mode & 0o007) !== 0) throw new SecretUnavailableError('ERR_SECRET_UNSAFE', `file:${reference} is open to everybody: chmod o-rwx`);
    if (size > maxBytes) throw new SecretUnavailableError('ERR_SECRET_MALFORMED', `file:${reference} is over ${maxBytes} bytes`);
    return await file.readFile();
  }

  async #open(reference: string): Promise<FileHandle> {
    for (const name of [reference, `${reference}.json`]) {
      try {
        return await open(await this.#inside(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch (error) {
        if (error instanceof SecretUnavailableError) throw error;
        const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
        if (code !== 'ENOENT') throw new SecretUnavailableError('ERR_SECRET_UNREADABLE', `file:${reference} cannot be read (${String(code)})`);
      }
    }
    throw new SecretUnavailableError('ERR_SECRET_NOT_FOUND', `file:${reference} does not exist`);
  }

  async #inside(name: string): Promise<string> {
    const directory = await realpath(this.#directory);
    const path = await realpath(join(directory, name));
    if (!path.startsWith(directory + sep)) throw new SecretUnavailableError('ERR_SECRET_UNSAFE', `file:${name} is a link out of the directory of credentials`);
    return path;
  }
}

function parse(reference: string, bytes: Buffer): SecretLease {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new SecretUnavailableError('ERR_SECRET_MALFORMED', `file:${reference} is no JSON`);
  }
  if (typeof content === 'object' && content !== null && 'username' in content && 'password' in content) {
    const { username, password } = content;
    if (typeof username === 'string' && username !== '' && typeof password === 'string' && password !== '') return new BufferLease(username, new TextEncoder().encode(password));
  }
  throw new SecretUnavailableError('ERR_SECRET_MALFORMED', `file:${reference} needs the texts "username" and "password"`);
}
