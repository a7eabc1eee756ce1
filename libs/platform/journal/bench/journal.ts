// Events a second and CPU of a journal on a real disk and a real nats-server, with 1 to 128 statements waiting for their evidence.
// Run: node --conditions=@sallyport/source bench/journal.ts [seconds]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@sallyport/platform-telemetry';
import { subjects } from '@sallyport/platform-bus';
import { startNats } from '@sallyport/testing-stack';
import { natsJournalBus, openJournal, type Journal } from '../src/index.ts';

const seconds = Number(process.argv[2] ?? 2);
const event = Buffer.alloc(1300, 0x78);
const blobs = [{ bytes: Buffer.alloc(60, 0x79) }];

const directory = await mkdtemp(join(tmpdir(), 'journal-bench-'));
const nats = await startNats({ gateways: ['gw-1'] });
const bus = await nats.connect('gateway');
const journal = await openJournal({ directory, producer: 'gw-1', bus: natsJournalBus(bus, 'gw-1'), log: createLog({ service: 'bench', level: 'warn' }), limits: { maxBytes: 64 * 1024 ** 3 } });
// A ledger that keeps up, so that segments are trimmed and their files used again.
const ledger = await nats.connect('evidence');
const watermarks = setInterval(() => ledger.publish(subjects.watermark('gw-1'), { epoch: journal.producer.epoch, pseq: journal.acked }), 20);
process.stdout.write(`${'waiters'.padEnd(8)}${'wait for'.padEnd(10)}${'events/s'.padStart(10)}${'p50 µs'.padStart(9)}${'p99 µs'.padStart(9)}${'CPU µs/event'.padStart(14)}\n`);
for (const how of ['local', 'acked'] as const) {
  for (const waiters of [1, 8, 32, 128]) await measure(journal, waiters, how);
}
clearInterval(watermarks);
await journal.close();
await nats[Symbol.asyncDispose]();
await rm(directory, { recursive: true });

async function measure(on: Journal, waiters: number, how: 'local' | 'acked'): Promise<void> {
  const waits: number[] = [];
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: waiters }, () => new Promise<void>((done) => one(on, how, until, waits, done))));
  const used = process.cpuUsage(before);
  const took = (performance.now() - began) / 1000;
  waits.sort((a, b) => a - b);
  const at = (share: number) => Math.round(waits[Math.floor(waits.length * share)] ?? 0);
  const cpu = (used.user + used.system) / waits.length;
  process.stdout.write(`${String(waiters).padEnd(8)}${how.padEnd(10)}${Math.round(waits.length / took).toString().padStart(10)}${at(0.5).toString().padStart(9)}${at(0.99).toString().padStart(9)}${cpu.toFixed(1).padStart(14)}\n`);
}

function one(on: Journal, how: 'local' | 'acked', until: number, waits: number[], done: () => void): void {
  const began = performance.now();
  on.whenDurable(on.append(event, blobs), how, (error) => {
    if (error !== null) throw error;
    waits.push((performance.now() - began) * 1000);
    if (performance.now() > until) done();
    else one(on, how, until, waits, done);
  });
}
