import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { AwsClient } from 'aws4fetch';
import { CompactRange, leafHash, parseCheckpoint } from '@sallyport/engine-evidence';
import { format } from '@sallyport/engine-siem';
import { beforeAll, describe, expect, it } from 'vitest';
import { Archive } from '../archive/archive.ts';
import { leaves } from '../testing/leaves.ts';
import { secretOf, send } from '../testing/sends.ts';
import { smallLog } from '../testing/small-log.ts';
import { plainTurn } from '../testing/turn.ts';
import { HttpPost } from '../transports/http-post.ts';
import { Bucket, mustBeSame } from './bucket.ts';
import { S3Objects } from './s3-objects.ts';

/** `SALLYPORT_TEST_S3=http://127.0.0.1:7480 SALLYPORT_TEST_S3_KEYS=id:secret`: a real store, where these may make buckets. README.md says how one is had. */
const [endpoint, [id = '', secret = '']] = [process.env['SALLYPORT_TEST_S3'], (process.env['SALLYPORT_TEST_S3_KEYS'] ?? '').split(':')];
/** One that knows no Object Lock: `SALLYPORT_TEST_S3_LOCKS=no`. */
const locks = process.env['SALLYPORT_TEST_S3_LOCKS'] !== 'no';
const region = 'us-east-1';
const [plain, locked] = [`plain-${randomBytes(4).toString('hex')}`, `locked-${randomBytes(4).toString('hex')}`];

const bucketOf = (bucket: string, key = `${id}:${secret}`) =>
  new Bucket({ endpoint: new URL(endpoint ?? ''), region, bucket, addressing: 'path', http: new HttpPost(new URL(endpoint ?? ''), null), credentials: secretOf(key.slice(key.indexOf(':') + 1), key.slice(0, key.indexOf(':'))), encryption: 'bucket', kmsKey: null, now: Date.now });
const sinkOf = (bucket: Bucket) => new S3Objects({ bucket, prefix: 'evidence', format: format('ocsf'), gather: { records: 10, bytes: 1e6, ageMs: 1000 } });
const client = new AwsClient({ accessKeyId: id, secretAccessKey: secret, region, service: 's3', retries: 0 });
const ask = (path: string, init: RequestInit = {}) => client.fetch(`${endpoint ?? ''}/${path}`, init);
const stored = leaves(5);

describe.runIf(endpoint !== undefined)('a real S3-compatible store', () => {
  beforeAll(async () => {
    expect((await ask(plain, { method: 'PUT' })).status).toBe(200);
    if (locks) expect((await ask(locked, { method: 'PUT', headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })).status).toBe(200);
  });

  it('takes records, and the same object again', async () => {
    const sink = sinkOf(bucketOf(plain));
    await send(sink, stored);
    await send(sink, stored);
    const listing = await (await ask(`${plain}?list-type=2`)).text();
    expect([...listing.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key)).toEqual(['evidence/2026/11/23/000000000000000-000000000000004.jsonl.gz']);
    const body = Buffer.from(await (await ask(`${plain}/evidence/2026/11/23/000000000000000-000000000000004.jsonl.gz`, { headers: { 'accept-encoding': 'identity' } })).arrayBuffer());
    expect(gunzipSync(body).toString().trimEnd().split('\n').map((line) => (JSON.parse(line) as { metadata: { sequence: number } }).metadata.sequence)).toEqual([0, 1, 2, 3, 4]);
    await mustBeSame(bucketOf(plain), 'evidence/2026/11/23/000000000000000-000000000000004.jsonl.gz', body, new AbortController().signal);
  });

  it('says what is wrong: the key, the bucket, a body that is not what was signed', async () => {
    await expect(send(sinkOf(bucketOf(plain, `${id}:wrong`)), stored)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(send(sinkOf(bucketOf(plain, `nobody:${secret}`)), stored)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(send(sinkOf(bucketOf('not-there')), stored)).rejects.toMatchObject({ code: 'no-bucket' });
    const late = new Bucket({ endpoint: new URL(endpoint ?? ''), region, bucket: plain, addressing: 'path', http: new HttpPost(new URL(endpoint ?? ''), null), credentials: secretOf(secret, id), encryption: 'bucket', kmsKey: null, now: () => Date.now() - 3_600_000 });
    await expect(send(sinkOf(late), stored)).rejects.toMatchObject({ code: 'clock' });
  });

  it('without Object Lock gets no archive', async () => {
    const log = smallLog();
    log.add(...stored.map(({ bytes }) => bytes ?? new Uint8Array()));
    log.sign();
    await expect(new Archive({ bucket: bucketOf(plain), prefix: 'worm', everyMs: 0, retainDays: { tiles: 1, entries: 1, checkpoints: 1 }, source: log }).round(plainTurn())).rejects.toMatchObject({ code: 'no-lock' });
  });

  it.runIf(locks)('keeps an archive that nobody can delete or shorten, its owner included', async () => {
    const log = smallLog();
    log.add(...leaves(600).map(({ bytes }) => bytes ?? new Uint8Array()), randomBytes(100_000));
    log.sign();
    const course = new Archive({ bucket: bucketOf(locked), prefix: 'worm', everyMs: 0, retainDays: { tiles: 1, entries: 1, checkpoints: 1 }, source: log });
    const turn = plainTurn();
    await course.round(turn);
    expect(turn.cursor.next).toBe(601);
    // The same again from the beginning: written once.
    await new Archive({ bucket: bucketOf(locked), prefix: 'worm', everyMs: 0, retainDays: { tiles: 1, entries: 1, checkpoints: 1 }, source: log }).round(plainTurn());

    const get = async (key: string) => Buffer.from(await (await ask(`${locked}/worm/1/${key}`)).arrayBuffer());
    const note = (await get('checkpoint')).toString();
    const { size, root } = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
    const tree = new CompactRange();
    for (const tile of ['tile/0/000', 'tile/0/001', 'tile/0/002.p/89']) {
      const bytes = await get(tile);
      for (let at = 0; at < bytes.byteLength; at += 32) tree.append(bytes.subarray(at, at + 32));
    }
    expect([tree.size, Buffer.from(tree.root()).toString('hex')]).toEqual([size, Buffer.from(root).toString('hex')]);
    const first = await get('tile/entries/000');
    expect(Buffer.from(leafHash(first.subarray(2, 2 + first.readUInt16BE(0)))).equals((await get('tile/0/000')).subarray(0, 32))).toBe(true);

    const versions = await (await ask(`${locked}?versions&prefix=worm/1/tile/0/000`)).text();
    expect(versions.match(/<VersionId>/g)).toHaveLength(1);
    const version = /<VersionId>([^<]+)</.exec(versions)?.[1] ?? '';
    expect((await ask(`${locked}/worm/1/tile/0/000?versionId=${version}`, { method: 'DELETE' })).status).toBe(403);
    const shorter = `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${new Date(Date.now() + 60_000).toISOString()}</RetainUntilDate></Retention>`;
    expect((await ask(`${locked}/worm/1/tile/0/000?retention&versionId=${version}`, { method: 'PUT', body: shorter, headers: { 'content-md5': createHash('md5').update(shorter).digest('base64') } })).status).toBe(403);
    expect((await get('tile/0/000')).byteLength).toBe(8192);
  });
});
