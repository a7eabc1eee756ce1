import { paths, type Cell, type Run } from './rounds.ts';
import type { PathName } from './hosts.ts';

/** One row of the result: medians of the rounds. */
export interface Line {
  readonly cell: string;
  readonly path: PathName;
  readonly perSecond: number;
  /** Of each round's ratio to the direct run of the same round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /** CPU milliseconds of the process in between, for each MB or login. */
  readonly cpuMillis: number | null;
  readonly foreign: number;
  readonly goal: number | null;
}

export function summarise(cells: readonly Cell[], runs: readonly Run[]): Line[] {
  return cells.flatMap(({ name, goal }) => paths.map((path) => {
    const own = runs.filter((run) => run.cell === name && run.path === path);
    const ratios = own.map((run) => run.perSecond / (runs.find((other) => other.cell === name && other.path === 'direct' && other.round === run.round)?.perSecond ?? Number.NaN));
    const cpu = own.flatMap((run) => (run.cpu === null ? [] : [(run.cpu * 1000) / run.count]));
    return {
      cell: name, path, perSecond: median(own.map(({ perSecond }) => perSecond)), ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
      cpuMillis: cpu.length === 0 ? null : median(cpu), foreign: Math.max(...own.map(({ foreign }) => foreign)), goal: path === 'gateway' ? goal : null,
    };
  }));
}

/** The result for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ cell, path, perSecond, ratio, cpuMillis, goal, foreign }) => [
    cell, path, perSecond < 100 ? perSecond.toFixed(1) : perSecond.toFixed(0), path === 'direct' ? '' : `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    cpuMillis === null ? '' : cpuMillis.toFixed(1), goal === null ? '' : `${goal} ${ratio.median >= goal ? 'met' : 'missed'}`, `${Math.round(foreign * 100)} %`,
  ]);
  const all = [['', 'path', 'MB/s or logins/s', 'ratio to direct', 'CPU ms each', 'goal', 'others'], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0))) ?? [];
  return all.map((row, at) => {
    const text = row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
    return at > 0 && row[1] === 'direct' ? `\n${text}` : text;
  }).join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
