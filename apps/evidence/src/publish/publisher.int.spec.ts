import { hash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '@sallyport/platform-bus';
import { Child } from '@sallyport/testing-stack';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';
import { readPublished } from '../testing/published.ts';

let h: House;
let looking: Bus;

beforeAll(async () => {
  h = await house();
  await h.stop();
  looking = await h.nats.connect('evidence');
});
afterAll(() => h[Symbol.asyncDispose]());

const service = () => new Child(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, '../testing/ingester-child.ts')], { env: h.env });
const number = async (text: string) => Number((await h.sql(text))[0]?.['n']);
const stored = () => number('select count(*) as n from evidence.ledger');
const noted = () => number('select next_leaf as n from evidence.publish_cursor');
const held = async () => (await readPublished(looking)).filter(({ leaf }) => leaf !== null);

function load(producer: Producer, sessions: number): void {
  for (let i = 0; i < sessions; i++) {
    const { recorder } = openSession(producer, h.reader.publicKey);
    for (let n = 0; n < 10; n++) runCommand(recorder, `select ${n}`);
    recorder.close(end);
  }
}

/** Every leaf of the ledger once, in order, with the very bytes. */
async function expectWhole(): Promise<void> {
  const ledger = await h.sql('select l.at - 1 as leaf, l.sha256, b.body from evidence.ledger l join evidence.event_body b on b.id = l.event_id and b.sha256 = l.sha256 order by l.at');
  const leaves = await held();
  expect(leaves.map(({ leaf }) => leaf)).toEqual(ledger.map(({ leaf }) => Number(leaf)));
  for (const [i, row] of ledger.entries()) expect([leaves[i]?.sha256, hash('sha256', leaves[i]?.bytes ?? new Uint8Array())]).toEqual([Buffer.from(row['sha256'] as Uint8Array).toString('hex'), leaves[i]?.sha256]);
}

describe('the stream EVIDENCE', () => {
  it('has every leaf once and in order, however often the service is killed under load', async () => {
    const producer = new Producer(h.gateway);
    load(producer, 250);
    const total = producer.messages.length;
    const sending = producer.send();
    let child = service();
    for (const part of [0.1, 0.25, 0.4, 0.55, 0.7]) {
      await eventually(`${part} of the events`, async () => (await noted()) > total * part);
      await child.kill9();
      child = service();
    }
    await sending;
    await eventually('all published', async () => (await stored()) >= total && (await noted()) === (await stored()));
    await child.stop();
    await expectWhole();
  });

  it('goes on where it was when the bus and the database come back, and two publishers do not mix', async () => {
    const [one, two] = [service(), service()];
    const producer = new Producer(h.gateway);
    load(producer, 60);
    const before = await stored();
    const sending = producer.send();
    await eventually('some', async () => (await noted()) > before + 50);
    await h.nats.kill9();
    await h.nats.restart();
    await h.postgres.kill9();
    await sleep(500); // its children hold their memory a little longer
    await h.postgres.restart();
    await sending;
    await eventually('all stored', async () => (await stored()) >= before + producer.messages.length);
    await one.kill9();
    await eventually('all published', async () => (await noted()) === (await stored()));
    await two.stop();
    await eventually('the bus', () => looking.connected);
    await expectWhole();
  });

  it('takes nothing that does not follow what it has', async () => {
    const from = (await readPublished(looking)).length;
    const copy = await h.nats.connect('evidence');
    for (const expected of [0, from - 1, from + 1]) {
      await expect(copy.js.publish('evidence.v1.default.a.b', 'x', { expect: { lastSequence: expected } }), String(expected)).rejects.toThrow(/wrong last sequence/);
    }
    expect(await readPublished(looking)).toHaveLength(from);
  });

  it('has the newest checkpoint behind the leaves that it covers, and one that covers more waits for them', async () => {
    const size = await stored();
    await h.sql(`insert into evidence.log_epoch (epoch, origin, why) values (0, 'test/0', 'first')`);
    await h.sql(`insert into evidence.checkpoint (epoch, size, root, note) values (0, ${size}, sha256('a'), 'the note'), (0, ${size + 1_000_000}, sha256('b'), 'not yet')`);
    const child = service();
    await eventually('the checkpoint', async () => (await number('select checkpoint_size as n from evidence.publish_cursor')) === size);
    await child.stop();
    const messages = await readPublished(looking);
    const [note] = messages.filter(({ subject }) => subject === 'evidence.v1.default.log.checkpoint');
    expect(Buffer.from(note?.bytes ?? []).toString()).toBe('the note');
    expect(messages.findIndex((message) => message === note)).toBeGreaterThan(messages.findIndex(({ leaf }) => leaf === size - 1));
    await expectWhole();
  });

  it('says which leaf has no body any more, and names what a restored database has instead of what was published', async () => {
    const size = await stored();
    // Well before the end: what the service said last may not be acknowledged yet, and would come again as a leaf of its own.
    const other = size - 40;
    await h.sql(`alter table evidence.event_body disable trigger all; alter table evidence.ledger disable trigger all;
      delete from evidence.event_body where id = (select event_id from evidence.ledger where at = ${other + 3});
      update evidence.ledger set sha256 = sha256('other') where at > ${other} and at <= ${size}`);
    const before = (await held()).length;
    const child = service();
    // The service beats and tells of its clock meanwhile: those leaves are new ones.
    const again = async () => (await held()).slice(before).filter(({ leaf }) => leaf !== null && leaf < size);
    await eventually('published again', async () => (await again()).length >= 40);
    await child.stop();
    const leaves = await again();
    expect(leaves.map(({ leaf }) => leaf)).toEqual(Array.from({ length: 40 }, (_, i) => other + i));
    expect(leaves.filter(({ subject }) => subject.startsWith('evidence.v1.default.log.missing')).map(({ leaf }) => leaf)).toEqual([other + 2]);
  });
});

describe('reading leaves', () => {
  it('begins where it is asked to, by the index: it costs the same at the end of a large ledger', async () => {
    const plan = async (query: string) => (await h.sql(`set enable_seqscan = off; explain ${query}`)).map((row) => String(row['QUERY PLAN'])).join('\n');
    for (const query of ['select * from evidence.publish_leaves where at > 1000 order by at limit 500', 'select at from evidence.publish_leaves order by at desc limit 1', 'select sha256 from evidence.publish_leaves where at = 7']) {
      const text = await plan(query);
      expect([query, text]).toEqual([query, expect.stringContaining('ledger_pk')]);
      expect([query, text]).toEqual([query, expect.not.stringMatching(/Sort Key: (l\.)?at/)]);
      if (query.includes('where')) expect(text).toContain('Index Cond: (at');
    }
  });
});

describe('the cursor', () => {
  it('never goes back, by the service or by its owner', async () => {
    const at = await noted();
    await h.sql(`select evidence.publish_moved(0, -1, -1)`);
    expect(await noted()).toBe(at);
    await expect(h.sql('update evidence.publish_cursor set next_leaf = 0')).rejects.toThrow(/only moves on/);
    await expect(h.sql('delete from evidence.publish_cursor')).rejects.toThrow(/only moves on/);
    await expect(h.sql('truncate evidence.publish_cursor')).rejects.toThrow();
  });
});
