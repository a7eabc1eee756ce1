import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeMessage } from '@sallyport/domain-events';
import { EvidenceUnavailableError } from '@sallyport/domain-model';
import { silentLog } from '@sallyport/platform-telemetry';
import type { Journal } from './journal.ts';
import type { JournalLimits } from './limits.ts';
import { openJournal } from './open-journal.ts';
import { FakeBus } from './testing/fake-bus.ts';

let directory: string;
const opened: Journal[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  await rm(directory, { recursive: true });
});

async function open(bus: FakeBus, limits: Partial<JournalLimits> = {}): Promise<Journal> {
  const journal = await openJournal({ directory, producer: 'gw-1', bus, log: silentLog, limits: { segmentBytes: 64 * 1024, resendMs: 200, ...limits } });
  opened.push(journal);
  return journal;
}

const event = (n: number, size = 100) => Buffer.from(`event ${n} `.padEnd(size, '.'));
const durable = (journal: Journal, position: number, how: 'local' | 'acked' = 'local') => new Promise<Error | null>((done) => journal.whenDurable(position, how, done));
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
  expect(condition()).toBe(true);
};
const texts = (bus: FakeBus) => bus.sent.map(({ message }) => Buffer.from(decodeMessage(message).event).toString().split(' ')[1]);
const segments = async () => (await readdir(directory)).filter((name) => name.endsWith('.seg'));

