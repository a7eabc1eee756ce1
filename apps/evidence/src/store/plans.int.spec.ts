import { generateKeyPairSync } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { parseEnvelope } from '@sallyport/engine-evidence';
import { Outbox } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { startNats, type NatsServer } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogStore } from '../log/log-store.ts';
import { Tree } from '../log/tree.ts';
import { packBatch } from '../model/batch.ts';
import { PublishStore, type PublishDatabase } from '../publish/publish-store.ts';
import { fillLedger, fillSessions, makeMonths, settleLedger } from '../testing/bulk/fill.ts';
import { Story } from '../testing/bulk/story.ts';
import { ledgerDatabase, type LedgerDatabase } from '../testing/ledger-database.ts';
import { explained, type Ran } from '../testing/plans.ts';
import type { RetentionDatabase } from '../retention/database.ts';
import type { EvidenceDatabase } from './database.ts';
import { Ledger } from './ledger.ts';
import { missingIn } from './absences.ts';
import { readEvents, readSession } from './reading.ts';
import { readSessions } from './session-list.ts';

const leaves = 200_000;
const to = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const from = to - 396 * 86_400_000;
/** What gets longer with every event, session or checkpoint; `session_count_all` has three rows a day and may be read whole. */
const growing = /^(event_body|blob|session_seq|ledger|event_idx|session_idx|session_count_(machine|target|both)|producer_seq|log_node|checkpoint)/;

let ledger: LedgerDatabase;
let nats: NatsServer;
beforeAll(async () => {
  [nats, ledger] = await Promise.all([startNats(), ledgerDatabase(['shared_buffers = 256MB', 'synchronous_commit = off', 'max_wal_size = 4GB', 'autovacuum = off'])]);
  const owner = ledger.database.ownerDsn;
  await makeMonths(owner, 14);
  await fillLedger(owner, new Story({ leaves, from, to, reader: generateKeyPairSync('x25519').publicKey, open: 100 }));
  await fillSessions(owner, 200_000, { from, to });
  const tree = new Tree(new LogStore(ledger.store.db));
  await tree.load();
  await tree.grow();
  await ledger.sql(`insert into log_epoch (epoch, origin, why) values (1, 'log.test/1', 'the first');
    insert into checkpoint (epoch, size, root, note) select 1, i, sha256(i::text::bytea), 'note ' || i from generate_series(1, 100000) i;
    insert into checkpoint_cosignature (epoch, size, witness, line) select 1, i, 'w', '— w AAAA' || E'\\n' from generate_series(1, 100000) i`);
  await ledger.sql('analyze log_node');
  await ledger.sql('analyze checkpoint');
  await ledger.sql('analyze checkpoint_cosignature');
  await settleLedger(owner);
}, 300_000);
afterAll(() => Promise.all([nats[Symbol.asyncDispose](), ledger[Symbol.asyncDispose]()]));

type Db = Kysely<EvidenceDatabase>;
const run = (work: (db: Db) => Promise<unknown>): Promise<Ran[]> => explained(ledger, (pool) => work(new Kysely<EvidenceDatabase>({ dialect: new PostgresDialect({ pool }) })));

/** Nothing that grows is read from end to end, and no statement looks at more rows than this. */
function expectNarrow(ran: readonly Ran[], rows: number, what = ''): void {
  expect(ran.length, what).toBeGreaterThan(0);
  for (const one of ran) {
    expect(one.scanned.filter((table) => growing.test(table)), `${what}\n${one.text}`).toEqual([]);
    expect(one.rows, `${what}\n${one.text}`).toBeLessThanOrEqual(rows);
  }
}

const bodies = (ran: readonly Ran[]) => new Set(ran.flatMap(({ read }) => read.filter((table) => table.startsWith('event_body_'))));
const none = () => [];
const sessionsAsked = { machine: null, target: null, open: null, before: null, limit: 50, state: null, from: null, to: null };
const at = (share: number) => new Date(from + (to - from) * share).toISOString();

