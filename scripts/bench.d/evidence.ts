import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { baseline, type Baseline } from './evidence/baseline.ts';
import { diskOf } from './evidence/disk.ts';
import { freeGigabytes, makeHouse, type House } from './evidence/house.ts';
import { ingest, type IngestFigures } from './evidence/ingest.ts';
import { packOfDay, rangeTimes } from './evidence/packs.ts';
import { reportText, type Report } from './evidence/report.ts';
import { watchCpu } from './evidence/times.ts';
import { cpuSeconds, treeSeconds as postgresSeconds } from './postgres/cpu.ts';
import { compareTotals, listTimes, logTimes } from './evidence/reads.ts';

// The ledger at its size: what comes in, and what is asked of it.
const { values: asked } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, leaves: { type: 'string' }, sessions: { type: 'string' }, seconds: { type: 'string' }, calls: { type: 'string' } },
});
const usual = asked.quick ? { leaves: 60_000, sessions: 100_000, seconds: 5, calls: 40 } : { leaves: 1_000_000, sessions: 1_500_000, seconds: 40, calls: 300 };
const number = (given: string | undefined, otherwise: number) => {
  const value = given === undefined ? otherwise : Number(given);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${String(given)} is not a number of something`);
  return value;
};
const plan = { leaves: number(asked.leaves, usual.leaves), sessions: number(asked.sessions, usual.sessions), seconds: number(asked.seconds, usual.seconds), calls: number(asked.calls, usual.calls) };
/** Of the ledger, its indexes and the database's own log, and the journal's and the bus's files. */
const gigabytes = 6 + plan.leaves * 3.2e-6 + plan.sessions * 1e-6;
const months13 = 396 * 86_400_000;
const began = performance.now();
const say = (line: string) => void process.stderr.write(`  ${line} …\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const { empty, least } = await intoEmpty();
await using house = await makeHouse(['gw-bench'], 'filled');
const free = freeGigabytes(house.directory);
if (free < gigabytes) throw new Error(`${house.directory} has ${free.toFixed(0)} GB free, and ${gigabytes.toFixed(0)} are needed: set TMPDIR to a disk that has them`);
const to = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const reader = pem(house);
say(`filling: ${plan.leaves} leaves, ${plan.sessions} sessions`);
const filling = performance.now();
const filled = await fill(house);
const fillSeconds = (performance.now() - filling) / 1000;
await house.durable();
say('the service builds the tree');
const treeSeconds = (await house.start()) / 1000;
await signed(house, filled.leaves);
const disk = await diskOf(house);
const read = { leaves: filled.leaves, from: to - months13, to, calls: plan.calls };
watchCpu(() => cpuSeconds([house.evidence.pid ?? 0, house.console.pid ?? 0, house.natsServer()]) + postgresSeconds(house.postmaster()));
say('lists of sessions');
const compared = await compareTotals(house, read, asked.quick ? 10 : 30);
const lists = await listTimes(house, read);
say('proofs and reads');
const log = [...(await logTimes(house, read)), await rangeTimes(house, read)];
say('a pack of one day');
const pack = await packOfDay(house, read);
say('the full ledger takes events');
const full: IngestFigures[] = [
  await ingest(house, { name: 'into the full ledger', perSecond: 0, window: 20_000, seconds: plan.seconds, reader }),
  await ingest(house, { name: 'the same at 5,000/s', perSecond: 5000, window: 0, seconds: plan.seconds, reader }),
];

const report: Report = {
  machine: { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, load: loadavg() },
  plan: { ...plan, leaves: filled.leaves }, fillSeconds, treeSeconds, storySessions: filled.sessions, disk, compared, lists, log, pack, ingest: [empty, ...full], baseline: least, seconds: (performance.now() - began) / 1000,
};
process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
const lost = report.ingest.reduce((sum, run) => sum + run.lost, 0);
if (lost > 0 || pack.verdict !== 'ok') {
  process.stderr.write(lost > 0 ? `${lost} events are not in the ledger\n` : `the pack is ${pack.verdict}\n`);
  process.exitCode = 1;
}

function pem({ readerKey }: House): string {
  return readerKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** A house of its own; the baseline runs on the same server, when the services are gone. */
async function intoEmpty(): Promise<{ readonly empty: IngestFigures; readonly least: Baseline }> {
  await using house = await makeHouse(['gw-bench'], 'empty');
  await house.durable();
  await house.start();
  say('an empty ledger takes events');
  const empty = await ingest(house, { name: 'into an empty ledger', perSecond: 0, window: 20_000, seconds: plan.seconds, reader: pem(house) });
  await house.console.stop();
  await house.evidence.stop();
  say('baseline');
  return { empty, least: await baseline(house, { bytesPerEvent: empty.bytesPerEvent, seconds: Math.min(10, plan.seconds) }) };
}

async function fill({ database }: House): Promise<{ readonly leaves: number; readonly sessions: number }> {
  const order = { dsn: database.ownerDsn, reader, leaves: plan.leaves, sessions: plan.sessions, from: to - months13, to };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'evidence', 'fill-child.ts'), JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const last = () => child.kill('SIGKILL');
  process.once('exit', last);
  const over = new Promise<number | null>((done) => child.once('exit', done));
  const answer = await text(child.stdout);
  process.off('exit', last);
  if ((await over) !== 0) throw new Error('the ledger could not be filled');
  return JSON.parse(answer);
}

/** Until a checkpoint over everything is signed: proofs are of it. */
async function signed({ sql }: House, leaves: number): Promise<void> {
  for (const until = Date.now() + 60_000; ; await new Promise((wait) => setTimeout(wait, 200))) {
    const [row] = await sql('select coalesce(max(size), 0)::float8 as size from evidence.checkpoint where note is not null');
    if (Number(row?.['size']) >= leaves) return;
    if (Date.now() > until) throw new Error('no checkpoint over the filled ledger was signed within a minute');
  }
}
