import { CompactRange, leafHash, parseCheckpoint, proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from '@sallyport/engine-evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';
import { LogStore } from './log-store.ts';
import { Tree } from './tree.ts';
import { openStore } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import type { EvidenceDatabase } from '../store/database.ts';

let h: House;
beforeAll(async () => {
  h = await house({ signEveryMs: 200 });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
});

async function work(commands: number): Promise<void> {
  const producer = new Producer(h.gateway);
  const { recorder } = openSession(producer, h.reader.publicKey);
  for (let n = 0; n < commands; n++) runCommand(recorder, `select ${n}`);
  recorder.close(end);
  await producer.send();
}

const count = async () => Number((await h.sql('select count(*)::int as n from evidence.ledger'))[0]?.['n']);
const checkpoints = () => h.sql('select epoch, size::int, root, note from evidence.checkpoint where note is not null order by epoch, size');
const signedAll = async () => {
  await eventually('a checkpoint over everything', async () => Number((await checkpoints()).at(-1)?.['size']) === (await count()));
  return (await checkpoints()).at(-1);
};
const withTree = async <T>(work: (tree: Tree) => Promise<T>): Promise<T> => {
  const store = openStore<EvidenceDatabase>({ dsn: h.database.dsn('evidence'), schema: 'evidence', log: silentLog });
  try {
    const tree = new Tree(new LogStore(store.db));
    await tree.load();
    return await work(tree);
  } finally {
    await store.close();
  }
};

describe('the log over the ledger', () => {
  it('is the RFC 6962 tree of the stored bytes, in the order of the ledger', async () => {
    await work(400);
    const last = await signedAll();
    const naive = new CompactRange();
    // Reading is recorded: the ledger has grown since.
    for (const { bytes } of (await h.ledger()).slice(0, Number(last?.['size']))) naive.append(leafHash(bytes));
    expect(Buffer.from(naive.root()).equals(last?.['root'] as Buffer)).toBe(true);
  });

  it('is signed as a C2SP checkpoint, and proves each leaf and its own growth', async () => {
    const [before] = [await signedAll()];
    await work(300);
    const after = await signedAll();
    expect(parseCheckpoint(String(after?.['note']).split('\n\n')[0] + '\n')).toMatchObject({ origin: 'sallyport.local/default/1', size: after?.['size'] });
    const leaves = await h.ledger();
    await withTree(async (tree) => {
      const [size, root] = [Number(after?.['size']), after?.['root'] as Buffer];
      const source = tree.source(size);
      for (const index of [0, 255, 256, size - 1]) {
        const leaf = leafHash(leaves[index]?.bytes ?? new Uint8Array());
        verifyInclusion({ index, size, leaf, proof: await proveInclusion(source, index), root });
        expect(() => verifyInclusion({ index: index === 0 ? 1 : index - 1, size, leaf, proof: [], root })).toThrow();
      }
      verifyConsistency({ from: Number(before?.['size']), to: size, oldRoot: before?.['root'] as Buffer, newRoot: root, proof: await proveConsistency(source, Number(before?.['size'])) });
    });
  });

  it('goes on after a restart', async () => {
    await h.stop();
    await h.start();
    await work(10);
    const last = await signedAll();
    expect(last?.['epoch']).toBe(1);
  });

  it('lets nobody put leaves into the tree twice, sign another root, or shrink it', async () => {
    await signedAll();
    const role = openStore<EvidenceDatabase>({ dsn: h.database.dsn('evidence'), schema: 'evidence', log: silentLog });
    const store = new LogStore(role.db);
    const { size, frontier } = await store.state();
    await expect(store.extend(size - 1, size, [], frontier)).rejects.toMatchObject({ code: '55000' });
    const last = (await checkpoints()).at(-1);
    const stands = await store.intend(1, Number(last?.['size']), Buffer.alloc(32, 7));
    expect(Buffer.from(stands).equals(last?.['root'] as Buffer)).toBe(true);
    await role.close();
    await expect(h.sql('update evidence.log_state set size = size - 1')).rejects.toThrow(/only grows/);
    await expect(h.sql("update evidence.checkpoint set note = 'x'")).rejects.toThrow(/never changed/);
    await expect(h.sql('delete from evidence.log_node')).rejects.toThrow(/only ever added/);
  });

  it('that was set back to an older copy goes on under a new origin, and says so', async () => {
    await signedAll();
    await h.stop();
    const [{ name } = { name: '' }] = [h.database];
    await h.postgres.sql(`create database older template ${name}`, 'postgres');
    await h.start();
    await work(20);
    const lost = await signedAll();
    await h.stop();
    await h.postgres.sql(`alter database ${name} rename to newer`, 'postgres');
    await h.postgres.sql(`alter database older rename to ${name}`, 'postgres');
    await h.start();
    await eventually('log.rollback', async () => (await h.events()).some(({ type }) => type === 'log.rollback'));
    const told = (await h.events()).find(({ type }) => type === 'log.rollback');
    expect(told?.d).toMatchObject({ origin: 'sallyport.local/default/1', lost_size: lost?.['size'], next_origin: 'sallyport.local/default/2' });
    await work(5);
    expect((await signedAll())?.['epoch']).toBe(2);
  });

  it('signs nothing any more once an old leaf was altered', async () => {
    const last = await signedAll();
    await h.sql('set session_replication_role = replica; alter table evidence.ledger disable trigger all; update evidence.ledger set leaf_hash = sha256(leaf_hash) where at = (select max(at) - 3 from evidence.ledger)');
    await work(5);
    await eventually('log.verify_failed', async () => (await h.events()).some(({ type }) => type === 'log.verify_failed'));
    expect((await checkpoints()).at(-1)?.['size']).toBe(last?.['size']);
  });
});

