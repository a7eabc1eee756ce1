import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Puts a text in place of what the file holds, all of it or nothing, mode 600. When it returns, the file and its name have reached the disk. */
export function writeDurably(path: string, text: string): void {
  const next = `${path}.next`;
  withFile(next, 'w', (file) => {
    writeFileSync(file, text);
    fsyncSync(file);
  });
  renameSync(next, path);
  withFile(dirname(path), 'r', fsyncSync);
}

/** What the file holds; null when there is none. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
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
