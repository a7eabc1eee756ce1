import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opened, type SealOpenings } from '@sallyport/domain-events';
import { registry, silentLog } from '@sallyport/platform-telemetry';
import { Child, startPostgres, until, type PostgresServer } from '@sallyport/testing-servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate } from './migrate.ts';
import { Outbox } from './outbox.ts';
import { openStore, type Store } from './store.ts';
import { ToyLedger } from './testing/ledger.ts';
import { newDatabase, startNats, type Database, type Nats } from './testing/world.ts';

let postgres: PostgresServer;
let databases = 0;
const directory = await mkdtemp(join(tmpdir(), 'sallyport-migrations-'));

beforeAll(async () => {
  postgres = await startPostgres();
  await writeFile(join(directory, '0001_outbox.sql'), `-- include outbox\ncreate table told (event text primary key);\ngrant select, insert on told to sallyport_identity;\n`);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface World extends AsyncDisposable {
  readonly nats: Nats;
  readonly database: Database;
  readonly ledger: ToyLedger;
  readonly store: Store<unknown>;
  outbox(clock?: { now(): number; monoUs(): number }): Promise<Outbox>;
  emit(outbox: Outbox, machine: string): Promise<string>;
  left(): Promise<number>;
}

async function world(): Promise<World> {
  const nats = await startNats();
  const database = await newDatabase(postgres, `world_${++databases}`);
  await migrate({ dsn: database.ownerDsn, schema: 'identity', directory, log: silentLog });
  const ledger = new ToyLedger(await nats.connect('evidence'));
  const running = ledger.run();
  const store = openStore<unknown>({ dsn: database.identityDsn, schema: 'identity', log: silentLog });
  const started: Outbox[] = [];
  return {
    nats,
    database,
    ledger,
    store,
    outbox: async (clock) => {
      const made = new Outbox({ store, bus: await nats.connect('identity'), producer: 'identity', tenant: 'default', log: silentLog, ...(clock === undefined ? {} : { clock }) });
      await made.start();
      started.push(made);
      return made;
    },
    emit: (outbox, machine) => store.db.transaction().execute((trx) => outbox.emit(trx, 'nhi.suspended', { machine, why: 'test' })),
    left: async () => Number((await sql<{ n: string }>`select count(*) as n from outbox`.execute(store.db)).rows[0]?.n),
    [Symbol.asyncDispose]: async () => {
      ledger.stop();
      await Promise.all(started.map((one) => one.stop()));
      await running;
      await store.close();
      await nats[Symbol.asyncDispose]();
    },
  };
}

const eventually = { timeout: 20_000, interval: 50 };

describe('the outbox', () => {
  it('sends what was committed, in a chain, and deletes it when the ledger has it', async () => {
    await using here = await world();
    const outbox = await here.outbox();
    const ids = [await here.emit(outbox, 'a'), await here.emit(outbox, 'b'), await here.emit(outbox, 'c')];
    await vi.waitFor(() => expect(here.ledger.verified()).toEqual(ids), eventually);
    await vi.waitFor(async () => expect([await here.left(), outbox.pending()]).toEqual([0, 0]), eventually);
  });

  it('sends nothing of a transaction that was rolled back, and its counter is used again', async () => {
    await using here = await world();
    const outbox = await here.outbox();
    const lost = here.store.db.transaction().execute(async (trx) => {
      await outbox.emit(trx, 'nhi.suspended', { machine: 'lost', why: 'test' });
      throw new Error('no');
    });
    await expect(lost).rejects.toThrow('no');
    const id = await here.emit(outbox, 'kept');
    await vi.waitFor(() => expect(here.ledger.verified()).toEqual([id]), eventually);
  });

  it('writes many at once in their order, none for none, and all or none', async () => {
    await using here = await world();
    const outbox = await here.outbox();
    const many = Array.from({ length: 300 }, (_, i) => ({ type: 'nhi.suspended' as const, data: { machine: `m-${i}`, why: '{"\\x' } }));
    const first = await here.emit(outbox, 'a');
    const ids = await here.store.db.transaction().execute((trx) => outbox.emitAll(trx, many));
    expect(await here.store.db.transaction().execute((trx) => outbox.emitAll(trx, []))).toEqual([]);
    await expect(here.store.db.transaction().execute(async (trx) => {
      await outbox.emitAll(trx, many.slice(0, 3));
      throw new Error('no');
    })).rejects.toThrow('no');
    const lastOne = await here.emit(outbox, 'z');
    await vi.waitFor(() => expect(here.ledger.verified()).toEqual([first, ...ids, lastOne]), eventually);
    await vi.waitFor(async () => expect([await here.left(), outbox.pending()]).toEqual([0, 0]), eventually);
  });

  it('tells the beginning and the end of a process that it is asked to tell, without holding up its end when the database is away', async () => {
    await using here = await world();
    const life = { service: 'identity', version: '1.2.3' };
    const started = async () => {
      const made = new Outbox({ store: here.store, bus: await here.nats.connect('identity'), producer: 'identity', tenant: 'default', log: silentLog, life });
      await made.start();
      return made;
    };
    const one = await started();
    await here.emit(one, 'between');
    await one.stop();
    await one.stop();
    await started();
    const told = () => [...here.ledger.bytes.values()].map((text) => JSON.parse(text)).map(({ type, d }) => [type, d]);
    await vi.waitFor(() => expect(told()).toHaveLength(4), eventually);
    expect(here.ledger.verified()).toHaveLength(4);
    expect(told()).toEqual([
      ['service.started', { ...life, node: process.version }], ['nhi.suspended', expect.anything()], ['service.stopped', { service: 'identity', why: 'signal' }], ['service.started', { ...life, node: process.version }],
    ]);
    const store = openStore<unknown>({ dsn: here.database.identityDsn, schema: 'identity', log: silentLog });
    const cut = new Outbox({ store, bus: await here.nats.connect('identity'), producer: 'identity', tenant: 'default', log: silentLog, life });
    await cut.start();
    await store.close();
    const began = Date.now();
    await cut.stop();
    expect(Date.now() - began).toBeLessThan(4_000);
  });

  it('beats while it lives, whatever else there is to tell, and tells of the clock', async () => {
    await using here = await world();
    const made = new Outbox({ store: here.store, bus: await here.nats.connect('identity'), producer: 'identity', tenant: 'default', log: silentLog, life: { service: 'identity', version: '1.2.3' }, beatMs: 50 });
    await made.start();
    const told = () => [...here.ledger.bytes.values()].map((text) => JSON.parse(text)).map(({ type }) => type);
    await vi.waitFor(() => expect(told().filter((type) => type === 'producer.heartbeat').length).toBeGreaterThan(3), eventually);
    expect(told().filter((type) => type === 'clock.status')).toHaveLength(1);
    await made.stop();
    await vi.waitFor(() => expect(told().at(-1)).toBe('service.stopped'), eventually);
    here.ledger.verified();
  });

  it('keeps names and words out of the events, and sends what opens them sealed beside them', async () => {
    await using here = await world();
    const seal: SealOpenings = (disclosures) => {
      const bytes = Buffer.from(`sealed:${disclosures.join('~')}`);
      return { bytes, ref: { role: 'opening', ct_sha256: hash('sha256', bytes, 'hex'), off: 0, len: bytes.length } };
    };
    const outbox = new Outbox({ store: here.store, bus: await here.nats.connect('identity'), producer: 'identity', tenant: 'default', log: silentLog, openings: seal });
    await outbox.start();
    const who = { id: 'person:alice', npid: null, iss: null, tok: null, jti: null, owner: null };
    await here.store.db.transaction().execute((trx) => outbox.emit(trx, 'nhi.suspended', { machine: 'm', why: 'alice left the bank' }, { who }));
    await here.store.db.transaction().execute((trx) => outbox.emit(trx, 'approval.expired', { approval: 'a' }));
    await vi.waitFor(() => expect(here.ledger.verified()).toHaveLength(2), eventually);
    await outbox.stop();
    const [text = '', plain = ''] = [...here.ledger.bytes.values()];
    expect(text + plain).not.toContain('alice');
    const event = JSON.parse(text);
    const [box = new Uint8Array()] = here.ledger.blobs.get(1) ?? [];
    expect(event.blobs).toEqual([{ role: 'opening', ct_sha256: hash('sha256', box, 'hex'), off: 0, len: box.length }]);
    expect(opened(event, Buffer.from(box).toString().slice('sealed:'.length).split('~'))).toMatchObject({ withheld: [], event: { who: { id: 'person:alice' }, d: { machine: 'm', why: 'alice left the bank' } } });
    expect([JSON.parse(plain).blobs, here.ledger.blobs.get(2)]).toEqual([[], []]);
  });

  it('refuses to write outside of a transaction', async () => {
    await using here = await world();
    const outbox = await here.outbox();
    await expect(outbox.emit(here.store.db, 'nhi.suspended', { machine: 'a', why: 'test' })).rejects.toBeInstanceOf(TypeError);
  });

  it('keeps the order of writers that write at once, from two processes’ outboxes too', async () => {
    await using here = await world();
    const [one, two] = [await here.outbox(), await here.outbox()];
    await Promise.all(Array.from({ length: 60 }, (_, i) => here.emit(i % 2 === 0 ? one : two, `m-${i}`)));
    await vi.waitFor(() => expect(here.ledger.verified()).toHaveLength(60), eventually);
    expect(here.ledger.conflicts).toEqual([]);
    await vi.waitFor(async () => expect(await here.left()).toBe(0), eventually);
  });

  it('keeps events until the ledger confirms, and sends them again when it does not', async () => {
    await using here = await world();
    here.ledger.confirms = false;
    let mono = 0;
    const outbox = await here.outbox({ now: () => Date.now(), monoUs: () => mono });
    await here.emit(outbox, 'a');
    await vi.waitFor(() => expect(here.ledger.bytes.size).toBe(1), eventually);
    expect([await here.left(), outbox.pending()]).toEqual([1, 1]);
    const resent = async () => Number((await registry.getSingleMetric('sallyport_outbox_resent_events_total')?.get())?.values[0]?.value ?? 0);
    const before = await resent();
    mono += 6_000_000;
    await vi.waitFor(async () => expect(await resent()).toBe(before + 1), eventually);
    // The broker knows the message id: the copy is acknowledged and not kept.
    expect(await kept(here.nats)).toBe(1);
    here.ledger.confirms = true;
    await vi.waitFor(async () => expect([await here.left(), outbox.pending()]).toEqual([0, 0]), eventually);
  });

  it('does not believe a watermark of another epoch or of events that were never written', async () => {
    await using here = await world();
    here.ledger.confirms = false;
    const outbox = await here.outbox();
    await here.emit(outbox, 'a');
    await vi.waitFor(() => expect(here.ledger.bytes.size).toBe(1), eventually);
    const evidence = await here.nats.connect('evidence');
    evidence.publish('control.watermark.identity', { epoch: '00000000-0000-4000-8000-000000000000', pseq: 1 });
    evidence.publish('control.watermark.identity', { epoch: here.ledger.epoch, pseq: 50 });
    await evidence.nc.flush();
    await new Promise<void>((done) => setTimeout(done, 200));
    expect([await here.left(), outbox.pending()]).toEqual([1, 1]);
  });

  it('goes on after the bus was killed under it', async () => {
    await using here = await world();
    const outbox = await here.outbox();
    const ids = [await here.emit(outbox, 'before')];
    await vi.waitFor(() => expect(here.ledger.bytes.size).toBe(1), eventually);
    await here.nats.kill9();
    ids.push(await here.emit(outbox, 'while it is away'));
    await here.nats.restart();
    ids.push(await here.emit(outbox, 'after'));
    await vi.waitFor(() => expect(here.ledger.verified()).toEqual(ids), eventually);
    await vi.waitFor(async () => expect(await here.left()).toBe(0), eventually);
  });

  it('loses nothing and invents nothing when the process is killed again and again', async () => {
    await using here = await world();
    const emitter = new URL('./testing/emitter.ts', import.meta.url).pathname;
    for (let kills = 0; kills < 6; kills++) {
      const child = new Child(process.execPath, ['--conditions=@sallyport/source', emitter, here.database.identityDsn, here.nats.url, here.nats.password]);
      await until(child, () => Promise.resolve(child.output.includes('started')));
      await new Promise<void>((done) => setTimeout(done, 150 + kills * 77));
      await child.kill9();
    }
    const outbox = await here.outbox();
    await vi.waitFor(async () => expect([await here.left(), outbox.pending()]).toEqual([0, 0]), eventually);
    const { rows } = await sql<{ event: string }>`select event from told`.execute(here.store.db);
    expect(rows.length).toBeGreaterThan(50);
    expect(here.ledger.verified().toSorted()).toEqual(rows.map((row) => row.event).toSorted());
    expect(here.ledger.conflicts).toEqual([]);
  });
});

/** Messages that the stream keeps. */
async function kept(nats: Nats): Promise<number> {
  const evidence = await nats.connect('evidence');
  const info = await (await evidence.js.streams.get('INGEST')).info();
  await evidence.close();
  return info.state.messages;
}
