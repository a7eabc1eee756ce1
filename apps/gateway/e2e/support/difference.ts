import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

/** What differs between two lists of lines, as `diff` says it; empty when nothing does. */
export async function difference(direct: readonly string[], gateway: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-diff-'));
  try {
    await writeFile(join(directory, 'direct'), `${direct.join('\n')}\n`);
    await writeFile(join(directory, 'gateway'), `${gateway.join('\n')}\n`);
    const { out } = await run('diff', ['-U', '2', 'direct', 'gateway'], { cwd: directory });
    return out.split('\n').map((line) => line.slice(0, 500)).join('\n').slice(0, 8000);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
