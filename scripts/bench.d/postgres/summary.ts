import type { PathName } from './paths.ts';
import type { Cell, Run } from './rounds.ts';

/** Median with the smallest and largest of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One row of the result. */
export interface Line {
  readonly cell: string;
  readonly unit: Cell['unit'];
  readonly path: PathName;
  readonly perSecond: Spread;
  /** Of each round's ratio to the direct run of the same round. */
  readonly ratio: Spread;
  readonly cpuMicros: Spread | null;
  /** Microseconds that the path adds to a statement: medians of each round's difference. */
  readonly added: { readonly p50: number; readonly p99: number } | null;
  readonly foreign: number;
}

export function summarise(cells: readonly Cell[], runs: readonly Run[]): Line[] {
  return cells.flatMap(({ name, unit, paths }) => paths.flatMap((path) => line(name, unit, path, runs) ?? []));
}

function line(cell: string, unit: Cell['unit'], path: PathName, runs: readonly Run[]): Line | null {
  const own = runs.filter((run) => run.cell === cell && run.path === path);
  if (own.length === 0) return null;
  const pairs = own.flatMap((run) => {
    const direct = runs.find((other) => other.cell === cell && other.path === 'direct' && other.round === run.round);
    return direct === undefined ? [] : [{ run, direct }];
  });
  const cpu = own.flatMap(({ cpuMicros }) => cpuMicros ?? []);
  const logged = pairs.flatMap(({ run, direct }) => (run.p50 === null || run.p99 === null || direct.p50 === null || direct.p99 === null ? [] : [{ p50: run.p50 - direct.p50, p99: run.p99 - direct.p99 }]));
  return {
    cell,
    unit,
    path,
    perSecond: spread(own.map(({ perSecond }) => perSecond)),
    ratio: spread(pairs.map(({ run, direct }) => run.perSecond / direct.perSecond)),
    cpuMicros: cpu.length === 0 ? null : spread(cpu),
    added: logged.length === 0 ? null : { p50: spread(logged.map(({ p50 }) => p50)).median, p99: spread(logged.map(({ p99 }) => p99)).median },
    foreign: Math.max(...own.map(({ foreign }) => foreign)),
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return { median: sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** Commands sent on the recording paths, and commands that the ledger has of them. */
export function evidenceOf(runs: readonly Run[]): { readonly sent: number; readonly recorded: number } {
  let sent = 0;
  let recorded = 0;
  for (const { evidence } of runs) {
    sent += evidence?.sent ?? 0;
    recorded += evidence?.recorded ?? 0;
  }
  return { sent, recorded };
}
