import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { makeBed, type Bed } from './postgres/bed.ts';
import { cellsOf } from './postgres/cells.ts';
import { pgbench, selectAll } from './postgres/clients.ts';
import { forgetPeak, memory } from './postgres/cpu.ts';
import { inRounds, type Run } from './postgres/rounds.ts';
import { evidenceOf, summarise } from './postgres/summary.ts';
import { table } from './postgres/table.ts';

// PostgreSQL directly, through pgbouncer, and through the gateway with everything on.
const { values: asked } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    gateway: { type: 'string', multiple: true, default: [] },
  },
});
const quick = { rounds: 1, seconds: 2, scale: 5, only: ['simple c=1', 'simple c=8', 'prepared c=32', 'select', 'connect'], tries: 1 };
const whole = { rounds: 5, seconds: 4, scale: 10, only: null, tries: 3 };
const plan = { ...(asked.quick ? quick : whole), ...(asked.rounds ? { rounds: Number(asked.rounds) } : {}), ...(asked.seconds ? { seconds: Number(asked.seconds) } : {}), ...(asked.only ? { only: asked.only.split(',') } : {}) };
const rows = plan.scale * 100_000;
const say = (line: string) => void process.stderr.write(`  ${line} …\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const pgbouncer = versionOf('pgbouncer', ['-V']);
if (pgbouncer === null) process.stderr.write('  pgbouncer is not installed (Debian: apt-get install pgbouncer): measured without it\n');
await using bed = await makeBed({ scale: plan.scale, pgbouncer: pgbouncer !== null, env: { gateway: Object.fromEntries(asked.gateway.map((pair) => pair.split(/=(.*)/s).slice(0, 2))) }, say });
await warmUp(bed);
const gateway = bed.stack.services.gateway.pid ?? 0;
const cells = cellsOf({ only: plan.only, seconds: plan.seconds, rows });
const runs: Run[] = [];
const resident: { cell: string; before: number; peak: number; after: number }[] = [];
for (const cell of cells) {
  const before = memory(gateway).now;
  forgetPeak(gateway);
  runs.push(...(await inRounds(cell, bed.paths, { rounds: plan.rounds, maxForeign: 0.06, tries: plan.tries, ledger: bed.ledger, say })));
  const { now, peak } = memory(gateway);
  resident.push({ cell: cell.name, before, peak, after: now });
}
const lines = summarise(cells, runs);
const evidence = evidenceOf(runs);
const report = {
  machine: { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release(), node: process.version, postgres: versionOf('psql', ['-V']), pgbouncer },
  plan: { rounds: plan.rounds, seconds: plan.seconds, scale: plan.scale },
  lines, resident, evidence, runs,
};
if (asked.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
else {
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  process.stdout.write(`\n${plan.rounds} rounds of ${plan.seconds} s, interleaved; TLS on every connection; everything on ${cpus().length} cores\n\n${table(lines)}\n\n`);
  for (const { cell, before, peak, after } of resident) if (cell.startsWith('select')) process.stdout.write(`gateway's memory at the ${cell}: ${mib(before)} before, at most ${mib(peak)} during it, ${mib(after)} after\n`);
  process.stdout.write(`commands sent through the gateway: ${evidence.sent}; in the ledger: ${evidence.recorded}\n`);
}
if (evidence.sent !== evidence.recorded) {
  process.stderr.write('the ledger has not what was sent\n');
  process.exitCode = 1;
}

/** Compiled code, filled caches and warm server buffers before the first measured run. */
async function warmUp({ paths, ledger }: Bed): Promise<void> {
  say('warming up');
  for (const path of paths) {
    for (const mode of ['simple', 'extended', 'prepared'] as const) await pgbench(await path.env(), { mode, clients: 4, until: { statements: 2000 } });
    await selectAll(await path.env(), 'pgbench_accounts', rows);
  }
  await ledger.settled();
}

function versionOf(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8' }).split('\n', 1)[0] ?? null;
  } catch {
    return null;
  }
}
