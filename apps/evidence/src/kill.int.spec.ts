import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '@sallyport/testing-stack';
import { eventually, house, type House } from './testing/house.ts';
import { end, openSession, Producer, runCommand } from './testing/producer.ts';

let h: House;

beforeAll(async () => {
  h = await house();
  await h.stop();
});
afterAll(() => h[Symbol.asyncDispose]());

const ingester = () => new Child(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, 'testing/ingester-child.ts')], { env: h.env });
const count = async () => Number((await h.sql('select count(*) as n from evidence.ledger'))[0]?.['n']);

function load(producer: Producer, sessions: number): void {
  for (let i = 0; i < sessions; i++) {
    const { recorder } = openSession(producer, h.reader.publicKey);
    for (let n = 0; n < 20; n++) runCommand(recorder, `select ${n}`, n % 2 === 0 ? 'allow' : 'deny');
    recorder.close(end);
  }
}

describe('killed without warning', () => {
  it('the ingester loses nothing and adds nothing twice, however often it is killed under load', async () => {
    const producer = new Producer(h.gateway);
    load(producer, 600);
    const total = producer.messages.length;
    const sending = producer.send();
    let child = ingester();
    for (const part of [0.1, 0.3, 0.5, 0.7]) {
      await eventually(`${part} of the events`, async () => (await count()) > total * part);
      await child.kill9();
      child = ingester();
    }
    await sending;
    await eventually('all events', async () => (await count()) >= total);
    await child.stop();
    const [dense] = await h.sql('select max(at) = count(*) and count(*) = count(distinct event_id) as dense from evidence.ledger');
    expect(dense?.['dense']).toBe(true);
    await h.start();
    const { ok, events, sessions, findings } = await h.verify();
    expect(findings).toEqual([]);
    expect([ok, sessions.closed]).toEqual([true, 600]);
    expect(events).toBeGreaterThanOrEqual(total);
  });

  it('the database comes back, and the service goes on where it was', async () => {
    const producer = new Producer(h.gateway);
    load(producer, 100);
    const before = await count();
    const sending = producer.send();
    await h.postgres.kill9();
    await sending;
    await sleep(300);
    await h.postgres.restart();
    await eventually('all events', async () => (await count()) >= before + producer.messages.length);
    expect((await h.verify()).findings).toEqual([]);
  });

  it('the bus comes back, and the service goes on where it was', async () => {
    const producer = new Producer(h.gateway);
    load(producer, 100);
    await producer.send();
    await h.nats.kill9();
    await h.nats.restart();
    const more = new Producer(h.gateway);
    load(more, 10);
    await eventually('the bus', () => h.gateway.connected);
    await more.send();
    const had = async (of: Producer) => Number((await h.sql(`select count(*) as n from evidence.producer_seq where epoch = '${of.producer.epoch}'`))[0]?.['n']);
    await eventually('all events', async () => (await had(producer)) === producer.messages.length && (await had(more)) === more.messages.length);
    await eventually('the console', () => h.console.connected);
    expect((await h.verify()).findings).toEqual([]);
  });
});
