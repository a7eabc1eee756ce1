import { gunzipSync } from 'node:zlib';
import { format } from '@sallyport/engine-siem';
import { describe, expect, it } from 'vitest';
import { Bucket } from '../s3/bucket.ts';
import { S3Objects } from '../s3/s3-objects.ts';
import { leaves } from '../testing/leaves.ts';
import { receiver, type Receiver } from '../testing/receiver.ts';
import { accessKey, s3Server, secretKey } from '../testing/s3-server.ts';
import { secretOf } from '../testing/sends.ts';
import { smallLog } from '../testing/small-log.ts';
import { plainTurn } from '../testing/turn.ts';
import { AzureMonitor } from '../transports/azure-monitor.ts';
import { ElasticBulk } from '../transports/elastic-bulk.ts';
import { HttpPost } from '../transports/http-post.ts';
import { OtlpLogs } from '../transports/otlp-logs.ts';
import { SplunkHec } from '../transports/splunk-hec.ts';
import { DeliveryError, type Transport } from '../transports/transport.ts';
import { Webhook } from '../transports/webhook.ts';
import { Records } from './records.ts';

/** What ails the receiver, one after the other; null: nothing. */
const ills = [429, null, 503, 'half', null, 500, 'hang up', 401, null, 'slow', 403, 'lost', null, 408, 'lost', 'half'] as const;

const secret = secretOf('the-secret', 'the-client');
const token = '{"token_type":"Bearer","expires_in":3600,"access_token":"the-token"}';
const make: Record<string, (there: Receiver) => Transport> = {
  webhook: (there) => new Webhook({ url: new URL('/hook', there.url), http: http(there), format: format('cloudevents'), secret, now: Date.now }),
  'splunk-hec': (there) => new SplunkHec({ url: new URL(there.url), http: http(there), format: format('splunk-hec'), token: secret }),
  elastic: (there) => new ElasticBulk({ url: new URL(there.url), http: http(there), format: format('elastic-bulk'), apiKey: secret }),
  'azure-monitor': (there) => new AzureMonitor({ url: new URL(there.url), http: http(there), login: http(there), authority: new URL(there.url), rule: 'dcr-0123456789abcdef', stream: 'Custom-Sallyport_CL', tenant: 'a-tenant', client: secret, format: format('azure-logs'), now: Date.now }),
  otlp: (there) => new OtlpLogs({ url: new URL(there.url), http: http(there), format: format('otlp-logs'), token: null, settings: {} }),
};
const http = (there: { readonly url: string }) => new HttpPost(new URL(there.url), null, 150);
/** Leaves in a body, however the receiver names them. */
const leavesOf = (body: string) => [...body.matchAll(/"sequence":"0*(\d+)"|"fields":\{[^}]*"leaf":"(\d+)"|"Leaf":(\d+)|"key":"sallyport\.leaf","value":\{"intValue":"(\d+)"\}|"metadata":\{[^{}]*(?:\{[^{}]*\}[^{}]*)*"sequence":(\d+)/g)].map((found) => Number(found.slice(1).find((part) => part !== undefined)));

/** A log of 900 leaves with a checkpoint after every 100, and a worker's part that tries again at once. */
function story() {
  const log = smallLog();
  for (const { bytes } of leaves(900)) {
    log.add(bytes ?? new Uint8Array());
    if (log.leaves.length % 100 === 0) log.sign();
  }
  const turn = plainTurn();
  const codes = new Set<string>();
  turn.attempt = async (work) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        codes.add(error.code);
      }
    }
  };
  return { log, turn, codes };
}

