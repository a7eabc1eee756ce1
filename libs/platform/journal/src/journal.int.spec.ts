import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLot } from '@sallyport/domain-events';
import { streams, type Bus } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { startNats, type NatsServer } from '@sallyport/testing-stack';
import { natsJournalBus, openJournal, type Journal } from './index.ts';
import { FakeBus } from './testing/fake-bus.ts';

const run = promisify(execFile);
const child = join(import.meta.dirname, 'testing/appending-child.ts');
let directory: string;
const ends: (() => PromiseLike<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await rm(directory, { recursive: true, force: true });
});

const eventually = async (what: string, holds: () => boolean | Promise<boolean>, state: () => unknown = () => '') => {
  for (const limit = Date.now() + 40_000; !(await holds()); ) {
    if (Date.now() > limit) throw new Error(`it never came about: ${what} ${JSON.stringify(state())}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};
const numbersOf = (lot: Uint8Array) => decodeLot(lot).messages.map(({ event }) => Number(Buffer.from(event).toString().split(' ')[1]));
const durable = (journal: Journal, position: number, how: 'local' | 'acked') => new Promise<Error | null>((done) => journal.whenDurable(position, how, done));

async function nats(limits = {}): Promise<NatsServer> {
  const server = await startNats({ gateways: ['gw-1'], limits });
  ends.push(async () => {
    await server[Symbol.asyncDispose]();
  });
  return server;
}

async function open(server: NatsServer, limits = {}): Promise<Journal & { readonly bus: Bus }> {
  const bus = await server.connect('gateway');
  const journal = await openJournal({ directory, producer: 'gw-1', bus: natsJournalBus(bus, 'gw-1'), log: silentLog, limits });
  ends.push(() => journal.close());
  return Object.assign(journal, { bus });
}

/** Appends in a process of its own, kills it with its last word unspoken, and says which positions it had called durable. */
async function killedWhileAppending(after: number, ...args: string[]): Promise<{ epoch: string; told: number }> {
  const process_ = spawn(process.execPath, ['--conditions=@sallyport/source', child, directory, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  process_.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const lines = () => output.split('\n').slice(0, -1);
  const closed = new Promise((done) => process_.once('close', done));
  try {
    await eventually('events of the child', () => lines().length > after);
  } finally {
    process_.kill('SIGKILL');
  }
  await closed;
  return { epoch: lines()[0]?.split(' ')[1] ?? '', told: Math.max(...lines().slice(1).map(Number)) };
}

/** Every message of the stream, through the ledger's own consumer. */
async function inStream(server: NatsServer, atLeast: number): Promise<ReadonlySet<number>> {
  const bus = await server.connect('evidence');
  const consumer = await bus.js.consumers.get(streams.ingest.name, streams.ingest.consumer);
  const numbers = new Set<number>();
  const messages = await consumer.consume({ max_messages: 1000 });
  void (async () => {
    for await (const message of messages) {
      for (const number of numbersOf(message.data)) numbers.add(number);
      message.ack();
    }
  })();
  await eventually(`${atLeast} different messages in the stream`, () => numbers.size >= atLeast, () => numbers.size);
  await messages.close();
  return numbers;
}

describe('a gateway killed with SIGKILL', () => {
  it('has in its journal every event that it had called durable, and the next start sends them all under the old epoch', async () => {
    for (const after of [1, 300, 3000]) {
      const { epoch, told } = await killedWhileAppending(after);
      const bus = new FakeBus();
      const journal = await openJournal({ directory, producer: 'gw-1', bus, log: silentLog });
      await eventually('what was left', () => bus.sent.filter(({ lane }) => lane !== 0).length >= told);
      await eventually('the end of the old epoch', () => {
        // More may be there than was told: the ledger goes on with what comes.
        bus.to?.committed(epoch, bus.sent.length);
        return journal.state.leftovers === 0;
      });
      const numbers = bus.sent.flatMap(({ message }) => numbersOf(message));
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i + 1));
      await journal.close();
      expect(await readdir(directory)).toEqual([]);
    }
  });

  it('had on the bus every event that it had called acknowledged', async () => {
    const server = await nats();
    const { told } = await killedWhileAppending(500, server.url, server.passwords.gateway);
    const numbers = await inStream(server, told);
    expect(Array.from({ length: told }, (_, i) => i + 1).filter((number) => !numbers.has(number))).toEqual([]);
  });
});

describe('the bus', () => {
  it('killed and restarted under load loses nothing that was taken', async () => {
    const server = await nats();
    const journal = await open(server, { resendMs: 500 });
    for (let n = 1; n <= 4000; n++) {
      journal.append(Buffer.from(`event ${n} `.padEnd(700, '.')), []);
      if (n % 1000 === 0) {
        await server.kill9();
        await server.restart();
      } else if (n % 50 === 0) await new Promise((done) => setImmediate(done));
    }
    await eventually('all acknowledged', () => journal.acked === 4000, () => ({ ...journal.state, refusing: journal.refusing, connected: journal.bus.connected }));
    const numbers = await inStream(server, 4000);
    expect(numbers.size).toBe(4000);
  });

  it('away: what needs it fails in time, what needs the disk does not, and everything comes when it is back', async () => {
    const server = await nats();
    const journal = await open(server, { waitMs: 300 });
    await durable(journal, journal.append(Buffer.from('event 1 .'), []), 'acked');
    await server.stop();
    const position = journal.append(Buffer.from('event 2 .'), []);
    expect(await durable(journal, position, 'local')).toBe(null);
    expect((await durable(journal, position, 'acked'))?.message).toContain('did not acknowledge');
    await server.restart();
    await eventually('acknowledged', () => journal.acked === 2);
  });

  it('full: events are refused', async () => {
    const server = await nats({ ingestBytes: 200_000 });
    const journal = await open(server);
    await eventually('the refusal', () => {
      if (journal.refusing === null) journal.append(Buffer.from('event 1 '.padEnd(5000, '.')), []);
      return journal.refusing !== null;
    });
    expect(journal.refusing).toContain('maximum bytes exceeded');
  });
});

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('the disk', () => {
  it('full: waiters fail, events are refused, and it goes on by itself when there is room, without a hole', async () => {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
    ends.push(() => run('umount', ['-l', directory]));
    const ballast = join(directory, 'ballast');
    await writeFile(ballast, Buffer.alloc(600 * 1024));
    const bus = new FakeBus();
    const journal = await openJournal({ directory, producer: 'gw-1', bus, log: silentLog, limits: { segmentBytes: 128 * 1024, probeMs: 50 } });
    ends.push(() => journal.close());
    let failed: Error | null = null;
    let told = 0;
    for (let n = 1; journal.refusing === null; n++) {
      const position = journal.append(Buffer.from(`event ${n} `.padEnd(4000, '.')), []);
      failed = await durable(journal, position, 'local');
      if (failed === null) told = position;
    }
    expect(failed?.message).toContain('ENOSPC');
    expect(journal.refusing).toContain('ENOSPC');
    expect(() => journal.append(Buffer.from('x'), [])).toThrow('ENOSPC');
    await rm(ballast);
    await eventually('room', () => journal.refusing === null);
    const next = journal.append(Buffer.from(`event ${told + 2} .`), []);
    expect(next).toBe(told + 2);
    expect(await durable(journal, next, 'local')).toBe(null);
    await journal.close();
    const after = new FakeBus();
    const again = await openJournal({ directory, producer: 'gw-1', bus: after, log: silentLog });
    ends.push(() => again.close());
    await eventually('everything', () => after.sent.length >= next);
    expect(after.sent.flatMap(({ message }) => numbersOf(message))).toEqual(Array.from({ length: next }, (_, i) => i + 1));
  });
});
