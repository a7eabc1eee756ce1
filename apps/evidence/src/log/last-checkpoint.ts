import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The last checkpoint that was signed, outside the database: a database that was set back shows by being behind it. It is
 * written before the checkpoint leaves the house.
 */
export class LastCheckpoint {
  readonly #path: string;

  /** @param state the service's own directory */
  constructor(state: string) {
    this.#path = join(state, 'last-checkpoint');
  }

  /** The signed note, or null when none was ever signed here. */
  async read(): Promise<string | null> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async write(note: string): Promise<void> {
    const next = `${this.#path}.next`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(note);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
    const folder = await open(dirname(this.#path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
