import { randomBytes } from 'node:crypto';
import { CompactRange, HashSource, leafHash, parseCheckpoint, tilePath } from '@sallyport/engine-evidence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bucket } from '../s3/bucket.ts';
import { accessKey, s3Server, secretKey, type S3Server } from '../testing/s3-server.ts';
import { secretOf } from '../testing/sends.ts';
import { smallLog, type SmallLog } from '../testing/small-log.ts';
import { plainTurn, type PlainTurn } from '../testing/turn.ts';
import { HttpPost } from '../transports/http-post.ts';
import { Archive } from './archive.ts';

let there: S3Server;
let log: SmallLog;
let turn: PlainTurn;
beforeEach(async () => {
  there = await s3Server();
  there.locks = true;
  log = smallLog();
  turn = plainTurn();
});
afterEach(() => there[Symbol.asyncDispose]());

const now = Date.UTC(2026, 10, 23, 5);
const archive = () => {
  there.now = () => now;
  const bucket = new Bucket({ endpoint: new URL(there.url), region: 'eu-central-1', bucket: 'evidence-bucket', addressing: 'path', http: new HttpPost(new URL(there.url), null, 2000), credentials: secretOf(secretKey, accessKey), encryption: 'bucket', kmsKey: null, now: () => now });
  return new Archive({ bucket, prefix: 'worm', everyMs: 0, retainDays: { tiles: 3650, entries: 2555, checkpoints: 3650 }, source: log, now: () => now });
};
const events = (count: number) => Array.from({ length: count }, (_, i) => Buffer.from(`{"event":${log.leaves.length + i}}`));
const object = (key: string) => there.objects.get(`worm/${key}`)?.at(-1)?.body ?? null;

