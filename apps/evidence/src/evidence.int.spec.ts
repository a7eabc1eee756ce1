import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeMessage, EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { parseEnvelope } from '@sallyport/engine-evidence';
import { evidenceEvents, evidenceNote, evidenceReplay, evidenceSessions, subjects, watermark } from '@sallyport/platform-bus';
import { auditor, eventually, house, type House } from './testing/house.ts';
import { end, openSession, Producer, runCommand } from './testing/producer.ts';

let h: House;
const marks = new Map<string, number>();

beforeAll(async () => {
  h = await house({ patience: { gapMs: 1000, replacedMs: 1000, silentMs: 4000, giveUpMs: 3000 } });
  h.gateway.subscribe(subjects.watermark('gw-1'), watermark, ({ epoch, pseq }) => void marks.set(epoch, pseq));
});
afterAll(() => h[Symbol.asyncDispose]());

const covered = (producer: Producer, pseq = producer.messages.length) => eventually(`watermark ${pseq}`, () => marks.get(producer.producer.epoch) === pseq);
const countOf = async (producer: Producer) => Number((await h.sql(`select count(*) as n from evidence.producer_seq where epoch = '${producer.producer.epoch}'`))[0]?.['n']);
const ofType = async (type: string) => (await h.events()).filter((event) => event.type === type);

async function wholeSession(producer: Producer, send = true) {
  const { recorder, session } = openSession(producer, h.reader.publicKey);
  runCommand(recorder, "select * from customers where ssn = '123-45-6789'");
  runCommand(recorder, 'drop table customers', 'deny');
  recorder.close(end);
  if (send) await producer.send();
  return session;
}

