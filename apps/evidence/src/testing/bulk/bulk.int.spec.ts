import { generateKeyPairSync } from 'node:crypto';
import { parseEnvelope, verify } from '@sallyport/engine-evidence';
import { Outbox } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { startNats, type NatsServer } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogStore } from '../../log/log-store.ts';
import { Tree } from '../../log/tree.ts';
import { packBatch } from '../../model/batch.ts';
import { Ledger } from '../../store/ledger.ts';
import { ledgerDatabase, type LedgerDatabase } from '../ledger-database.ts';
import { fillLedger, makeMonths } from './fill.ts';
import { Story, type BulkEvent } from './story.ts';

let nats: NatsServer;
let filled: LedgerDatabase;
let appended: LedgerDatabase;
beforeAll(async () => {
  [nats, filled, appended] = await Promise.all([startNats(), ledgerDatabase(), ledgerDatabase()]);
}, 60_000);
afterAll(() => Promise.all([nats[Symbol.asyncDispose](), filled[Symbol.asyncDispose](), appended[Symbol.asyncDispose]()]));

const leaves = 6000;
const reader = generateKeyPairSync('x25519').publicKey;
const to = Date.UTC(2026, 10, 20);

/** The story, which also keeps what it told. */
class KeptStory extends Story {
  readonly events: BulkEvent[] = [];
  override *pieces(events: number): ReturnType<Story['pieces']> {
    for (const piece of super.pieces(events)) {
      this.events.push(...piece.events);
      yield piece;
    }
  }
}

describe('a ledger that is filled in bulk', () => {
  it('is row for row what `append` makes of the same events, with the same tree, and verifies', async () => {
    const story = new KeptStory({ leaves, from: Date.UTC(2025, 10, 20), to, reader, open: 20 });
    await Promise.all([makeMonths(filled.database.ownerDsn, 13), makeMonths(appended.database.ownerDsn, 13)]);
    const count = await fillLedger(filled.database.ownerDsn, story);
    expect(count).toBe(story.events.length);
    expect(count).toBeGreaterThanOrEqual(leaves);

    const ledger = new Ledger(appended.store.db, new Outbox({ store: appended.store, bus: await nats.connect('evidence'), producer: 'evidence', tenant: 'default', log: silentLog }));
    for (let i = 0; i < count; i += 700) {
      const batch = story.events.slice(i, i + 700).map(({ bytes, blobs }) => ({ event: parseEnvelope(bytes), bytes, blobs: blobs.map((blob) => blob.bytes) }));
      expect(await ledger.append(packBatch(batch))).toMatchObject({ added: batch.length, conflicts: [] });
    }

    const states = new Set<unknown>();
    for (const table of tables) {
      const columns = await columnsOf(filled, table);
      const text = `select ${columns.join(', ')} from ${table} order by ${columns.join(', ')}`;
      const [one, other] = await Promise.all([filled.sql(text), appended.sql(text)]);
      expect(one.length, table).toBeGreaterThan(0);
      expect(one, table).toEqual(other);
      if (table === 'session_idx') for (const { state } of one) states.add(state);
    }
    expect(states).toEqual(new Set(['open', 'closed', 'refused', 'abandoned']));

    const trees = await Promise.all([filled, appended].map(async ({ store }) => {
      const tree = new Tree(new LogStore(store.db));
      await tree.load();
      await tree.grow();
      return { size: tree.size, root: Buffer.from(tree.root()).toString('hex') };
    }));
    expect(trees[0]).toEqual(trees[1]);
    expect(trees[0]?.size).toBe(count);
    const stored = await filled.sql('select body, sha256 from ledger_events order by at');
    expect(verify(stored.map(({ body, sha256 }) => ({ bytes: bytesOf(body), sha256: Buffer.from(bytesOf(sha256)).toString('hex') })), 'ledger')).toMatchObject({ ok: true });
  }, 120_000);
});

const tables = ['event_body', 'blob', 'session_seq', 'producer_seq', 'ledger', 'event_idx', 'session_idx', 'session_count', 'producer_state'];

/** Everything but when it came: a column that is new must be filled too. */
async function columnsOf(ledger: LedgerDatabase, table: string): Promise<unknown[]> {
  const rows = await ledger.sql(`select column_name as name from information_schema.columns where table_schema = 'evidence' and table_name = '${table}' order by ordinal_position`);
  return rows.map(({ name }) => name).filter((name) => !['received_at', 'last_at', 'first_seen', 'last_seen'].includes(String(name)));
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('no bytes');
}
