import { setTimeout as sleep } from 'node:timers/promises';
import type { Work } from './clients.ts';
import { cpuSeconds, watchForeign } from './cpu.ts';
import type { Ledger } from './ledger.ts';
import type { Path, PathName } from './paths.ts';

/** One thing that is measured on several paths. */
export interface Cell {
  readonly name: string;
  /** What one `count` of the work is. */
  readonly unit: 'statement' | 'row' | 'connection';
  readonly paths: readonly PathName[];
  run(env: NodeJS.ProcessEnv): Promise<Work>;
  /** Commands that the ledger must have afterwards. */
  commands(work: Work): number;
}

/** One run of one cell on one path. */
export interface Run extends Work {
  readonly cell: string;
  readonly path: PathName;
  readonly round: number;
  /** CPU microseconds of the process in between, for each count. */
  readonly cpuMicros: number | null;
  /** Share of the machine's cores that others used meanwhile. */
  readonly foreign: number;
  /** Null on paths that record nothing. */
  readonly evidence: { readonly sent: number; readonly recorded: number } | null;
}

export interface Terms {
  readonly rounds: number;
  /** Others' share of the machine above which a run is done again; the cleanest try counts. */
  readonly maxForeign: number;
  readonly tries: number;
  readonly ledger: Ledger;
  say(line: string): void;
}

const table = 'pgbench_accounts';

/** A B C D, A B C D, …: what disturbs the machine for a while disturbs all paths alike. */
export async function inRounds(cell: Cell, paths: readonly Path[], terms: Terms): Promise<Run[]> {
  const runs: Run[] = [];
  const taking = paths.filter(({ name }) => cell.paths.includes(name));
  for (let round = 1; round <= terms.rounds; round++) {
    terms.say(`${cell.name}, round ${round} of ${terms.rounds}`);
    for (const path of taking) runs.push(await cleanest(cell, path, round, terms));
  }
  return runs;
}

async function cleanest(cell: Cell, path: Path, round: number, terms: Terms): Promise<Run> {
  let best = await once(cell, path, round, terms.ledger);
  for (let i = 1; i < terms.tries && best.foreign > terms.maxForeign; i++) {
    await sleep(500);
    const next = await once(cell, path, round, terms.ledger);
    if (next.foreign < best.foreign) best = next;
  }
  return best;
}

async function once(cell: Cell, path: Path, round: number, ledger: Ledger): Promise<Run> {
  const recording = path.records;
  const env = await path.env();
  const place = recording ? await ledger.place() : 0;
  const foreign = watchForeign();
  const before = cpuSeconds(path.pids);
  const work = await whileResting(path.resting, () => cell.run(env));
  const used = cpuSeconds(path.pids) - before;
  const others = foreign();
  if (recording) await ledger.settled();
  return {
    ...work,
    cell: cell.name,
    path: path.name,
    round,
    cpuMicros: path.pids.length === 0 ? null : (used * 1e6) / work.count,
    foreign: others,
    evidence: recording ? { sent: cell.commands(work), recorded: await ledger.reads(table, place) } : null,
  };
}

async function whileResting<T>(pids: readonly number[], work: () => Promise<T>): Promise<T> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}
