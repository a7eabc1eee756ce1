import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { remove, SegmentFile } from './segment-file.ts';

/**
 * The file for the next segment, made in the background: from a trimmed one when there is one, else of zeros. Nobody waits for it: a segment that begins
 * before it is ready grows as it is written, which costs time and no more. When making it fails, the next write says what is wrong.
 */
export class NextFile {
  readonly #directory: string;
  readonly #bytes: number;
  #ready: string | null = null;
  #spare: string | null = null;
  #making: Promise<void> | null = null;
  #reusing = false;

  constructor(directory: string, bytes: number) {
    this.#directory = directory;
    this.#bytes = bytes;
  }

  /** Begins to make one, unless there is one or it is being made. */
  make(): void {
    if (this.#ready !== null || this.#making !== null) return;
    const path = join(this.#directory, 'next.tmp');
    const spare = this.#spare;
    this.#spare = null;
    this.#making = (spare === null ? SegmentFile.prepare(path, this.#bytes) : rename(spare, path)).then(
      () => void (this.#ready = path),
      () => remove(path).catch(() => undefined),
    ).finally(() => void (this.#making = null));
  }

  /** Path of the file, which is the caller's from now on; null while there is none. */
  take(): string | null {
    const path = this.#ready;
    this.#ready = null;
    return path;
  }

  /** Takes a whole segment's file over. False: it is of no use, remove it. */
  async reuse(path: string): Promise<boolean> {
    if (this.#reusing || this.#spare !== null) return false;
    this.#reusing = true;
    try {
      const spare = join(this.#directory, 'spare.tmp');
      await rename(path, spare);
      this.#spare = spare;
      return true;
    } finally {
      this.#reusing = false;
    }
  }

  /** When what is being made is there. */
  async settled(): Promise<void> {
    await this.#making;
  }

  async drop(): Promise<void> {
    await this.#making;
    for (const unused of [this.take(), this.#spare]) if (unused !== null) await remove(unused).catch(() => undefined);
  }
}
