import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceFollow, type Bus } from '@sallyport/platform-bus';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';

let h: House;
let sinks: Bus;
const stored = async () => Number((await h.sql('select count(*) as n from evidence.ledger'))[0]?.['n']);

beforeAll(async () => {
  h = await house();
  const producer = new Producer(h.gateway);
  const { recorder } = openSession(producer, h.reader.publicKey);
  for (let i = 0; i < 10; i++) runCommand(recorder, `select ${i}`);
  recorder.close(end);
  await producer.send();
  await eventually('the events', async () => (await stored()) >= 12);
  sinks = await h.nats.connect('sinks');
});
afterAll(() => h[Symbol.asyncDispose]());

describe('the sinks', () => {
  it('follow the log leaf by leaf with its stored bytes, and that is no event', async () => {
    const size = await stored();
    const first = await sinks.call(evidenceFollow, { from: 0, limit: 7 });
    const rest = await sinks.call(evidenceFollow, { from: 7, limit: 1000 });
    if (!first.ok || !rest.ok) throw new Error('no answer');
    const leaves = [...first.value.leaves, ...rest.value.leaves];
    expect(leaves.slice(0, size).map(({ leaf }) => leaf)).toEqual(Array.from({ length: size }, (_, i) => i));
    const ledger = await h.sql('select l.event_id, b.body from evidence.ledger l join evidence.event_body b on b.id = l.event_id order by l.at limit 12');
    for (const [i, { event_id, body }] of ledger.entries()) expect([leaves[i]?.event, leaves[i]?.bytes]).toEqual([event_id, Buffer.from(body as Uint8Array).toString('base64')]);
    expect((await h.events()).filter(({ type }) => type === 'evidence.read').every(({ d }) => !JSON.stringify(d).includes('from='))).toBe(true);
    expect(await sinks.call(evidenceFollow, { from: size + 1_000_000, limit: 1 })).toMatchObject({ ok: true, value: { leaves: [] } });
  });

  it('are told of a leaf whose body is gone, and of one that is gone itself', async () => {
    await h.sql(`alter table evidence.event_body disable trigger all; alter table evidence.ledger disable trigger all;
      delete from evidence.event_body where id = (select event_id from evidence.ledger where at = 3); delete from evidence.ledger where at = 5`);
    const answer = await sinks.call(evidenceFollow, { from: 1, limit: 5 });
    expect(answer).toMatchObject({ ok: true, value: { leaves: [{ leaf: 1 }, { leaf: 2, bytes: null, event: expect.any(String), sha256: expect.any(String) }, { leaf: 3 }, { leaf: 4, bytes: null, event: null, sha256: null }, { leaf: 5 }] } });
  });
});
