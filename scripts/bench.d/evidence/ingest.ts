import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cpuSeconds, treeSeconds, watchForeign } from '../postgres/cpu.ts';
import type { House } from './house.ts';

/** What the gateway's side says of itself. */
interface Told {
  readonly seconds: number;
  readonly written: number;
  readonly committed: number;
  readonly bytesPerEvent: number;
  readonly cpuMicros: number;
  readonly lag: Spread;
  readonly ageMs: Spread;
  readonly drained: number;
  readonly lost: number;
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface IngestFigures extends Told {
  readonly name: string;
  readonly eventsPerSecond: number;
  /** Microseconds of CPU an event. */
  readonly cpu: { readonly gateway: number; readonly evidence: number; readonly postgres: number; readonly nats: number };
  /** Share of all cores that others on this machine used meanwhile. */
  readonly foreign: number;
  readonly load: number;
}

/** Events through the whole path: recorders and journal in a process of their own, the bus, the ledger's service with its log and its publisher, the database. */
export async function ingest(house: House, { name, perSecond, window, seconds, reader }: { readonly name: string; readonly perSecond: number; readonly window: number; readonly seconds: number; readonly reader: string }): Promise<IngestFigures> {
  const directory = join(house.directory, `journal-${randomUUID()}`);
  mkdirSync(directory);
  const order = { nats: house.nats.url, password: house.nats.passwords.gateway, id: 'gw-bench', directory, reader, perSecond, window, seconds };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'gateway-child.ts'), JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const used = () => ({ evidence: cpuSeconds([house.evidence.pid ?? 0]), postgres: treeSeconds(house.postmaster()), nats: cpuSeconds([house.natsServer()]) });
  let before = used();
  let after = before;
  let foreign = () => 0;
  let share = 0;
  child.on('message', (said) => {
    if (said === 'begin') {
      before = used();
      foreign = watchForeign();
    } else {
      after = used();
      share = foreign();
    }
  });
  const over = new Promise<number | null>((done) => child.once('exit', done));
  if (child.stdout === null) throw new Error('the gateway of the bench has no output');
  const answer = await text(child.stdout);
  if ((await over) !== 0) throw new Error('the gateway of the bench failed');
  const told: Told = JSON.parse(answer);
  const micros = (now: number, then: number) => ((now - then) * 1e6) / told.committed;
  return {
    ...told, name, eventsPerSecond: told.committed / told.seconds,
    cpu: { gateway: told.cpuMicros, evidence: micros(after.evidence, before.evidence), postgres: micros(after.postgres, before.postgres), nats: micros(after.nats, before.nats) },
    foreign: share, load: loadavg()[0] ?? 0,
  };
}
