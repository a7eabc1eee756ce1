import type { Line, Spread } from './summary.ts';

/** The result for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.cell, line.path, count(line.perSecond), line.path === 'direct' ? '' : share(line.ratio), cpu(line),
    line.added === null || line.path === 'direct' ? '' : `${signed(line.added.p50)} / ${signed(line.added.p99)}`,
    `${Math.round(line.foreign * 100)} %`,
  ]);
  const all = [['', 'path', 'per second (min–max)', 'ratio to direct', 'proxy CPU (best)', 'added p50 / p99 µs', 'others'], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0))) ?? [];
  return all.map((row, at) => {
    const text = row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
    return at > 0 && row[1] === 'direct' ? `\n${text}` : text;
  }).join('\n');
}

function count({ median, min, max }: Spread): string {
  const text = (value: number) => (value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : Math.round(value).toString());
  return `${text(median)} (${text(min)}–${text(max)})`;
}

function share({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function cpu({ cpuMicros, unit }: Line): string {
  if (cpuMicros === null) return '';
  if (unit === 'row') return `${(cpuMicros.median * 1000).toFixed(0)} (${(cpuMicros.min * 1000).toFixed(0)}) ns/row`;
  return `${cpuMicros.median.toFixed(1)} (${cpuMicros.min.toFixed(1)}) µs`;
}

const signed = (micros: number) => `${micros < 0 ? '−' : '+'}${Math.abs(Math.round(micros))}`;
