import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a follower remembers of a log, in a file of its own. */
export interface Memory {
  /** The last checkpoint with which nothing was wrong. */
  readonly note: string | null;
  /** When it was first seen, milliseconds since 1970 by the follower's clock. */
  readonly grownAt: number;
}

/** Throws where the file is there and holds something else: to begin anew would be to forget. */
export function readMemory(path: string, now: number): Memory {
  const text = readIfThere(path);
  if (text === null) return { note: null, grownAt: now };
  const value: unknown = parsed(text);
  if (typeof value === 'object' && value !== null && 'note' in value && 'grown_at' in value && typeof value.note === 'string' && typeof value.grown_at === 'string') {
    const grownAt = Date.parse(value.grown_at);
    if (!Number.isNaN(grownAt)) return { note: value.note, grownAt };
  }
  throw new Error(`${path} is not what this command keeps: move it away to begin anew`);
}

/** All of it or nothing, on the disk when this returns. */
export function writeMemory(path: string, { note, grownAt }: Memory): void {
  const file = openSync(`${path}.next`, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify({ note, grown_at: new Date(grownAt).toISOString() }, null, 1)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.next`, path);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
