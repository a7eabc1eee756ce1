import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { format } from '@sallyport/engine-siem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaves } from '../testing/leaves.ts';
import { accessKey, s3Server, secretKey, type S3Server } from '../testing/s3-server.ts';
import { secretOf, send } from '../testing/sends.ts';
import { HttpPost } from '../transports/http-post.ts';
import { Bucket, type BucketOptions } from './bucket.ts';
import { S3Objects } from './s3-objects.ts';

let there: S3Server;
beforeEach(async () => void (there = await s3Server()));
afterEach(() => there[Symbol.asyncDispose]());

const stored = leaves(5);
const bucketOf = (more: Partial<BucketOptions> = {}) =>
  new Bucket({ endpoint: new URL(there.url), region: 'eu-central-1', bucket: 'evidence-bucket', addressing: 'path', http: new HttpPost(new URL(there.url), null, 500), credentials: secretOf(secretKey, accessKey), encryption: 'bucket', kmsKey: null, now: Date.now, ...more });
const sinkOf = (more: Partial<BucketOptions> = {}) => new S3Objects({ bucket: bucketOf(more), prefix: 'evidence/prod', format: format('jsonl'), gather: { records: 10, bytes: 1e6, ageMs: 1000 } });
const name = 'evidence/prod/2026/11/23/000000000000000-000000000000004.jsonl.gz';

describe('S3', () => {
  it('gets one compressed object for a range of leaves, named by it, with its hash, signed; the same again is the same object', async () => {
    const sink = sinkOf();
    await send(sink, stored);
    await send(sink, stored);
    expect([...there.objects.keys()]).toEqual([name]);
    const [object] = there.objects.get(name) ?? [];
    const lines = gunzipSync(object?.body ?? Buffer.alloc(0)).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { leaf: number }).leaf)).toEqual([0, 1, 2, 3, 4]);
    expect(object?.headers).toMatchObject({ 'content-type': 'application/gzip', 'x-amz-checksum-sha256': createHash('sha256').update(object?.body ?? '').digest('base64') });
    expect(there.asked.map(({ status, headers }) => [status, headers['x-amz-content-sha256']])).toEqual(Array(2).fill([200, createHash('sha256').update(object?.body ?? '').digest('hex')]));
    await sink.close();
  });

  it('is found by path, and by the name of the host', async () => {
    await send(sinkOf(), stored);
    // What a resolver does with the bucket's own name.
    const real = new HttpPost(new URL(there.url), null, 500);
    const http: BucketOptions['http'] = { exchange: (question, signal) => real.exchange({ ...question, url: new URL(question.url.pathname, there.url), headers: { ...question.headers, host: question.url.host } }, signal), close: () => real.close() };
    await send(sinkOf({ addressing: 'virtual-host', endpoint: new URL('https://s3.eu-central-1.amazonaws.com'), http }), stored);
    expect(there.asked.map(({ path, headers, status }) => [path, headers['host'], status])).toEqual([
      [`/evidence-bucket/${name}`, `127.0.0.1:${there.port}`, 200],
      [`/${name}`, 'evidence-bucket.s3.eu-central-1.amazonaws.com', 200],
    ]);
  });

  it.each([
    ['bucket', null, {}],
    ['AES256', null, { 'x-amz-server-side-encryption': 'AES256' }],
    ['aws:kms', 'arn:aws:kms:eu-central-1:1:key/2', { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-central-1:1:key/2' }],
  ] as const)('encrypts at rest as it is told: %s', async (encryption, kmsKey, expected) => {
    await send(sinkOf({ encryption, kmsKey }), stored);
    const headers = there.asked[0]?.headers ?? {};
    expect(Object.fromEntries(Object.entries(headers).filter(([header]) => header.includes('encryption')))).toEqual(expected);
  });

  it.each([
    ['SlowDown', 503, 'throttled', 7000],
    ['TooManyRequests', 429, 'throttled', 7000],
    ['InternalError', 500, 'unavailable', 7000],
    ['BadDigest', 400, 'unavailable', 7000],
    ['AccessDenied', 403, 'unauthenticated', null],
    ['ExpiredToken', 400, 'unauthenticated', null],
    ['PermanentRedirect', 301, 'no-bucket', null],
    ['EntityTooLarge', 400, 'refused', null],
  ])('of a store that answers %s it says what is to be done', async (code, status, expected, retryAfterMs) => {
    there.ill = (response) => {
      response.writeHead(status, { 'retry-after': '7', location: `${there.url}/elsewhere` }).end(`<Error><Code>${code}</Code><StringToSign>${secretKey}</StringToSign></Error>`);
      return true;
    };
    const error: unknown = await send(sinkOf(), stored).then(() => null, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DeliveryError', code: expected, retryAfterMs });
    expect(String(error)).not.toContain(secretKey);
    expect(there.asked.some(({ path }) => path === '/elsewhere')).toBe(false);
  });

  it.each([
    ['half an answer', (response) => void response.writeHead(200, { 'content-length': '100' }).write('<', () => response.destroy()), 'unreachable'],
    ['nothing', () => undefined, 'timeout'],
    ['a broken connection', (response) => void response.destroy(), 'unreachable'],
  ] as [string, (response: Parameters<S3Server['ill']>[0]) => void, string][])('of a store that gives %s it does not believe that anything was taken', async (_what, how, code) => {
    there.ill = (response) => {
      how(response);
      return true;
    };
    await expect(send(sinkOf(), stored)).rejects.toMatchObject({ code });
  });

  it('says that a key is wrong, that a clock is, that a bucket is not there, that it is elsewhere', async () => {
    await expect(send(sinkOf({ credentials: secretOf('another secret', accessKey) }), stored)).rejects.toMatchObject({ code: 'unauthenticated', message: 'status 403, SignatureDoesNotMatch' });
    await expect(send(sinkOf({ credentials: secretOf(secretKey, 'AKIDNOBODY') }), stored)).rejects.toMatchObject({ code: 'unauthenticated', message: 'status 403, InvalidAccessKeyId' });
    there.now = () => Date.now() + 3_600_000;
    await expect(send(sinkOf(), stored)).rejects.toMatchObject({ code: 'clock', message: expect.stringMatching(/the clock here is 3\d{3} s behind that of the store/) });
    there.now = Date.now;
    await expect(send(sinkOf({ bucket: 'another' }), stored)).rejects.toMatchObject({ code: 'no-bucket' });
    await expect(send(sinkOf({ region: 'us-east-1' }), stored)).rejects.toMatchObject({ code: 'no-bucket' });
    expect(there.objects.size).toBe(0);
  });

  it('reads its key anew as soon as it is refused', async () => {
    const source = secretOf(secretKey, accessKey);
    let asked = 0;
    const credentials = { get: () => (asked++, source.get()), forget: () => void (asked = -100) };
    there.keys = new Map();
    await expect(send(sinkOf({ credentials }), stored)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(asked).toBe(-100);
  });
});