describe('plans over 200,000 events, 230,000 sessions and 100,000 checkpoints', () => {
  it('find what they show to be able to fail: a count of everything is a scan', async () => {
    const [counted] = await run((db) => db.selectFrom('sessions').select((eb) => eb.fn.countAll().as('n')).where('bytes', '>', '5').execute());
    expect(counted?.rows).toBeGreaterThan(200_000);
    expect(counted?.scanned).toEqual(['session_idx']);
  });

  it.each([
    ['the first page', {}], ['a machine', { machine: 'm-003' }], ['a machine with few', { machine: 'm-199' }], ['a target', { target: 'db-10' }], ['machine and target', { machine: 'm-003', target: 'db-21' }],
    ['a machine that is not there', { machine: 'nobody' }], ['open ones', { open: true }], ['ended ones', { open: false }], ['refused ones', { state: 'refused' }], ['abandoned ones of a machine', { state: 'abandoned', machine: 'm-003' }],
    ['refused ones to a target', { state: 'refused', target: 'db-10' }], ['a month', { from: at(0.4), to: at(0.48) }], ['an hour of a machine', { from: at(0.4), to: at(0.40011), machine: 'm-001' }],
    ['a page deep inside', { before: `${Math.floor(from + (to - from) / 2).toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')}-7000-8000-000000000000` }],
    ['a page deep inside of a target', { target: 'db-02', before: `${Math.floor(from + (to - from) / 3).toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')}-7000-8000-000000000000` }],
  ] as const)('of lists of sessions: %s', async (what, asked) => {
    // A page, the totals of 397 days by three states at most, and what is left over of two days, 600 sessions each.
    expectNarrow(await run((db) => readSessions(db, { ...sessionsAsked, ...asked })), 3000, what);
  });

  it('of reading the ledger: the months that are asked for, and no other', async () => {
    for (const after of [0, 100_000, leaves - 600]) {
      const ran = await run((db) => readEvents(db, { session: null, after, limit: 500 }, none));
      expectNarrow(ran, 2100);
      expect(bodies(ran).size).toBeLessThanOrEqual(2);
    }
  });

  it('of looking for what is missing', async () => {
    for (const after of [0, 100_000, leaves - 600]) expectNarrow(await run((db) => missingIn(db.withTables<RetentionDatabase>(), after, after + 500)), 2100);
  });

  it('of reading a session and replaying it', async () => {
    const [row] = await ledger.sql(`select sid from event_idx where at > 123456 and type = 'command.decided' limit 1`);
    const sid = String(row?.['sid']);
    for (const ran of [await run((db) => readEvents(db, { session: sid, after: null, limit: 500 }, none)), await run((db) => readSession(db, sid, 1e6))]) {
      expectNarrow(ran, 150);
      expect(bodies(ran).size).toBeLessThanOrEqual(2);
    }
  });

  it('of the log: leaves, tiles, checkpoints', async () => {
    const ran = await run(async (db) => {
      const store = new LogStore(db);
      for (const [level, index, width] of [[0, 0, 256], [0, 700, 256], [0, 781, 60], [1, 2, 256], [2, 0, 3]] as const) expect((await store.tile(level, index, width)).length).toBe(width * 32);
      await store.state();
      await store.epoch();
      expect(await store.lastCheckpoint(1)).toMatchObject({ size: 100_000 });
      expect(await store.signedCheckpoint(null)).toMatchObject({ size: 100_000 });
      expect(await store.signedCheckpoint(777)).toMatchObject({ size: 777 });
      expect(await store.leaves(leaves - 100, 20_000)).toHaveLength(100);
    });
    expectNarrow(ran, 600);
  });

  it('of publishing', async () => {
    const ran = await run(async (db) => {
      const store = new PublishStore(db.withTables<PublishDatabase>());
      await store.leaves(150_000, 500);
      await store.hashOf(160_000);
      await store.size();
      expect(await store.newCheckpoint({ next: 90_000, epoch: 1, size: 100 })).toMatchObject({ size: 90_000 });
      expect(await store.newCheckpoint({ next: 90_000, epoch: 1, size: 90_000 })).toBe(null);
    });
    expectNarrow(ran, 2100);
    // One for each place that was asked for.
    expect(bodies(ran).size).toBeLessThanOrEqual(3);
  });

  it('of adding events: as narrow in a long ledger as in a short one', async () => {
    const producer = { id: 'gw-9', epoch: uuidv7() };
    const chains = Array.from({ length: 20 }, () => new EventChain({ tenant: 'default', sid: uuidv7(), producer }, { who: null, on: null }));
    let pseq = 0;
    const lot = () => chains.flatMap((chain) => Array.from({ length: 5 }, () => {
      const bytes = chain.write('producer.heartbeat', { pseq, sessions: 0 }, { id: uuidv7(), pseq: ++pseq, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
      return { event: parseEnvelope(bytes), bytes, blobs: [] };
    }));
    const bus = await nats.connect('evidence');
    const ran = await run(async (db) => {
      const store = { db, ping: () => Promise.resolve(), close: () => Promise.resolve() };
      const adding = new Ledger(db, new Outbox({ store, bus, producer: 'evidence', tenant: 'default', log: silentLog }));
      for (let i = 0; i < 3; i++) expect(await adding.append(packBatch(lot()))).toMatchObject({ added: 100 });
      pseq++;
      await adding.append(packBatch(lot()));
    });
    expectNarrow(ran, 2500);
  });

  it('of watching: gaps, silent producers, watermarks', async () => {
    const bus = await nats.connect('evidence');
    const ran = await run(async (db) => {
      const store = { db, ping: () => Promise.resolve(), close: () => Promise.resolve() };
      const watching = new Ledger(db, new Outbox({ store, bus, producer: 'evidence', tenant: 'default', log: silentLog }));
      await watching.tellGaps(1e9);
      await watching.giveUpGaps(1e9);
      await watching.tellAbandoned({ replacedMs: 1e9, silentMs: 1e12 });
      await watching.watermarks();
    });
    expectNarrow(ran, 3000);
  });
});