describe('the ledger', () => {
  it('takes what a gateway sends, tells it how far it is, and verifies', async () => {
    const producer = new Producer(h.gateway);
    const session = await wholeSession(producer);
    await covered(producer);
    expect(await countOf(producer)).toBe(5);
    const found = await h.verify();
    expect(found.findings).toEqual([]);
    const listed = await h.console.call(evidenceSessions, { by: auditor, machine: 'nightly-ledger', target: null, open: null, before: null, limit: 10 });
    expect(listed).toMatchObject({ ok: true, value: { sessions: [{ id: session, machine: 'nightly-ledger', target: 'ledger-db', protocol: 'postgres', end: 'terminated', commands: 2, denied: 1, held: 0, rows: 2, bytes: 20 }] } });
  });

  it('takes an event twice as once, also after a restart, and tells the watermark again', async () => {
    const producer = new Producer(h.gateway);
    await wholeSession(producer);
    await covered(producer);
    marks.delete(producer.producer.epoch);
    await h.stop();
    for (let i = 1; i <= 5; i++) await producer.sendAgain(i);
    for (let i = 1; i <= 5; i++) await producer.sendAgain(i);
    await h.start();
    await covered(producer);
    expect(await countOf(producer)).toBe(5);
    expect((await h.verify()).findings).toEqual([]);
  });

  it('holds the watermark at a hole, tells the hole once, and goes on when it is filled', async () => {
    const producer = new Producer(h.gateway);
    await wholeSession(producer, false);
    await producer.send([2, 3]);
    await covered(producer, 1);
    await eventually('log.gap', async () => (await ofType('log.gap')).some(({ d }) => 'epoch' in d && d.epoch === producer.producer.epoch));
    await new Promise((done) => setTimeout(done, 500));
    const told = (await ofType('log.gap')).filter(({ d }) => 'epoch' in d && d.epoch === producer.producer.epoch);
    expect(told.map(({ d }) => d)).toEqual([{ producer: 'gw-1', epoch: producer.producer.epoch, from: 2, to: 3 }]);
    await producer.sendAgain(3);
    await producer.sendAgain(2);
    await covered(producer);
    expect((await h.verify()).findings).toEqual([]);
  });

  it('passes a hole that nobody fills after a while, and verification names it', async () => {
    const producer = new Producer(h.gateway);
    await wholeSession(producer, false);
    await producer.send([3]);
    await covered(producer, 5);
    const { findings } = await h.verify();
    expect(findings.map(({ kind, where }) => [kind, where.epoch, kind === 'gap' ? where.pseq : where.seq])).toEqual(
      expect.arrayContaining([['gap', producer.producer.epoch, 3], ['missing', producer.producer.epoch, 2]]),
    );
    await producer.sendAgain(3);
    await eventually('the late event', async () => (await countOf(producer)) === 5);
    expect((await h.verify()).findings).toEqual([]);
  });

  it('keeps what is no event, says why, and goes on', async () => {
    const producer = new Producer(h.gateway);
    await h.gateway.js.publish(subjects.ingest('gw-1'), 'garbage');
    await h.gateway.js.publish(subjects.ingest('gw-1'), encodeMessage({ event: Buffer.from('{"v":1}'), blobs: [] }));
    const foreign = new Producer(h.gateway, 'gw-2');
    await wholeSession(foreign, false);
    await h.gateway.js.publish(subjects.ingest('gw-1'), foreign.messages[0] ?? '');
    const nul = new EventChain({ tenant: 'default', sid: producer.producer.epoch, producer: producer.producer }, { who: null, on: { target: 'a\u0000b', kind: '"}', env: '\\' } });
    producer.append(nul.write('producer.heartbeat', { pseq: 0, sessions: 0 }, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }), []);
    await wholeSession(producer);
    await covered(producer);
    const kept = await h.sql('select reason, length(message) as n from evidence.quarantine order by received_at');
    expect(kept.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['event message version 103 is not known', 'event does not have exactly its members', 'it came on the subject of another producer']));
  });

  it('keeps both of two events that claim one number, and tells of it', async () => {
    const producer = new Producer(h.gateway);
    const { recorder, session } = openSession(producer, h.reader.publicKey);
    await producer.send();
    await covered(producer);
    const head = recorder.head;
    runCommand(recorder, 'select 1');
    const other = new EventChain({ tenant: 'default', sid: session, producer: producer.producer }, { who: null, on: null }, head);
    const forged = other.write('mask.failed_closed', { command: 'c', why: 'forged' }, { id: uuidv7(), pseq: 2, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
    await producer.send();
    await h.gateway.js.publish(subjects.ingest('gw-1'), encodeMessage({ event: forged, blobs: [] }));
    await eventually('log.equivocation', async () => (await ofType('log.equivocation')).length > 0);
    const [told] = await ofType('log.equivocation');
    const id = (bytes: Uint8Array) => parseEnvelope(bytes).id;
    expect(told?.d).toMatchObject({ sid: session, seq: 1, other: id(forged) });
    expect((await h.ledger()).filter(({ bytes }) => hash('sha256', bytes, 'hex') === hash('sha256', forged, 'hex'))).toHaveLength(1);
    const named = (await h.verify()).findings.filter(({ where }) => where.sid === session);
    expect(named.map(({ kind, where }) => [kind, where.id])).toContainEqual(['extra', id(forged)]);
  });

  it('keeps both of two events of one id in one batch', async () => {
    const producer = new Producer(h.gateway);
    const id = uuidv7();
    const chain = () => new EventChain({ tenant: 'default', sid: producer.producer.epoch, producer: producer.producer }, { who: null, on: null });
    const write = (sessions: number) => encodeMessage({ event: chain().write('producer.heartbeat', { pseq: 0, sessions }, { id, pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }), blobs: [] });
    for (const message of [write(1), write(2), write(1)]) await h.gateway.js.publish(subjects.ingest('gw-1'), message);
    await eventually('both', async () => (await h.ledger()).filter(({ bytes }) => parseEnvelope(bytes).id === id).length === 2);
  });

  it('calls a session abandoned when its producer has started anew, once, and again if it goes on', async () => {
    const dead = new Producer(h.gateway);
    const { recorder, session } = openSession(dead, h.reader.publicKey);
    await dead.send();
    await covered(dead);
    await new Promise((done) => setTimeout(done, 50));
    const alive = new Producer(h.gateway);
    await wholeSession(alive);
    const told = async () => (await ofType('session.abandoned')).filter(({ d }) => 'session' in d && d.session === session).map(({ d }) => ('last_seq' in d ? d.last_seq : null));
    await eventually('session.abandoned', async () => (await told()).length > 0);
    runCommand(recorder, 'select 2', 'deny');
    await dead.send();
    await eventually('session.abandoned again', async () => (await told()).length > 1);
    await new Promise((done) => setTimeout(done, 500));
    expect(await told()).toEqual([0, 1]);
    const listed = await h.console.call(evidenceSessions, { by: auditor, machine: null, target: null, open: false, before: null, limit: 100 });
    expect(listed.ok && listed.value.sessions.find(({ id }) => id === session)).toMatchObject({ end: 'abandoned', denied: 1 });
  });

  it('shows texts to auditors only, and records every read and every refusal', async () => {
    const producer = new Producer(h.gateway);
    const session = await wholeSession(producer);
    await covered(producer);
    const replayed = await h.console.call(evidenceReplay, { by: auditor, session });
    expect(replayed.ok && replayed.value.events.flatMap(({ texts }) => texts)).toEqual([{ role: 'text', text: "select * from customers where ssn = '123-45-6789'" }, { role: 'text', text: 'drop table customers' }]);
    const admin = { ...auditor, person: 'bob', roles: ['admin'] };
    expect(await h.console.call(evidenceReplay, { by: admin, session })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await h.console.call(evidenceEvents, { by: { ...admin, roles: [] }, session, after: null, limit: 10 })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await h.console.call(evidenceReplay, { by: auditor, session: uuidv7() })).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await h.console.call(evidenceNote, { by: admin, type: 'operator.acted', data: { action: 'sessions.kill', object: session, ok: true, code: null } })).toMatchObject({ ok: true });
    expect(await h.console.call(evidenceNote, { by: admin, type: 'operator.acted', data: { nonsense: 1 } })).toMatchObject({ ok: false, error: { code: 'invalid' } });
    await eventually('the records', async () => (await ofType('operator.acted')).length >= 3);
    const reads = await ofType('evidence.read');
    expect(reads.some(({ d, who }) => 'filter' in d && 'count' in d && d.what === 'replay' && d.filter === `session=${session}` && d.count === 5 && who?.id === 'person:ada')).toBe(true);
    const acted = (await ofType('operator.acted')).map(({ d, who }) => [who?.id, 'action' in d ? d.action : '', 'ok' in d ? d.ok : null]);
    expect(acted).toEqual(expect.arrayContaining([['person:bob', 'evidence.replay', false], ['person:bob', 'evidence.events', false], ['person:bob', 'sessions.kill', true]]));
    const all = Buffer.concat((await h.ledger()).map(({ bytes }) => Buffer.from(bytes))).toString();
    expect(all).not.toContain('123-45-6789');
  });

  it('pages a session by its numbers', async () => {
    const producer = new Producer(h.gateway);
    const session = await wholeSession(producer);
    await covered(producer);
    const seqs: number[] = [];
    const page = async (after: number) => {
      const reply = await h.console.call(evidenceEvents, { by: auditor, session, after, limit: 2 });
      if (!reply.ok) throw new Error(reply.error.say);
      seqs.push(...reply.value.events.map(({ bytes }) => parseEnvelope(Buffer.from(bytes, 'base64')).seq));
      return reply.value.next;
    };
    for (let after: number | null = -1; after !== null; ) after = await page(after);
    expect(seqs).toEqual([0, 1, 2, 3, 4]);
  });
});
