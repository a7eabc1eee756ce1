import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from './at-exit.ts';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** A new directory, removed on dispose and when the process exits. @param owner uid and gid that it belongs to; mode 0700 */
export async function tempDir(name = 'sallyport', owner?: number): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`));
  if (owner !== undefined) await chown(path, owner, owner);
  const forget = removeAtExit(path);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      forget();
    },
  };
}
