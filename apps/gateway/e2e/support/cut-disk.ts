import { execFile } from 'node:child_process';
import { chown, mkdir, open, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A disk of its own below a directory, whose power can be cut: what was written and not synced is then gone. It is an ext4 file system in a file; the kernel
 * keeps what nobody synced in memory, so a copy of the file is what a real disk would have at that moment. The file system's own commits come every five
 * minutes instead of every five seconds, so that nothing is saved by accident.
 */
export interface CutDisk extends AsyncDisposable {
  readonly at: string;
  /** Makes what is there now durable. */
  sync(): Promise<void>;
  /** To be called when those who write to it were killed: it comes back with what was synced, and nothing else. */
  cut(): Promise<void>;
}

/** Whether this machine lets us, found out by doing it: it takes root, loop devices, the right to mount, and mkfs.ext4. @param directory where a small disk may be made for the moment */
export async function canCutDisks(directory: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  try {
    const disk = await cutDisk(join(directory, 'trial'), 16);
    await disk[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

/** @param at made if it is not there. @param megabytes of the disk; only what is used takes room. @param owner uid and gid that it belongs to */
export async function cutDisk(at: string, megabytes: number, owner = 0): Promise<CutDisk> {
  const image = `${at}.img`;
  const file = await open(image, 'w', 0o600);
  await file.truncate(megabytes * 1024 * 1024);
  await file.close();
  await run('mkfs.ext4', ['-q', '-F', image]);
  await mkdir(at, { recursive: true });
  const mount = () => run('mount', ['-o', 'loop,commit=300,noatime', image, at]);
  await mount();
  await rmdir(`${at}/lost+found`);
  await chown(at, owner, owner);
  const sync = async () => void (await run('sync', ['-f', at]));
  await sync();
  return {
    at,
    sync,
    cut: async () => {
      await run('cp', ['--sparse=always', image, `${image}.cut`]);
      await run('umount', [at]);
      await rename(`${image}.cut`, image);
      await mount();
    },
    [Symbol.asyncDispose]: async () => void (await run('umount', [at])),
  };
}
