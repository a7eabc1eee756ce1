import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from './failure.ts';

interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The directory, made where it is not there, has to be without policies: `sallyport changes propose -f` takes all that is in it. Throws a Failure.
 */
export async function demandFree(directory: string): Promise<void> {
  const found = await mkdir(directory, { recursive: true }).then(() => readdir(directory)).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${directory} cannot be used (${error.code ?? 'failed'})`, 'name a directory, which need not exist');
  });
  if (found.length > 0) throw new Failure('usage', `${directory} is not empty`, 'what is in it would be proposed, too: name another one');
}

/** Each in a file of its own, under its own name. Files that exist are never written over. Answers where they are. */
export async function writePolicies(directory: string, files: readonly PolicyFile[]): Promise<string[]> {
  if (files.length === 0) return [];
  await demandFree(directory);
  const written: string[] = [];
  for (const { name, text } of files) {
    const path = join(directory, freeName(basename(name), written.map((one) => basename(one))));
    await writePolicy(path, text);
    written.push(path);
  }
  return written;
}

/** Throws a Failure where the file exists, or cannot be written. */
export async function writePolicy(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', error.code === 'EEXIST' ? `${path} exists, and is not written over` : `${path} cannot be written (${error.code ?? 'failed'})`, 'name another file');
  });
}

/** Two items of one machine have changes of the same name. */
function freeName(name: string, taken: readonly string[]): string {
  const [stem, dot] = [name.replace(/\.cedar$/, ''), name.endsWith('.cedar') ? '.cedar' : ''];
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${stem}-${i}${dot}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
