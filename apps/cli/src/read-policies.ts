import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Failure } from './failure.ts';

/** Every `*.cedar` under the directory, in order, named by its path in it. */
export async function readPolicies(directory: string): Promise<{ name: string; text: string }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${directory} cannot be read (${error.code ?? 'failed'})`);
  });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.cedar')).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(files.map(async (file) => ({ name: relative(directory, file), text: await readFile(file, 'utf8') })));
}
