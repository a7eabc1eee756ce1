// Events a second from the stream into the ledger, and the CPU of both sides. Run: node --conditions=@sallyport/source bench/ingest.ts [events]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { migrate, openStore, Outbox } from '@sallyport/platform-store';
import { createLog, metricsText, silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, startNats, startPostgres } from '@sallyport/testing-stack';
import { Ingester } from '../src/ingest/ingester.ts';
import { Watermarks } from '../src/ingest/watermarks.ts';
import type { EvidenceDatabase } from '../src/store/database.ts';
import { Ledger } from '../src/store/ledger.ts';
import { end, openSession, Producer, runCommand } from '../src/testing/producer.ts';

const wanted = Number(process.argv[2] ?? 50_000);
const log = createLog({ service: 'bench', level: 'warn' });
const [nats, postgres] = await Promise.all([startNats({ gateways: ['gw-1'] }), startPostgres()]);
const database = await bootstrapDatabase(postgres);
await migrate({ dsn: database.ownerDsn, schema: 'evidence', directory: join(import.meta.dirname, '../migrations'), log: silentLog });
const producer = new Producer(await nats.connect('gateway'));
const reader = generateKeyPairSync('x25519').publicKey;
while (producer.messages.length < wanted) {
  const { recorder } = openSession(producer, reader);
  for (let n = 0; n < 100; n++) runCommand(recorder, `select * from ledger.entries where id = ${n}`);
  recorder.close(end);
}
await producer.send();
const total = producer.messages.length;

const bus = await nats.connect('evidence');
const store = openStore<EvidenceDatabase>({ dsn: database.dsn('evidence'), schema: 'evidence', log });
const outbox = new Outbox({ store, bus, producer: 'evidence', tenant: 'default', log });
const ledger = new Ledger(store.db, outbox);
const ingester = new Ingester({ bus, ledger, watermarks: new Watermarks(bus), tenant: 'default', log });
const own = process.cpuUsage();
const theirs = postgresTicks();
const began = performance.now();
ingester.start();
for (let done = 0; done < total; ) {
  await new Promise((wait) => setTimeout(wait, 50));
  done = (await ledger.watermarks()).reduce((sum, { contiguous }) => sum + contiguous, 0);
}
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(own);
process.stdout.write(
  `${total} events in ${seconds.toFixed(1)} s: ${Math.round(total / seconds)} events/s, ` +
    `node ${((used.user + used.system) / total).toFixed(1)} µs/event, postgres ${(((postgresTicks() - theirs) * 10_000) / total).toFixed(1)} µs/event\n`,
);
if (process.env['METRICS'] !== undefined) process.stdout.write(`${(await metricsText()).text.split('\n').filter((line) => /^sallyport_evidence/.test(line)).join('\n')}\n`);
await ingester.stop();
await store.close();
await nats[Symbol.asyncDispose]();
await postgres[Symbol.asyncDispose]();

/** Clock ticks (10 ms) of CPU of the server's processes. */
function postgresTicks(): number {
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => ({ pid, fields: fieldsOf(pid) }));
  const master = stats.find(({ pid }) => commandOf(pid).includes(`${postgres.sockets}/data`))?.pid;
  return stats.filter(({ pid, fields }) => pid === master || fields[1] === master).reduce((sum, { fields }) => sum + Number(fields[11]) + Number(fields[12]), 0);
}

function fieldsOf(pid: string): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
