import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from './errors.ts';

/**
 * Keeps a second process out of the directory. The file names the process and when it started, so that a lock left by a killed process
 * (or by a process of the same number in an earlier life of a container) does not keep the next one out. It does not see processes on
 * other hosts or in other containers: a journal's directory belongs on a disk of its own gateway.
 * Throws JournalError ERR_JOURNAL_IN_USE. @returns lets go
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  const own = `${process.pid} ${startOf(process.pid)}`;
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw new JournalError('ERR_JOURNAL_DIRECTORY', `the journal's directory ${directory} cannot be written`, { cause: error });
      if (isHeld(file)) throw new JournalError('ERR_JOURNAL_IN_USE', `another process uses the journal in ${directory}`);
      rmSync(file, { force: true });
    }
  }
}

function isHeld(file: string): boolean {
  const [pid = '', start = ''] = read(file).split(' ');
  if (!/^\d+$/.test(pid)) return false;
  return startOf(Number(pid)) === start && isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Start of a process in clock ticks since boot (proc(5), field 22); `-` where there is no /proc. */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
