import type { Baseline } from './baseline.ts';
import type { Disk } from './disk.ts';
import type { IngestFigures } from './ingest.ts';
import type { PackFigures } from './packs.ts';
import { timesTable, type Times } from './times.ts';

export interface Report {
  readonly machine: { readonly cpus: number; readonly model: string; readonly node: string; readonly load: readonly number[] };
  readonly plan: { readonly leaves: number; readonly sessions: number; readonly seconds: number; readonly calls: number };
  readonly fillSeconds: number;
  readonly treeSeconds: number;
  /** Sessions that have events; the rest of the list is rows alone. */
  readonly storySessions: number;
  readonly disk: readonly Disk[];
  readonly compared: number;
  readonly lists: readonly Times[];
  readonly log: readonly Times[];
  readonly pack: PackFigures;
  readonly ingest: readonly IngestFigures[];
  readonly baseline: Baseline;
  readonly seconds: number;
}

/** The peer's best list, and what a proof among ten million may take: in milliseconds, at p95. */
const listBound = 34;
const proofBound = 50;
const sustained = 5000;
const longestWaitMs = 2000;

export function reportText(report: Report): string {
  const { machine, plan, lists, log, pack, ingest, baseline, disk } = report;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const proofs = log.filter(({ name }) => name.startsWith('proof'));
  const paced = ingest.find(({ name }) => name.includes('5,000'));
  return [
    '',
    `${whole(plan.leaves)} leaves, ${whole(plan.sessions)} sessions (${whole(report.storySessions)} of them with events), 13 months; ${machine.cpus} cores, Node ${machine.node}; load ${machine.load.map((one) => one.toFixed(1)).join(' ')}`,
    `filled in ${report.fillSeconds.toFixed(0)} s; the service built the tree and was ready in ${report.treeSeconds.toFixed(1)} s`,
    '',
    timesTable(lists),
    `totals are exact: ${report.compared} filters compared with a count of all rows`,
    verdict(`p95 of every list under ${listBound} ms`, Math.max(...lists.map(({ p95 }) => p95)), listBound, 'ms'),
    '',
    timesTable(log),
    verdict(`p95 of a proof under ${proofBound} ms`, Math.max(...proofs.map(({ p95 }) => p95)), proofBound, 'ms'),
    '',
    `pack of a day: ${whole(pack.leaves)} leaves, ${pack.megabytes.toFixed(1)} MB, made in ${pack.seconds.toFixed(1)} s (verified twice by its maker), verified in ${pack.verifySeconds.toFixed(2)} s: ${pack.verdict}`,
    '',
    ...ingestTable(ingest, baseline),
    ...(paced === undefined ? [] : [pacedVerdict(paced)]),
    '',
    ...diskTable(disk, plan.leaves),
    '',
    `all of it took ${Math.round(report.seconds)} s`,
    '',
  ].join('\n');
}

const verdict = (what: string, value: number, bound: number, unit: string): string => `${value < bound ? 'holds' : 'DOES NOT HOLD'}: ${what}: ${value.toFixed(1)} ${unit}`;

/** All that is asked for comes in (but for a fiftieth: the ends of the time), and nothing waits for long. */
function pacedVerdict({ eventsPerSecond, ageMs, lag }: IngestFigures): string {
  const holds = eventsPerSecond >= sustained * 0.98 && ageMs.most < longestWaitMs;
  return `${holds ? 'holds' : 'DOES NOT HOLD'}: ${sustained} events/s with a lag that does not grow: ${Math.round(eventsPerSecond)}/s, at most ${lag.most} events and ${Math.round(ageMs.most)} ms behind`;
}

function ingestTable(runs: readonly IngestFigures[], least: Baseline): string[] {
  const columns = ['events/s', 'gateway', 'bus', 'ledger', 'database', 'lag p99', 'lag most', 'age p99', 'age most', 'others'];
  const width = 34;
  const row = (name: string, cells: readonly string[]) => `${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  return [
    row('whole path; CPU in µs an event', columns),
    ...runs.map(({ name, eventsPerSecond, cpu, lag, ageMs, foreign }) =>
      row(name, [Math.round(eventsPerSecond), cpu.gateway.toFixed(1), cpu.nats.toFixed(1), cpu.evidence.toFixed(1), cpu.postgres.toFixed(1), lag.p99, lag.most, `${Math.round(ageMs.p99)} ms`, `${Math.round(ageMs.most)} ms`, `${Math.round(foreign * 100)} %`].map(String))),
    row('baseline: INSERT of the same bytes', [String(Math.round(least.eventsPerSecond)), '', '', least.node.toFixed(1), least.postgres.toFixed(1)]),
    ...runs.slice(0, 1).map(({ eventsPerSecond, cpu }) => `  to the baseline: ${(eventsPerSecond / least.eventsPerSecond).toFixed(2)} of its events/s, ${((cpu.evidence + cpu.postgres) / (least.node + least.postgres)).toFixed(2)} times the CPU of its two processes`),
  ];
}

function diskTable(disk: readonly Disk[], leaves: number): string[] {
  const each = (bytes: number) => (bytes / leaves).toFixed(0).padStart(8);
  const all = { what: 'all', bytes: disk.reduce((sum, { bytes }) => sum + bytes, 0), indexes: disk.reduce((sum, { indexes }) => sum + indexes, 0) };
  return [`${'bytes a leaf on disk'.padEnd(34)}${'table'.padStart(8)}${'indexes'.padStart(8)}`, ...[...disk, all].map(({ what, bytes, indexes }) => `${what.padEnd(34)}${each(bytes)}${each(indexes)}`)];
}
