import { randomBytes } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A key for the sessions of one day and class. */
export interface RingKey {
  /** `class/2026-11-23/16 hex digits` */
  readonly id: string;
  readonly class: string;
  readonly day: string;
  /** `x25519`: gateways seal to its public half. `aes256`: session keys that were sealed anew, after one of that day was erased. */
  readonly kind: 'x25519' | 'aes256';
}

/**
 * Where the secret halves are kept, outside of the database and of its backups. What is destroyed here must be nowhere else: a copy of the ring brings back what was
 * shredded. A KMS can stand behind this as well as a directory.
 */
export interface KeyRing {
  list(): Promise<readonly RingKey[]>;
  /** Null when it is not there. `x25519`: PKCS #8 in DER; `aes256`: 32 bytes. Nobody keeps what this gives: a destroyed key must not live on in memory. */
  read(id: string, kind: RingKey['kind']): Buffer | null;
  /** Returns when it is durable. */
  add(key: RingKey, secret: Uint8Array): Promise<void>;
  /** Returns when it is gone for good; nothing happens when it is not there. */
  destroy(id: string): Promise<void>;
}

const fileName = /^([a-z][a-z0-9-]{0,30})_(\d{4}-\d{2}-\d{2})_([0-9a-f]{16})\.(x25519|aes256)$/;

export const ringId = (name: string, day: string): string => `${name}/${day}/${randomBytes(8).toString('hex')}`;

/**
 * One file of mode 600 for each key, in a directory of mode 700. A key is destroyed by writing over the file and removing it; both are synced. On a disk that writes elsewhere (flash,
 * copy on write, snapshots) the old blocks may outlive that: such a directory belongs on an encrypted volume without snapshots.
 */
export class FileKeyRing implements KeyRing {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws when others than its owner may look into the directory. */
  static async open(directory: string): Promise<FileKeyRing> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (((await stat(directory)).mode & 0o077) !== 0) throw new Error(`${directory} can be read by others than its owner: chmod 700`);
    return new FileKeyRing(directory);
  }

  async list(): Promise<readonly RingKey[]> {
    return (await readdir(this.#directory)).flatMap((name) => keyOf(name) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  read(id: string, kind: RingKey['kind']): Buffer | null {
    const name = nameOf(id, kind);
    try {
      return name === null ? null : readFileSync(join(this.#directory, name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async add(key: RingKey, secret: Uint8Array): Promise<void> {
    const name = nameOf(key.id, key.kind);
    if (name === null) throw new RangeError('the key has no proper name');
    const path = join(this.#directory, name);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(secret);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await this.#syncDirectory();
  }

  async destroy(id: string): Promise<void> {
    const name = await this.#find(id);
    if (name === null) return;
    const path = join(this.#directory, name);
    const file = await open(path, constants.O_WRONLY);
    try {
      const { size } = await file.stat();
      await file.write(randomBytes(size), 0, size, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
    await this.#syncDirectory();
  }

  async #find(id: string): Promise<string | null> {
    return (await readdir(this.#directory)).find((name) => keyOf(name)?.id === id) ?? null;
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** Null for an id that is none: nothing else becomes part of a path. */
function nameOf(id: string, kind: RingKey['kind']): string | null {
  const name = `${id.replaceAll('/', '_')}.${kind}`;
  return keyOf(name)?.id === id ? name : null;
}

function keyOf(file: string): RingKey | null {
  const [, name = '', day = '', hex = '', kind] = fileName.exec(file) ?? [];
  return kind === 'x25519' || kind === 'aes256' ? { id: `${name}/${day}/${hex}`, class: name, day, kind } : null;
}
