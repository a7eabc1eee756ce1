import { createHmac } from 'node:crypto';
import { format } from '@sallyport/engine-siem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaves } from '../testing/leaves.ts';
import { receiver, type Receiver } from '../testing/receiver.ts';
import { secretOf, send } from '../testing/sends.ts';
import { AzureMonitor } from './azure-monitor.ts';
import { ElasticBulk } from './elastic-bulk.ts';
import { HttpPost } from './http-post.ts';
import { OtlpLogs } from './otlp-logs.ts';
import { SplunkHec } from './splunk-hec.ts';
import type { Transport } from './transport.ts';
import { Webhook } from './webhook.ts';

let there: Receiver;
beforeEach(async () => void (there = await receiver()));
afterEach(() => there[Symbol.asyncDispose]());

const now = () => 1_763_870_400_000;
const http = () => new HttpPost(new URL(there.url), null, 400);
const stored = leaves(5);
const idOf = (i: number) => (JSON.parse(Buffer.from(stored[i]?.bytes ?? []).toString()) as { id: string }).id;
const tokenAnswer = '{"token_type":"Bearer","expires_in":3600,"access_token":"the-token"}';

const azureOf = () => {
  const url = new URL(there.url);
  return new AzureMonitor({ url, http: http(), login: http(), authority: url, rule: 'dcr-0123456789abcdef', stream: 'Custom-Sallyport_CL', tenant: 'a-tenant', client: secretOf('the-secret', 'the-client'), format: format('azure-logs'), now });
};
const make: Record<string, () => Transport> = {
  webhook: () => new Webhook({ url: new URL('/hook', there.url), http: http(), format: format('cloudevents'), secret: secretOf('the-key'), now }),
  'splunk-hec': () => new SplunkHec({ url: new URL(there.url), http: http(), format: format('splunk-hec'), token: secretOf('the-token') }),
  elastic: () => new ElasticBulk({ url: new URL(there.url), http: http(), format: format('elastic-bulk'), apiKey: secretOf('the-key') }),
  'azure-monitor': azureOf,
  otlp: () => new OtlpLogs({ url: new URL(there.url), http: http(), format: format('otlp-logs'), token: secretOf('the-token'), settings: {} }),
};

