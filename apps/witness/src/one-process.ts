import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keeps a second witness out of a state directory: two of them could cosign two histories. The file names the process and when it started, so that one left by a
 * killed process keeps nobody out. Processes of other hosts and containers are not seen. Throws when another is at work. @returns lets go
 */
export function holdDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  const own = `${process.pid} ${startOf(String(process.pid)) ?? '-'}`;
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (isHeld(read(file) ?? '', own)) throw new Error(`another witness uses ${directory}`);
      rmSync(file, { force: true });
    }
  }
}

function isHeld(lock: string, own: string): boolean {
  const [pid = '', start] = lock.split(' ');
  return lock !== own && /^\d+$/.test(pid) && startOf(pid) === start;
}

/** Start of a process in clock ticks since boot (proc(5), field 22); null where there is no such process. */
function startOf(pid: string): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