/** Entries of a bundle, as C2SP tlog-tiles has them. */
function entriesOf(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.byteLength; ) {
    const length = bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

/** What a reader of the directory alone finds: the root of the checkpoint, from the tiles and, another way, from the entries. */
async function readBack(epoch = 1): Promise<{ size: number; entries: Buffer[] }> {
  const note = object(`${epoch}/checkpoint`)?.toString() ?? '';
  const { size, root } = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
  const tiles = new HashSource(size, (level, index, width) => object(`${epoch}/${tilePath({ level, index, width })}`) ?? new Uint8Array());
  expect(Buffer.from(await tiles.root()).toString('hex')).toBe(Buffer.from(root).toString('hex'));
  const entries: Buffer[] = [];
  for (let first = 0; first < size; first += 256) {
    const path = tilePath({ level: 0, index: first / 256, width: Math.min(256, size - first) });
    entries.push(...entriesOf(object(`${epoch}/${path.replace('tile/0/', 'tile/entries/')}`) ?? Buffer.alloc(0)));
  }
  expect(entries).toHaveLength(size);
  const tree = new CompactRange();
  for (const [i, entry] of entries.entries()) tree.append(entry.byteLength > 0 ? leafHash(entry) : (log.hashes[i] ?? new Uint8Array()));
  expect(Buffer.from(tree.root()).toString('hex')).toBe(Buffer.from(root).toString('hex'));
  return { size, entries };
}

describe('an archive under Object Lock', () => {
  it.each([[1], [255], [256], [257], [1000], [66_000]])('of %i leaves is the tree of its checkpoint, all of it locked', async (count) => {
    log.add(...events(count));
    log.sign();
    await archive().round(turn);
    expect((await readBack()).size).toBe(count);
    const day = 86_400_000;
    for (const [key, versions] of there.objects) {
      const days = key.includes('/entries/') ? 2555 : 3650;
      for (const { headers } of versions) expect([headers['x-amz-object-lock-mode'], Date.parse(headers['x-amz-object-lock-retain-until-date'] ?? '')], key).toEqual(['COMPLIANCE', now + days * day]);
    }
    expect(turn.cursor).toMatchObject({ next: count, checkpoint: { epoch: 1, size: count } });
  });

  it('grows with the log, writes nothing twice, and keeps each checkpoint', async () => {
    const course = archive();
    for (const count of [300, 10, 500]) {
      log.add(...events(count));
      log.sign();
      await course.round(turn);
    }
    expect((await readBack()).size).toBe(810);
    expect([...there.objects.keys()].filter((key) => key.includes('/checkpoints/'))).toEqual([300, 310, 810].map((size) => `worm/1/checkpoints/${String(size).padStart(15, '0')}`));
    expect([...there.objects].filter(([key, versions]) => versions.length > 1 && key !== 'worm/1/checkpoint')).toEqual([]);
    await course.round(turn);
    expect(there.objects.get('worm/1/checkpoint')).toHaveLength(3);
  });

  it('broken off at any request goes on, and is the same in the end', async () => {
    log.add(...events(700));
    log.sign();
    for (let broken = 1; ; broken++) {
      let failed = false;
      let asked = 0;
      there.ill = (response) => {
        if (++asked !== broken) return false;
        failed = true;
        response.destroy();
        return true;
      };
      turn = plainTurn();
      const course = archive();
      await course.round(turn).catch(() => undefined);
      await course.close();
      if (!failed) break;
      there.ill = () => false;
      turn = plainTurn();
      await archive().round(turn);
      await readBack();
    }
    expect([...there.objects].filter(([key, versions]) => versions.length > 1 && !key.includes('checkpoint'))).toEqual([]);
  });

  it('has entries over 65,535 bytes as objects of their own, and of what is gone the hash', async () => {
    const large = randomBytes(200_000);
    log.add(...events(3), large, randomBytes(65_535), ...events(3));
    log.leaves = log.leaves.map((leaf) => (leaf.leaf === 1 ? { ...leaf, bytes: null } : leaf));
    log.sign();
    await archive().round(turn);
    const { entries } = await readBack();
    expect(entries.map(({ byteLength }) => byteLength === 0)).toEqual([false, true, false, true, false, false, false, false]);
    expect(object(`1/large/${'3'.padStart(15, '0')}`)?.equals(large)).toBe(true);
    expect(object(`1/large/${'1'.padStart(15, '0')}`)).toBeNull();
  });

  it('is not begun in a bucket without Object Lock', async () => {
    there.locks = false;
    log.add(...events(3));
    log.sign();
    await expect(archive().round(turn)).rejects.toMatchObject({ code: 'no-lock' });
    expect(there.objects.size).toBe(0);
  });

  it('does not believe a store that takes locks and keeps none', async () => {
    log.add(...events(3));
    log.sign();
    there.ill = (response) => {
      // Whatever is written: fine, and nothing is locked.
      response.writeHead(response.req.method === 'HEAD' && !(response.req.url ?? '').includes('/checkpoints/') ? 404 : 200).end('<ObjectLockEnabled>Enabled</ObjectLockEnabled>');
      return true;
    };
    await expect(archive().round(turn)).rejects.toMatchObject({ code: 'no-lock' });
    expect(turn.cursor.next).toBe(0);
  });

  it.each([
    ['a leaf that was altered', () => (log.leaves = log.leaves.map((leaf) => (leaf.leaf === 299 ? { ...leaf, bytes: Buffer.from('{}') } : leaf)))],
    ['a hash that was altered', () => (log.hashes[290] = leafHash(Buffer.from('other')))],
    ['a leaf and its hash that were altered before what is archived, and signed anew', () => {
      log.hashes[7] = leafHash(Buffer.from('{}'));
      log.leaves = log.leaves.map((leaf) => (leaf.leaf === 7 ? { ...leaf, bytes: Buffer.from('{}') } : leaf));
      log.heads = log.heads.slice(0, 1);
      log.sign();
    }],
  ])('does not go on over %s', async (_what, alter) => {
    log.add(...events(200));
    log.sign();
    const course = archive();
    await course.round(turn);
    log.add(...events(400));
    log.sign();
    alter();
    await expect(course.round(turn)).rejects.toMatchObject({ code: 'log' });
    expect((await readBack()).size).toBe(200);
  });

  it('says so where something else stands under a name that is written once', async () => {
    log.add(...events(300));
    log.sign();
    there.objects.set('worm/1/tile/0/000', [{ body: Buffer.from('x'), headers: {} }]);
    await expect(archive().round(turn)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('begins anew beside the old one when the log goes on under another origin', async () => {
    log.add(...events(500));
    log.sign();
    const course = archive();
    await course.round(turn);
    [log.leaves, log.hashes] = [log.leaves.slice(0, 400), log.hashes.slice(0, 400)];
    log.add(...events(50));
    log.sign(2);
    expect(await course.round(turn)).toBe(true);
    await course.round(turn);
    expect([turn.setBacks, turn.cursor.checkpoint]).toEqual([1, { epoch: 2, size: 450 }]);
    expect((await readBack(2)).size).toBe(450);
    expect(object('1/checkpoint')?.toString()).toContain('log.example/1\n500\n');
  });

  it('begins anew where its document names another place, and goes on where it does not', async () => {
    log.add(...events(500));
    log.sign();
    await archive().round(turn);
    const before = there.asked.length;
    await archive().round(turn);
    expect([turn.setBacks, there.asked.slice(before).filter(({ method }) => method === 'PUT')]).toEqual([0, []]);
    // As another bucket would be: empty.
    there.objects.clear();
    const course = archive();
    expect(await course.round(turn)).toBe(true);
    await course.round(turn);
    expect([turn.setBacks, (await readBack()).size]).toEqual([1, 500]);
  });

  it('waits until a checkpoint is old enough to have its cosignatures', async () => {
    log.add(...events(5));
    log.heads = [{ ...log.sign(), signedAt: now - 3000 }];
    await archive().round(turn);
    expect(turn.cursor.next).toBe(0);
  });
});