describe('nothing is skipped, and nothing overtakes', () => {
  it.each(Object.keys(make))('%s, whatever ails the receiver', async (type) => {
    await using there = await receiver();
    const kept: number[] = [];
    let nth = 0;
    there.answer = (response, { path, body }) => {
      if (path.includes('/oauth2/')) return void response.end(token);
      const ill = ills[nth++ % ills.length] ?? null;
      if (ill === 'slow') return;
      if (ill === 'hang up') return void response.destroy();
      if (typeof ill === 'number') return void response.writeHead(ill).end('no');
      const lines = body.split('\n').filter((line) => !line.startsWith('{"create"') && line !== '');
      // Elastic takes some of a batch and not others.
      const taken = type === 'elastic' ? lines.map((_, i) => ill !== null || (i + nth) % 5 !== 0) : [];
      kept.push(...(type === 'elastic' ? lines.filter((_, i) => taken[i]).flatMap(leavesOf) : leavesOf(body)));
      const text = type === 'elastic' ? JSON.stringify({ items: taken.map((there) => ({ create: { status: there ? 201 : 429 } })) }) : '{}';
      if (ill === 'half') return void response.writeHead(200, { 'content-length': String(text.length + 9) }).write(text, () => response.destroy());
      if (ill === 'lost') return void response.destroy();
      response.end(text);
    };
    const { log, turn, codes } = story();
    const transport = make[type]?.(there);
    if (transport === undefined) throw new Error('no transport');
    const course = new Records({ transport, source: log, families: null });
    while (turn.cursor.next < 900 || turn.cursor.checkpoint.size < 900) await course.round(turn);
    await course.close();
    // In the order in which each came for the first time; Elastic gets by item what it did not take.
    const first = [...new Set(kept)];
    expect(type === 'elastic' ? first.toSorted((a, b) => a - b) : first).toEqual(log.leaves.map(({ leaf }) => leaf));
    expect(kept.length).toBeGreaterThan(900);
    expect([...codes].sort()).toEqual(['throttled', 'timeout', 'unauthenticated', 'unavailable', 'unreachable']);
  }, 60_000);

  it('s3, whatever ails the store', async () => {
    await using there = await s3Server();
    let nth = 0;
    there.ill = (response) => {
      const ill = ills[nth++ % ills.length] ?? null;
      if (ill === null || ill === 'lost') return false;
      if (ill === 'half') response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy());
      else if (ill === 'hang up') response.destroy();
      else if (ill !== 'slow') response.writeHead(ill).end(`<Error><Code>${ill === 503 ? 'SlowDown' : 'InternalError'}</Code></Error>`);
      return true;
    };
    let written = 0;
    there.loses = () => written++ % 2 === 0;
    const { log, turn, codes } = story();
    const bucket = new Bucket({ endpoint: new URL(there.url), region: 'eu-central-1', bucket: 'evidence-bucket', addressing: 'path', http: http(there), credentials: secretOf(secretKey, accessKey), encryption: 'bucket', kmsKey: null, now: Date.now });
    const course = new Records({ transport: new S3Objects({ bucket, prefix: 'siem', format: format('jsonl'), gather: { records: 90, bytes: 1e9, ageMs: 50 } }), source: log, families: null });
    while (turn.cursor.next < 900 || turn.cursor.checkpoint.size < 900) await course.round(turn);
    await course.close();
    const objects = [...there.objects.keys()].sort();
    const lines = objects.flatMap((key) => gunzipSync(there.objects.get(key)?.[0]?.body ?? '').toString().trimEnd().split('\n').map((line) => JSON.parse(line) as { leaf?: number; note?: string }));
    // Each once, and each checkpoint behind the leaves that it covers.
    expect(lines.flatMap(({ leaf }) => leaf ?? [])).toEqual(log.leaves.map(({ leaf }) => leaf));
    const order = lines.map(({ leaf, note }) => leaf ?? `checkpoint ${note?.split('\n')[1]}`);
    expect(log.heads.map(({ size }) => order[order.indexOf(`checkpoint ${size}`) - 1])).toEqual(log.heads.map(({ size }) => size - 1));
    expect(codes).toContain('throttled');
  }, 60_000);
});
