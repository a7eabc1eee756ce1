import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The kernel counts CPU time of processes in ticks of 10 ms. */
const ticks = 100;

/** User and system seconds that these processes (all of their threads) have used so far. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + used(pid, 2), 0) / ticks;
}

/** The same for a process and everything under it, its ended children included. */
export function treeSeconds(root: number): number {
  return descendants(root).reduce((sum, pid) => sum + used(pid, 4), 0) / ticks;
}

/** Fields 14 to 17 of /proc/PID/stat: utime, stime, and those of ended children. */
function used(pid: number, fields: 2 | 4): number {
  const all = stat(pid);
  return all === null ? 0 : all.slice(11, 11 + fields).reduce((sum, text) => sum + Number(text), 0);
}

function stat(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? null;
  } catch {
    return null; // It has ended.
  }
}

function descendants(root: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(stat(Number(name))?.[1] ?? 0);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(parents.get(pid) ?? []));
  return found;
}

/** Busy and idle seconds of all cores together. Busy is exact where the kernel keeps a CPU account of the root group. */
function machine(): { readonly busy: number; readonly idle: number } {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  return { busy: account() ?? (user + nice + system + irq + soft) / ticks, idle: (idle + wait) / ticks };
}

function account(): number | null {
  try {
    const usec = /usage_usec (\d+)/.exec(readFileSync('/sys/fs/cgroup/cpu.stat', 'utf8'))?.[1];
    return usec === undefined ? null : Number(usec) / 1e6;
  } catch {
    return null;
  }
}

/** Tells afterwards what share of all cores was used by processes that are not of this one's tree: others at work on this machine. */
export function watchForeign(): () => number {
  const before = { machine: machine().busy, ours: treeSeconds(process.pid), at: performance.now() };
  return () => {
    const foreign = machine().busy - before.machine - (treeSeconds(process.pid) - before.ours);
    return Math.max(0, foreign / (((performance.now() - before.at) / 1000) * cpus().length));
  };
}

/** Resident bytes now, and the most since `forgetPeak`. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** proc(5), clear_refs: 5 sets the peak to what is resident now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