describe.each(Object.keys(make))('%s', (type) => {
  const transport = () => (make[type] ?? azureOf)();
  it.each([
    ['429', 'throttled', 7000],
    ['500', 'unavailable', null],
    ['503', 'unavailable', 7000],
    ['401', 'unauthenticated', null],
    ['403', 'unauthenticated', null],
    ['400', 'refused', null],
    ['302', 'refused', null],
    ['half', 'unreachable', null],
    ['slow', 'timeout', null],
    ['drip', 'timeout', null],
    ['hang up', 'unreachable', null],
  ])('of a receiver that answers %s it says %s', async (how, code, retryAfterMs) => {
    there.answer = (response, request) => {
      if (request.path.includes('/oauth2/')) return void response.end(tokenAnswer);
      if (how === 'half') return void response.writeHead(200, { 'content-length': '100' }).write('{"it', () => response.destroy());
      if (how === 'slow') return;
      if (how === 'drip') return void response.writeHead(200, { 'content-length': '100' }).write('{');
      if (how === 'hang up') return void response.destroy();
      response.writeHead(Number(how), { ...(how === '429' || how === '503' ? { 'retry-after': '7' } : {}), location: `${there.url}/elsewhere` }).end('the words of the receiver');
    };
    const sender = transport();
    const error: unknown = await send(sender, stored).then(() => null, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DeliveryError', code, retryAfterMs });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/the-(token|key|secret)/);
    expect(there.got.some(({ path }) => path === '/elsewhere')).toBe(false);
    await sender.close();
  });

  it('of nobody there it says unreachable', async () => {
    const sender = transport();
    await there[Symbol.asyncDispose]();
    await expect(send(sender, stored)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a webhook', () => {
  it('gets a batch of CloudEvents in order, with a signature over time and body', async () => {
    expect(await send(make['webhook']?.() ?? azureOf(), stored)).toEqual([]);
    const [{ body, headers, path } = { body: '', headers: {}, path: '' }] = there.got;
    expect([path, headers['content-type']]).toEqual(['/hook', 'application/cloudevents-batch+json']);
    expect((JSON.parse(body) as { id: string; sequence: string; specversion: string }[]).map(({ id, sequence, specversion }) => [id, Number(sequence), specversion])).toEqual(stored.map((_, i) => [idOf(i), i, '1.0']));
    expect(headers['sallyport-signature']).toBe(`t=1763870400,v1=${createHmac('sha256', 'the-key').update(`1763870400.${body}`).digest('hex')}`);
  });
});

describe('Splunk', () => {
  it('gets events one behind the other, with the token', async () => {
    await send(make['splunk-hec']?.() ?? azureOf(), stored);
    const [{ body, headers, path } = { body: '', headers: {}, path: '' }] = there.got;
    expect([path, headers['authorization']]).toEqual(['/services/collector/event', 'Splunk the-token']);
    expect(body.split('\n').map((line) => (JSON.parse(line) as { fields: { leaf: string } }).fields.leaf)).toEqual(['0', '1', '2', '3', '4']);
  });
});

describe('Elastic', () => {
  const answering = (...statuses: number[]) => (there.answer = (response) => void response.end(JSON.stringify({ errors: true, items: statuses.map((status) => ({ create: { status, ...(status < 300 ? {} : { error: { type: 'some_exception' } }) } })) })));

  it('is asked to create each event under its id, and what is there already is taken', async () => {
    answering(201, 409, 201, 409, 200);
    expect(await send(make['elastic']?.() ?? azureOf(), stored)).toEqual([]);
    const [{ body, headers, path } = { body: '', headers: {}, path: '' }] = there.got;
    expect([path, headers['authorization'], headers['content-type']]).toEqual(['/_bulk', 'ApiKey the-key', 'application/x-ndjson']);
    expect(body.split('\n').filter((_, i) => i % 2 === 0).slice(0, 5).map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id)).toEqual(stored.map((_, i) => idOf(i)));
  });

  it('is given again only what it did not take, in order', async () => {
    answering(201, 429, 201, 503, 201);
    expect((await send(make['elastic']?.() ?? azureOf(), stored)).map(({ leaf }) => leaf)).toEqual([1, 3]);
  });

  it.each([
    ['an item that it refuses for good', [201, 400, 201, 201, 201], 'refused'],
    ['an item that the key may not write', [403, 403, 403, 403, 403], 'unauthenticated'],
    ['nothing taken at all', [429, 429, 429, 429, 429], 'throttled'],
    ['fewer answers than items', [201], 'malformed-answer'],
  ])('stops at %s', async (_what, statuses, code) => {
    answering(...statuses);
    await expect(send(make['elastic']?.() ?? azureOf(), stored)).rejects.toMatchObject({ code });
  });

  it.each(['', '{', '{}', '{"items":{}}', '[]'])('does not believe an answer like %j', async (text) => {
    there.answer = (response) => void response.end(text);
    await expect(send(make['elastic']?.() ?? azureOf(), stored)).rejects.toMatchObject({ code: 'malformed-answer' });
  });
});

describe('Azure Monitor', () => {
  it('gets an array with a token of the authority, which is asked once', async () => {
    there.answer = (response, { path }) => void (path.includes('/oauth2/') ? response.end(tokenAnswer) : response.writeHead(204).end());
    const azure = azureOf();
    await send(azure, stored);
    await send(azure, stored.slice(0, 1));
    expect(there.got.map(({ path }) => path)).toEqual(['/a-tenant/oauth2/v2.0/token', ...Array<string>(2).fill('/dataCollectionRules/dcr-0123456789abcdef/streams/Custom-Sallyport_CL?api-version=2023-01-01')]);
    expect(Object.fromEntries(new URLSearchParams(there.got[0]?.body))).toEqual({ grant_type: 'client_credentials', client_id: 'the-client', client_secret: 'the-secret', scope: 'https://monitor.azure.com/.default' });
    expect(there.got[1]?.headers['authorization']).toBe('Bearer the-token');
    expect((JSON.parse(there.got[1]?.body ?? '') as { Leaf: number }[]).map(({ Leaf }) => Leaf)).toEqual([0, 1, 2, 3, 4]);
  });

  it('asks for a new token when its token is no longer taken', async () => {
    there.answer = (response, { path }, nth) => void (path.includes('/oauth2/') ? response.end(tokenAnswer) : response.writeHead(nth === 2 ? 401 : 204).end());
    const azure = azureOf();
    await expect(send(azure, stored)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await send(azure, stored)).toEqual([]);
    expect(there.got.filter(({ path }) => path.includes('/oauth2/'))).toHaveLength(2);
  });

  it.each([['{"error":"invalid_client"}', 400, 'unauthenticated'], ['{}', 200, 'malformed-answer'], ['<html>', 200, 'malformed-answer']])('of an authority that answers %s it says so', async (text, status, code) => {
    there.answer = (response) => void response.writeHead(status).end(text);
    await expect(send(azureOf(), stored)).rejects.toMatchObject({ code });
  });
});

describe('OTLP', () => {
  it('gets one request with all records in order', async () => {
    await send(make['otlp']?.() ?? azureOf(), stored);
    const [{ body, path, headers } = { body: '', path: '', headers: {} }] = there.got;
    expect([path, headers['authorization']]).toEqual(['/v1/logs', 'Bearer the-token']);
    const { resourceLogs } = JSON.parse(body) as { resourceLogs: { scopeLogs: { logRecords: { eventName: string }[] }[] }[] };
    expect(resourceLogs[0]?.scopeLogs[0]?.logRecords.map(({ eventName }) => eventName)).toEqual([0, 1, 2, 3, 4].map((i) => (i === 3 ? 'sallyport.nhi.suspended' : 'sallyport.producer.heartbeat')));
  });

  it.each([['{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}', 'refused'], ['nonsense', 'malformed-answer']])('stops at %s', async (text, code) => {
    there.answer = (response) => void response.end(text);
    await expect(send(make['otlp']?.() ?? azureOf(), stored)).rejects.toMatchObject({ code });
  });
});
