import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
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

/** A directory that stays: made when it is not there. @param owner uid and gid that it belongs to */
export async function keptDir(path: string, owner?: number): Promise<TempDir> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (owner !== undefined) await chown(path, owner, owner);
  return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
}
