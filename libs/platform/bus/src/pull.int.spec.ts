import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';
import { PullConsumer } from './pull.ts';
import { streams, subjects } from './subjects.ts';
import { startNats, type Nats } from './testing/nats.ts';

let nats: Nats;
let gateway: Bus;
let evidence: Bus;
beforeAll(async () => {
  nats = await startNats({ gateways: ['gw-1'] });
  [gateway, evidence] = await Promise.all([nats.connect('gateway'), nats.connect('evidence')]);
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
});

const burst = { messages: 10, bytes: 1024 ** 2, waitMs: 2000 };
const { name, consumer } = streams.ingest;
const texts = (messages: readonly { readonly data: Uint8Array }[]) => messages.map(({ data }) => Buffer.from(data).toString());
const send = async (...all: string[]) => {
  for (const text of all) await gateway.js.publish(subjects.ingest('gw-1'), text);
};

describe('taking bursts from a durable consumer', () => {
  it('brings all that is there at once, in order, and after that what comes next', async () => {
    const pull = new PullConsumer(evidence, name, consumer);
    await send('1', '2', '3');
    const first = await pull.take(burst);
    expect(texts(first)).toEqual(['1', '2', '3']);
    const next = pull.take(burst);
    await send('4');
    expect(texts(await next)).toEqual(['4']);
    for (const message of [...first, ...(await pull.take({ ...burst, waitMs: 100 }))]) pull.acknowledge(message);
  });

  it('brings no more than was asked for', async () => {
    const pull = new PullConsumer(evidence, name, consumer);
    await send(...Array.from({ length: 15 }, (_, i) => `m${i}`));
    expect(texts(await pull.take(burst))).toEqual(Array.from({ length: 10 }, (_, i) => `m${i}`));
    expect(texts(await pull.take(burst))).toEqual(Array.from({ length: 5 }, (_, i) => `m${i + 10}`));
  });

  it('brings nothing when nothing comes in time, and when it is closed meanwhile', async () => {
    const pull = new PullConsumer(evidence, name, consumer);
    expect(await pull.take({ ...burst, waitMs: 100 })).toEqual([]);
    const waiting = pull.take({ ...burst, waitMs: 60_000 });
    pull.close();
    expect(await waiting).toEqual([]);
    expect(await pull.take(burst)).toEqual([]);
  });
});
