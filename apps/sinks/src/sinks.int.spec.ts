import { hash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { evidenceFollow, logCheckpoints, logTile, ok, sinksApply, sinksCursors, sinksList, type Bus, type signedCheckpoint, type Caller, type Reply } from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { migrate } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { bootstrapDatabase, settingsOf, startNats, startPostgres, tempDir, type Database, type NatsServer, type PostgresServer } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredEvent } from '@sallyport/engine-siem';
import type { z } from 'zod';
import { sinksConfig } from './config.ts';
import { startSinks } from './service.ts';
import { leaves } from './testing/leaves.ts';
import { receiver, type Receiver } from './testing/receiver.ts';
import { accessKey, s3Server, secretKey } from './testing/s3-server.ts';
import { smallLog, type SmallLog } from './testing/small-log.ts';

let nats: NatsServer;
let postgres: PostgresServer;
let database: Database;
let directory: Awaited<ReturnType<typeof tempDir>>;
let console: Bus;
let there: Receiver;
let running: Running | null = null;
/** The ledger, as the scripted evidence service answers it. */
let ledger: StoredEvent[] = [];
let tiles: SmallLog['tile'] = () => Promise.resolve(new Uint8Array());
const heads: z.input<typeof signedCheckpoint>[] = [];

const admin: Caller = { person: 'ada', roles: ['admin'], groups: [], source: '127.0.0.1' };

async function start(): Promise<void> {
  const env = {
    SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: 'sinks', SALLYPORT_NATS_PASSWORD: nats.passwords.sinks, SALLYPORT_DSN: database.dsn('sinks'), SALLYPORT_HTTP: '127.0.0.1:0',
    SALLYPORT_STATE: directory.path, SALLYPORT_SECRETS_DIR: join(directory.path, 'secrets'),
  };
  const pace = { firstMs: 20, mostMs: 50, idleMs: 20, watermarkMs: 100, stallAfter: 3 };
  running = await boot({ name: 'sinks', config: sinksConfig, start: ({ config, env: { state, tenant }, bus, log, readiness }) => startSinks({ config, tenant, state, bus, log, readiness, everyMs: 50, pace }) }, env, silentLog);
}
async function stop(): Promise<void> {
  await running?.stop();
  running = null;
}

beforeAll(async () => {
  [nats, postgres, directory, there] = await Promise.all([startNats(), startPostgres(), tempDir('sallyport-sinks'), receiver()]);
  database = await bootstrapDatabase(postgres);
  await migrate({ dsn: database.ownerDsn, schema: 'sinks', directory: join(import.meta.dirname, '../migrations'), log: silentLog });
  await mkdir(join(directory.path, 'secrets'));
  await writeFile(join(directory.path, 'secrets', 'hook'), JSON.stringify({ username: 'hook', password: 'the-key' }), { mode: 0o600 });
  const evidence = await nats.connect('evidence');
  evidence.nc.subscribe(evidenceFollow.subject, {
    callback: (_error, message) => {
      const { from, limit } = evidenceFollow.request.parse(message.json());
      const page: Reply<z.input<(typeof evidenceFollow)['value']>> = ok({ size: ledger.length, leaves: ledger.slice(from, from + limit).map(({ leaf, bytes }) => ({ leaf, event: null, sha256: bytes === null ? null : hash('sha256', bytes, 'hex'), received: '2026-11-23T04:00:00.000Z', bytes: bytes === null ? null : Buffer.from(bytes).toString('base64') })) });
      message.respond(JSON.stringify(page));
    },
  });
  evidence.nc.subscribe(logCheckpoints.subject, {
    callback: (_error, message) => {
      const { after } = logCheckpoints.request.parse(message.json());
      const page: Reply<z.input<(typeof logCheckpoints)['value']>> = ok({ checkpoints: heads.filter(({ epoch, size }) => epoch > after.epoch || (epoch === after.epoch && size > after.size)) });
      message.respond(JSON.stringify(page));
    },
  });
  evidence.nc.subscribe(logTile.subject, {
    callback: (_error, message) => {
      const { level, index, width } = logTile.request.parse(message.json());
      void tiles(level, index, width).then((hashes) => message.respond(JSON.stringify(ok({ hashes: Buffer.from(hashes).toString('base64') }))));
    },
  });
  await evidence.nc.flush();
  console = await nats.connect('console');
  await settingsOf(nats);
  await start();
});
afterAll(async () => {
  await stop();
  await there[Symbol.asyncDispose]();
  await Promise.all([nats[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), directory[Symbol.asyncDispose]()]);
});