describe('a journal', () => {
  it('gives dense positions, tells when they are durable, and sends what came together as one lot', async () => {
    const bus = new FakeBus();
    const journal = await open(bus);
    expect([journal.append(event(1), []), journal.append(event(2), [{ bytes: Buffer.from('x') }])]).toEqual([1, 2]);
    expect(journal.next()).toBe(3);
    expect(journal.local).toBe(0);
    expect(bus.lots).toBe(0);
    expect(await durable(journal, 2)).toBe(null);
    expect(await durable(journal, 2, 'acked')).toBe(null);
    expect([journal.local, journal.acked]).toEqual([2, 2]);
    expect(texts(bus)).toEqual(['1', '2']);
    expect(bus.lots).toBe(1);
  });

  it('bounds a lot in events and in bytes, and counts lots that are acknowledged out of turn', async () => {
    const bus = new FakeBus();
    bus.how = 'lose';
    const journal = await open(bus, { lotEvents: 4, lotBytes: 2000, resendMs: 60_000 });
    for (let n = 1; n <= 5; n++) journal.append(event(n), []);
    for (let n = 6; n <= 9; n++) journal.append(event(n, 900), []);
    await until(() => texts(bus).length === 9);
    expect(bus.lots).toBe(3);
    await durable(journal, 9);
    bus.to?.acknowledged({ lane: 0, first: 5, last: 7 });
    expect(journal.acked).toBe(0);
    bus.to?.acknowledged({ lane: 0, first: 1, last: 4 });
    expect(journal.acked).toBe(7);
    bus.to?.acknowledged({ lane: 0, first: 8, last: 9 });
    expect(journal.acked).toBe(9);
    expect(texts(bus)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('calls one who asks for what is durable already at once', async () => {
    const journal = await open(new FakeBus());
    await durable(journal, journal.append(event(1), []));
    let called = false;
    journal.whenDurable(1, 'local', () => (called = true));
    expect(called).toBe(true);
  });

  it('keeps what the bus never got, and sends it again in order after the connection is back', async () => {
    const bus = new FakeBus();
    const journal = await open(bus, { waitMs: 50 });
    bus.connected = false;
    for (let n = 1; n <= 300; n++) journal.append(event(n, 1000), []);
    expect(await durable(journal, 300)).toBe(null);
    expect(await durable(journal, 300, 'acked')).toBeInstanceOf(EvidenceUnavailableError);
    bus.comeBack();
    await until(() => journal.acked === 300);
    expect(texts(bus)).toEqual(Array.from({ length: 300 }, (_, i) => String(i + 1)));
  });

  it('sends from disk what memory could not hold, each once and in order, while new events come', async () => {
    const bus = new FakeBus();
    const journal = await open(bus, { memoryBytes: 20_000, window: 16 });
    bus.connected = false;
    for (let n = 1; n <= 500; n++) await durable(journal, journal.append(event(n, 1000), []));
    bus.comeBack();
    for (let n = 501; n <= 600; n++) journal.append(event(n, 1000), []);
    await until(() => journal.acked === 600);
    expect(texts(bus)).toEqual(Array.from({ length: 600 }, (_, i) => String(i + 1)));
  });

  it('sends again what was not acknowledged in time', async () => {
    const bus = new FakeBus();
    const journal = await open(bus);
    bus.how = 'lose';
    journal.append(event(1), []);
    await until(() => bus.lots === 1);
    bus.how = 'take';
    journal.append(event(2), []);
    await until(() => journal.acked === 2);
    expect(texts(bus)).toEqual(['1', '2', '1', '2']);
  });

  it('refuses events while the stream is full, and takes them again when it is not', async () => {
    const bus = new FakeBus();
    const journal = await open(bus);
    bus.how = 'refuse';
    journal.append(event(1), []);
    await until(() => journal.refusing !== null);
    expect(journal.refusing).toContain('maximum bytes exceeded');
    // What runs already is still told.
    expect(journal.append(event(2), [])).toBe(2);
    bus.how = 'take';
    await until(() => journal.refusing === null);
    await until(() => journal.acked === 2);
  });

  it('refuses past its bound on disk, and trims whole segments once the ledger has them', async () => {
    const bus = new FakeBus();
    const journal = await open(bus, { maxBytes: 512 * 1024 });
    let taken = 0;
    while (journal.refusing === null) {
      await durable(journal, journal.append(event(++taken, 4000), []));
      expect(taken).toBeLessThan(1000);
    }
    expect(journal.refusing).toContain('full');
    const full = taken;
    await expect(async () => {
      for (; taken < full + 1000; taken++) await durable(journal, journal.append(event(taken + 1, 4000), []));
    }).rejects.toBeInstanceOf(EvidenceUnavailableError);
    // The ends of what runs: one segment of them, of 64 KiB.
    expect(taken - full).toBeGreaterThan(8);
    expect(taken - full).toBeLessThan(24);
    const before = await segments();
    bus.to?.committed(journal.producer.epoch, taken);
    await until(() => journal.refusing === null);
    expect((await segments()).length).toBeLessThan(before.length);
    expect(journal.append(event(taken + 1), [])).toBe(taken + 1);
  });

  it('writes into the files of trimmed segments again, and reads nothing of what they held', async () => {
    const bus = new FakeBus();
    const journal = await open(bus);
    const size = 3000;
    let n = 0;
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 30; i++) await durable(journal, journal.append(event(++n, size - round), []), 'acked');
      bus.to?.committed(journal.producer.epoch, n - 40);
    }
    await until(() => journal.state.committed === n - 40);
    await journal.close();
    const after = new FakeBus();
    const next = await open(after);
    await until(() => after.sent.at(-1)?.pseq === n);
    const sent = after.sent.map(({ pseq }) => pseq);
    expect(sent).toEqual(Array.from({ length: sent.length }, (_, i) => n - sent.length + 1 + i));
    expect(texts(after)).toEqual(sent.map(String));
    expect(next.refusing).toBe(null);
  });

  it('does not trim what the bus has not acknowledged, nor by the watermark of another epoch', async () => {
    const bus = new FakeBus();
    bus.how = 'lose';
    const journal = await open(bus, { resendMs: 60_000 });
    for (let n = 1; n <= 100; n++) await durable(journal, journal.append(event(n, 2000), []));
    const before = await segments();
    bus.to?.committed(journal.producer.epoch, 100);
    bus.to?.committed('another', 100);
    await new Promise((done) => setTimeout(done, 50));
    expect(await segments()).toEqual(before);
  });

  it('sends again what the bus acknowledged and the ledger never got', async () => {
    const bus = new FakeBus();
    const journal = await open(bus, { stallMs: 50 });
    for (let n = 1; n <= 3; n++) await durable(journal, journal.append(event(n), []), 'acked');
    bus.to?.committed(journal.producer.epoch, 1);
    await new Promise((done) => setTimeout(done, 80));
    bus.to?.committed(journal.producer.epoch, 1);
    await until(() => bus.sent.length >= 5);
    expect(texts(bus)).toEqual(['1', '2', '3', '2', '3']);
  });

  it('sends what an earlier start left under its old epoch, and forgets it when the ledger has it', async () => {
    const first = new FakeBus();
    first.connected = false;
    const earlier = await open(first);
    for (let n = 1; n <= 200; n++) earlier.append(event(n, 1000), []);
    await durable(earlier, 200);
    await earlier.close();

    const bus = new FakeBus();
    const journal = await open(bus);
    expect(journal.producer.epoch).not.toBe(earlier.producer.epoch);
    journal.append(event(1000), []);
    await until(() => bus.sent.length === 201);
    const left = bus.sent.filter(({ lane }) => lane !== 0);
    expect(left.map(({ pseq }) => pseq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(Buffer.from(decodeMessage(left[199]?.message ?? new Uint8Array()).event).toString()).toContain('event 200');
    bus.to?.committed(earlier.producer.epoch, 199);
    expect(journal.state.leftovers).toBe(1);
    bus.to?.committed(earlier.producer.epoch, 200);
    await until(() => journal.state.leftovers === 0);
    expect((await segments()).every((name) => name.startsWith(journal.producer.epoch))).toBe(true);
  });

  it('reads up to a torn end, wherever it was torn', async () => {
    const bus = new FakeBus();
    bus.connected = false;
    const journal = await open(bus);
    for (let n = 1; n <= 5; n++) await durable(journal, journal.append(event(n), []));
    await journal.close();
    const [name = ''] = await segments();
    const whole = await readFile(join(directory, name));
    const end = whole.lastIndexOf('.') + 2;
    for (const cut of [end - 2, end - 60, end - 107, end - 112]) {
      const torn = Buffer.from(whole);
      torn.fill(0, cut);
      await writeFile(join(directory, name), torn);
      const after = new FakeBus();
      const next = await open(after);
      await until(() => after.sent.length >= 4);
      expect(texts(after)).toEqual(['1', '2', '3', '4']);
      await next.close();
      opened.pop();
      await Promise.all((await segments()).filter((other) => other !== name).map((other) => rm(join(directory, other))));
    }
  });

  it('keeps a damaged file aside and goes on', async () => {
    await writeFile(join(directory, '01900000-0000-7000-8000-000000000000.0000000000000001.seg'), Buffer.from('this is no journal file at all'));
    const journal = await open(new FakeBus());
    expect(await durable(journal, journal.append(event(1), []))).toBe(null);
    expect(await readdir(directory)).toContain('01900000-0000-7000-8000-000000000000.0000000000000001.seg.damaged');
  });

  it('lets nobody else into its directory, and in again after it was closed', async () => {
    const journal = await open(new FakeBus());
    await expect(open(new FakeBus())).rejects.toMatchObject({ code: 'ERR_JOURNAL_IN_USE' });
    await journal.close();
    await open(new FakeBus());
  });

  it('takes over the lock of a process that is gone', async () => {
    await writeFile(join(directory, 'lock'), '1 12345');
    await open(new FakeBus());
  });

  it('refuses an event that is too large, and goes on with the same position', async () => {
    const journal = await open(new FakeBus());
    expect(() => journal.append(Buffer.alloc(300 * 1024), [])).toThrow(EvidenceUnavailableError);
    expect(journal.append(event(1), [])).toBe(1);
  });

  it('makes files that only its own user can read', async () => {
    const journal = await open(new FakeBus());
    await durable(journal, journal.append(event(1), []));
    const [name = ''] = await segments();
    expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
  });
});