const sink = (name: string, spec: object) => ({ apiVersion: 'sallyport/v1', kind: 'Sink', metadata: { name }, spec });
const apply = (documents: readonly object[], more: { dryRun?: boolean; prune?: boolean; by?: Caller } = {}) => console.call(sinksApply, { by: more.by ?? admin, documents: [...documents], dryRun: more.dryRun ?? false, prune: more.prune ?? false });
const cursor = async (name: string) => (await postgres.sql(`select * from sinks.sink_cursor where name = '${name}'`, database.name))[0] ?? {};
const next = async (name: string) => Number((await cursor(name))['next_leaf'] ?? 0);
/** Events that the service has written, from the table that it sends from and from the stream. */
async function told(): Promise<{ type: string; d: Record<string, unknown> }[]> {
  const { js } = await nats.connect('evidence');
  const consumer = await js.consumers.get('INGEST', 'ledger');
  const found: { type: string; d: Record<string, unknown> }[] = [];
  for await (const message of await consumer.fetch({ max_messages: 1000, expires: 1000 })) {
    for (const part of message.string().matchAll(/\{"v":1,.*?"blobs":\[\]\}/g)) found.push(JSON.parse(part[0]) as { type: string; d: Record<string, unknown> });
  }
  return found;
}
const gotByHook = () => there.got.flatMap(({ body }) => (JSON.parse(body) as { sequence?: string }[]).flatMap(({ sequence }) => (sequence === undefined ? [] : [Number(sequence)])));

describe('applying sinks', () => {
  it.each([
    [{ type: 's3', bucket: 'b' }, 'spec.endpoint'],
    [{ type: 'webhook', url: 'http://siem.example/x', secret: 'file:hook' }, 'must be https'],
    [{ type: 'webhook', url: 'https://user:secret@siem.example/x', secret: 'file:hook' }, 'must not hold a user or password'],
    [{ type: 'webhook', url: 'https://siem.example/x', secret: 'the-key-itself' }, 'must be file:NAME or env:NAME'],
    [{ type: 'file', file: '../etc/passwd' }, 'lower case letters'],
    [{ type: 'syslog', url: 'udp://siem.example:514' }, 'must be tls://host:port'],
    [{ type: 'file', file: 'a', surprise: 1 }, 'unknown field "surprise"'],
  ])('refuses %j', async (spec, say) => {
    expect(await apply([sink('bad', spec)])).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining(say) } });
  });

  it('is for administrators, changes nothing on trial, and knows what stands', async () => {
    const document = sink('archive', { type: 'file', file: 'archive' });
    expect(await apply([document], { by: { ...admin, roles: ['auditor'] } })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await apply([document], { dryRun: true })).toMatchObject({ ok: true, value: { changes: [{ kind: 'Sink', name: 'archive', change: 'created', version: 1 }] } });
    expect(await console.call(sinksList, { name: null })).toMatchObject({ ok: true, value: { documents: [] } });
    expect(await apply([document])).toMatchObject({ ok: true });
    expect(await apply([document])).toMatchObject({ ok: true, value: { changes: [{ change: 'unchanged', version: 1 }] } });
    expect(await apply([sink('other', { type: 'file', file: 'archive' })])).toMatchObject({ ok: false, error: { say: expect.stringContaining('archive writes it already') } });
    expect(await console.call(sinksList, { name: 'archive' })).toMatchObject({ ok: true, value: { documents: [{ spec: { type: 'file', format: 'jsonl', required: false } }] } });
  });
});

describe('delivering', () => {
  it('gives each sink every leaf in order, also over restarts in the middle', async () => {
    there.answer = (response) => void setTimeout(() => response.writeHead(204).end(), 5);
    await apply([sink('hook', { type: 'webhook', url: `${there.url}/hook`, secret: 'file:hook' }), sink('few', { type: 'file', file: 'few', families: ['nhi'], format: 'ocsf' })]);
    ledger = leaves(3000);
    for (const part of [300, 1200]) {
      await expect.poll(() => next('hook')).toBeGreaterThan(part);
      await stop();
      await start();
    }
    await expect.poll(async () => [await next('hook'), await next('archive'), await next('few')]).toEqual([3000, 3000, 3000]);
    const lines = async (name: string) => (await readFile(join(directory.path, `${name}.jsonl`), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { leaf?: number; metadata?: { sequence: number } });
    const archived = (await lines('archive')).map(({ leaf }) => leaf ?? -1);
    expect([...new Set(archived)]).toEqual(ledger.map(({ leaf }) => leaf));
    expect([...new Set(gotByHook())]).toEqual(ledger.map(({ leaf }) => leaf));
    expect([...new Set((await lines('few')).map(({ metadata }) => metadata?.sequence))]).toEqual(ledger.filter(({ leaf }) => leaf % 4 === 3).map(({ leaf }) => leaf));
  });

  it('waits for a sink that takes nothing without holding up others, and says so and when it is over', async () => {
    there.got.length = 0;
    there.answer = (response) => void response.writeHead(503).end();
    const before = ledger.length;
    ledger = [...ledger, ...leaves(20).map((leaf, i) => ({ ...leaf, leaf: before + i }))];
    await expect.poll(() => next('archive')).toBe(before + 20);
    await expect.poll(async () => (await cursor('hook'))['stalled_at']).not.toBeNull();
    expect([await next('hook'), (await cursor('hook'))['last_code']]).toEqual([before, 'unavailable']);
    there.answer = (response) => void response.writeHead(204).end();
    there.got.length = 0;
    await expect.poll(() => next('hook')).toBe(before + 20);
    expect(gotByHook()).toEqual(ledger.slice(before).map(({ leaf }) => leaf));
    await expect.poll(async () => (await cursor('few'))['told_leaf']).toBe(String(before + 20));
    await new Promise((done) => setTimeout(done, 300));
    const events = await told();
    const of = (type: string, name: string) => events.filter(({ type: is, d }) => is === type && d['sink'] === name).map(({ d }) => d);
    expect(of('sink.stalled', 'hook')).toMatchObject([{ next: before, code: 'unavailable', attempts: 3 }]);
    expect(of('sink.recovered', 'hook')).toMatchObject([{ next: before + 20 }]);
    expect(of('sink.stalled', 'archive')).toEqual([]);
    const marks = of('sink.watermark', 'few');
    expect(marks.map(({ from }) => from)).toEqual([0, ...marks.slice(0, -1).map(({ next: to }) => to)]);
    expect(marks.reduce((sum, { delivered, filtered }) => sum + Number(delivered) + Number(filtered), 0)).toBe(before + 20);
    expect(events.filter(({ type, d }) => type === 'config.changed' && d['kind'] === 'Sink').map(({ d }) => d['name'])).toEqual(['archive', 'hook', 'few']);
  });

  it('gives every sink each checkpoint once, behind the leaves that it covers, also to filtered sinks', async () => {
    const before = ledger.length;
    const head = (size: number) => ({ epoch: 1, origin: 'sallyport.local/default/1', size, note: `sallyport.local/default/1\n${size}\nAAAA\n\n— sallyport.local/default AAAA\n`, at: '2026-11-23T04:00:10.000Z' });
    // One that is late, one in the middle of what comes next, one ahead of the ledger.
    heads.push(head(before - 3), head(before + 5), head(before + 10));
    ledger = [...ledger, ...leaves(8).map((leaf, i) => ({ ...leaf, leaf: before + i }))];
    const lines = async (name: string) => (await readFile(join(directory.path, `${name}.jsonl`), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { leaf?: number; checkpoint?: { size: number }; note?: string; event?: unknown; metadata?: { uid: string; sequence?: number } });
    const tail = async () => (await lines('archive')).slice(-10).map(({ leaf, note }) => (note === undefined ? leaf : `checkpoint ${note.split('\n')[1]}`));
    await expect.poll(tail).toEqual([`checkpoint ${before - 3}`, ...[0, 1, 2, 3, 4].map((i) => before + i), `checkpoint ${before + 5}`, before + 5, before + 6, before + 7]);
    await stop();
    await start();
    ledger = [...ledger, ...leaves(2).map((leaf, i) => ({ ...leaf, leaf: before + 8 + i }))];
    await expect.poll(async () => (await lines('archive')).at(-1)?.note?.split('\n')[1]).toBe(String(before + 10));
    expect((await lines('archive')).flatMap(({ note }) => (note === undefined ? [] : [Number(note.split('\n')[1])]))).toEqual([before - 3, before + 5, before + 10]);
    // Known when the leaf was sent: then the record names it.
    expect((await lines('archive')).find(({ leaf }) => leaf === before + 1)?.checkpoint?.size).toBe(before + 5);
    await expect.poll(async () => (await lines('few')).flatMap(({ metadata }) => (metadata?.uid.startsWith('checkpoint:') === true ? [metadata.uid] : []))).toEqual([before - 3, before + 5, before + 10].map((size) => `checkpoint:sallyport.local/default/1:${size}`));
    expect(await cursor('hook')).toMatchObject({ checkpoint_epoch: 1, checkpoint_size: String(before + 10) });
  });

  it('goes back with a ledger that was set back, to the first leaf that is another, and says so', async () => {
    const before = ledger.length;
    there.got.length = 0;
    // A backup without the last 40 leaves, which has grown on since: longer than what was delivered.
    ledger = [...ledger.slice(0, before - 40), ...leaves(60).map((leaf, i) => ({ ...leaf, leaf: before - 40 + i }))];
    await expect.poll(() => next('hook')).toBe(before + 20);
    await expect.poll(() => next('archive')).toBe(before + 20);
    const again = gotByHook();
    expect(again.at(0)).toBeLessThanOrEqual(before - 40);
    expect(again.slice(-60)).toEqual(Array.from({ length: 60 }, (_, i) => before - 40 + i));
    const ids = there.got.flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).flatMap(({ id }) => (id.startsWith('checkpoint:') ? [] : [id]))).slice(-60);
    expect(ids).toEqual(ledger.slice(-60).map(({ bytes }) => (JSON.parse(Buffer.from(bytes ?? []).toString()) as { id: string }).id));
    expect(await cursor('hook')).toMatchObject({ turn: 1 });
    // And one that is shorter than what was delivered.
    ledger = ledger.slice(0, before - 100);
    await expect.poll(async () => [await next('hook'), (await cursor('hook'))['turn']]).toEqual([before - 100, 2]);
    await new Promise((done) => setTimeout(done, 300));
    const events = (await told()).filter(({ type, d }) => type === 'sink.rewound' && d['sink'] === 'hook').map(({ d }) => d);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ from: before });
    expect(Number(events[0]?.['next'])).toBeLessThanOrEqual(before - 40);
  });

  it('delivers a leaf whose body is gone as one that cannot be read, to filtered sinks too', async () => {
    const before = ledger.length;
    ledger = [...ledger, { leaf: before, bytes: null, receivedAt: 0 }];
    await expect.poll(() => next('few')).toBe(before + 1);
    const last = (await readFile(join(directory.path, 'few.jsonl'), 'utf8')).trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ metadata: { sequence: before } });
  });

  it('ends with its document, and one of the same name goes on where it was', async () => {
    const [archive, few] = [sink('archive', { type: 'file', file: 'archive' }), sink('few', { type: 'file', file: 'few', families: ['nhi'], format: 'ocsf' })];
    expect(await apply([archive, few], { prune: true })).toMatchObject({ ok: true, value: { changes: [{ change: 'unchanged' }, { change: 'unchanged' }, { name: 'hook', change: 'removed' }] } });
    await new Promise((done) => setTimeout(done, 300));
    there.got.length = 0;
    const before = ledger.length;
    ledger = [...ledger, ...leaves(3).map((leaf, i) => ({ ...leaf, leaf: before + i }))];
    await expect.poll(() => next('archive')).toBe(before + 3);
    expect(there.got).toEqual([]);
    await apply([sink('hook', { type: 'webhook', url: `${there.url}/again`, secret: 'file:hook' })]);
    await expect.poll(() => next('hook')).toBe(before + 3);
    expect(gotByHook()).toEqual([before, before + 1, before + 2]);
  });

  it('writes S3 objects whose ranges follow one another, wherever it was stopped and whatever answer was lost', async () => {
    await using store = await s3Server();
    let written = 0;
    store.loses = () => ++written % 3 === 0;
    await writeFile(join(directory.path, 'secrets', 's3'), JSON.stringify({ username: accessKey, password: secretKey }), { mode: 0o600 });
    const spec = { type: 's3', endpoint: store.url, region: 'eu-central-1', bucket: 'evidence-bucket', prefix: 'siem', addressing: 'path', credentials: 'file:s3', families: ['nhi'], maxRecords: 37, maxAgeSeconds: 1 };
    expect(await apply([sink('store', spec)])).toMatchObject({ ok: true });
    expect(await apply([sink('again', spec)])).toMatchObject({ ok: false, error: { say: expect.stringContaining('spec.prefix: store writes it already') } });
    for (const part of [0.2, 0.5, 0.8]) {
      await expect.poll(() => next('store')).toBeGreaterThan(ledger.length * part);
      await stop();
      const before = ledger.length;
      ledger = [...ledger, ...leaves(150).map((leaf, i) => ({ ...leaf, leaf: before + i }))];
      await start();
    }
    await expect.poll(() => next('store')).toBe(ledger.length);
    const names = [...store.objects.keys()].filter((key) => !key.includes('-checkpoint-'));
    const ranges = names.map((key) => /^siem\/\d{4}\/\d\d\/\d\d\/(\d{15})-(\d{15})\.jsonl\.gz$/.exec(key)?.slice(1).map(Number) ?? []).sort(([a = 0], [b = 0]) => a - b);
    expect(ranges.every(([first = 0], i) => i === 0 || first > (ranges[i - 1]?.[1] ?? 0))).toBe(true);
    const recorded = [...store.objects.values()].flatMap(([object]) => gunzipSync(object?.body ?? '').toString().trimEnd().split('\n').flatMap((line) => {
      const { leaf } = JSON.parse(line) as { leaf?: number };
      return leaf === undefined ? [] : [leaf];
    })).sort((a, b) => a - b);
    expect(recorded).toEqual(ledger.filter((one) => one.bytes === null || Buffer.from(one.bytes).includes('nhi.suspended')).map(({ leaf }) => leaf));
    expect(written).toBeGreaterThan(names.length);
    await apply([sink('store', { ...spec, endpoint: 'http://127.0.0.1:9' })]);
  });

  it('tells the ledger how far each sink is, and nobody else', async () => {
    await apply([sink('must', { type: 'webhook', url: `${there.url}/must`, secret: 'file:nowhere', required: true })]);
    await expect.poll(async () => (await cursor('must'))['stalled_at']).toBeTruthy();
    const evidence = await nats.connect('evidence');
    expect(await evidence.call(sinksCursors, {})).toEqual({ ok: true, value: { sinks: [
      { name: 'archive', required: false, nextLeaf: ledger.length, state: 'delivering' },
      { name: 'few', required: false, nextLeaf: ledger.length, state: 'delivering' },
      { name: 'hook', required: false, nextLeaf: ledger.length, state: 'delivering' },
      { name: 'must', required: true, nextLeaf: 0, state: 'stalled' },
      { name: 'store', required: false, nextLeaf: ledger.length, state: 'delivering' },
    ] } });
    expect(await console.call(sinksCursors, {}, 500)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  it('has a cursor that never goes back', async () => {
    await expect(postgres.sql(`update sinks.sink_cursor set next_leaf = 0, told_leaf = 0 where name = 'few'`, database.name)).rejects.toThrow(/only moves on/);
  });

  it('archives the log, and anew under the next epoch when its ledger was set back', async () => {
    await using store = await s3Server();
    store.locks = true;
    const spec = { type: 's3-object-lock', endpoint: store.url, region: 'eu-central-1', bucket: 'evidence-bucket', prefix: 'worm', addressing: 'path', credentials: 'file:s3', required: true, everySeconds: 10 };
    const log = smallLog();
    const tell = (head: { epoch: number; origin: string; size: number; note: string }) => heads.push({ epoch: head.epoch, origin: head.origin, size: head.size, note: head.note, at: '2026-11-23T04:00:10.000Z' });
    tiles = (level, index, width) => log.tile(level, index, width);
    await apply([sink('few', { type: 'file', file: 'few', families: ['nhi'], format: 'ocsf' })], { prune: true });
    heads.length = 0;
    const grow = (count: number) => {
      log.add(...leaves(count).map(({ bytes }) => bytes ?? new Uint8Array()));
      ledger = log.leaves.map((leaf) => leaf);
    };
    grow(300);
    tell(log.sign());
    await apply([sink('worm', spec)]);
    await expect.poll(() => next('worm')).toBe(300);
    // The archive is ten seconds apart: begun anew, it looks at once.
    await stop();
    [log.leaves, log.hashes] = [log.leaves.slice(0, 280), log.hashes.slice(0, 280)];
    grow(40);
    tell(log.sign(2));
    await start();
    await expect.poll(() => next('worm')).toBe(320);
    expect(await cursor('worm')).toMatchObject({ checkpoint_epoch: 2, checkpoint_size: '320', turn: 1 });
    expect([...store.objects.keys()].filter((key) => key.endsWith('/checkpoint'))).toEqual(['worm/1/checkpoint', 'worm/2/checkpoint']);
    expect(store.objects.get('worm/2/checkpoint')?.at(-1)?.body.toString()).toContain('log.example/2\n320\n');
  });
});
