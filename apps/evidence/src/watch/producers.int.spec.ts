import { instanceKey, signingKeyFromPem } from '@sallyport/engine-evidence';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';

let h: House;
beforeAll(async () => void (h = await house({ patience: { quietMs: 700 } })));
afterAll(() => h?.[Symbol.asyncDispose]());

const newKey = (producer: string) => instanceKey(producer, signingKeyFromPem(String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))));
const told = async (type: string, producer?: string) => (await h.events()).filter((event) => event.type === type && (producer === undefined || Reflect.get(event.d, 'producer') === producer)).map(({ d }) => d);
const stored = async (epoch: string) => Number((await h.sql(`select count(*)::int as n from evidence.producer_seq where epoch = '${epoch}'`))[0]?.['n']);

async function start(id: 'gw-1' | 'gw-2', key: string): Promise<Producer> {
  const producer = new Producer(h.gateway, id);
  producer.tell('service.started', { service: 'gateway', version: '0', node: 'n' });
  producer.tell('key.created', { use: 'session.closed', key });
  await producer.send();
  return producer;
}

describe('keys of producers', () => {
  const key = newKey('gw-1');

  it('are taken at the first word, and again by the same producer', async () => {
    const first = await start('gw-1', key.vkey);
    const second = await start('gw-1', key.vkey);
    await eventually('both are there', async () => (await stored(first.producer.epoch)) === 2 && (await stored(second.producer.epoch)) === 2);
    expect(await told('key.conflict')).toEqual([]);
  });

  it('are told, once, where another producer has it, where a producer has another, and where it is none', async () => {
    const vkey = `gw-2${newKey('gw-1').vkey.slice(4)}`;
    const same = await start('gw-2', `gw-2+${key.vkey.split('+').slice(1).join('+')}`);
    const stolen = instanceKeyNamed('gw-2', key.vkey);
    const thief = await start('gw-2', stolen);
    await thief.sendAgain(2);
    const other = newKey('gw-1');
    await start('gw-1', other.vkey);
    await start('gw-2', vkey);
    await eventually('all are told', async () => (await told('key.conflict')).length === 4);
    expect(await told('key.conflict')).toEqual(
      expect.arrayContaining([
        { producer: 'gw-2', epoch: thief.producer.epoch, key: stolen, why: 'other-producer', other: 'gw-1' },
        { producer: 'gw-2', epoch: same.producer.epoch, key: expect.any(String), why: 'not-its-own', other: null },
        { producer: 'gw-1', epoch: expect.any(String), key: other.vkey, why: 'other-key', other: key.vkey },
        { producer: 'gw-2', epoch: expect.any(String), key: vkey, why: 'not-its-own', other: null },
      ]),
    );
  });
});

describe('silence', () => {
  it('is told within moments, once, with the last that came, and so is its end', async () => {
    const producer = await start('gw-2', newKey('gw-2').vkey);
    producer.tell('producer.heartbeat', { pseq: 3, sessions: 0 });
    await producer.send();
    const of = async (type: string) => (await told(type, 'gw-2')).filter((d) => Reflect.get(d, 'epoch') === producer.producer.epoch);
    await eventually('it is missed', async () => (await of('producer.silent')).length > 0);
    expect(await of('producer.silent')).toEqual([{ producer: 'gw-2', epoch: producer.producer.epoch, last_pseq: 3, since: expect.any(String) }]);
    producer.tell('producer.heartbeat', { pseq: 4, sessions: 0 });
    await producer.send();
    await eventually('it is heard', async () => (await of('producer.heard')).length > 0);
    expect(await of('producer.heard')).toEqual([{ producer: 'gw-2', epoch: producer.producer.epoch, last_pseq: 3, seconds: expect.any(Number) }]);
    await eventually('it is missed again', async () => (await of('producer.silent')).length === 2);
  });

  it('is no silence where it has said that it stops', async () => {
    const producer = await start('gw-1', newKey('gw-1').vkey);
    producer.tell('service.stopped', { service: 'gateway', why: 'signal' });
    await producer.send();
    const other = await start('gw-2', newKey('gw-2').vkey);
    await eventually('the other one is missed', async () => (await told('producer.silent', 'gw-2')).some((d) => Reflect.get(d, 'epoch') === other.producer.epoch));
    expect((await told('producer.silent', 'gw-1')).filter((d) => Reflect.get(d, 'epoch') === producer.producer.epoch)).toEqual([]);
  });
});

describe('what a superuser does to the ends of sessions', () => {
  it('is named by the verifier: a forged end although all noted hashes fit, and a session that is gone, with since when', async () => {
    const key = newKey('gw-1');
    const producer = await start('gw-1', key.vkey);
    const sessions = [0, 1].map(() => {
      const { recorder, session } = openSession(producer, h.reader.publicKey, key);
      runCommand(recorder, 'select 1');
      recorder.close(end);
      return session;
    });
    producer.tell('producer.heartbeat', { pseq: producer.next(), sessions: 0 });
    await producer.send();
    await eventually('all of it is there', async () => (await stored(producer.producer.epoch)) === producer.messages.length);
    const before = (await h.verify()).findings;
    expect(before.filter(({ where }) => where.epoch === producer.producer.epoch)).toEqual([]);

    const [first, second] = sessions;
    const closed = `(select event_id from evidence.session_seq where sid = '${first}' order by seq desc limit 1)`;
    await h.sql(`set session_replication_role = replica; alter table evidence.event_body disable trigger all; alter table evidence.ledger disable trigger all; alter table evidence.session_seq disable trigger all;
      update evidence.event_body set body = replace(convert_from(body, 'UTF8'), '"rows":2', '"rows":0')::bytea where id = ${closed};
      update evidence.ledger l set sha256 = b.sha256, leaf_hash = sha256('\\x00'::bytea || b.body) from evidence.event_body b where b.id = l.event_id and l.event_id = ${closed};
      delete from evidence.ledger where event_id in (select event_id from evidence.session_seq where sid = '${second}')`);
    const found = (await h.verify()).findings.filter(({ where }) => where.epoch === producer.producer.epoch);
    expect(found).toEqual([
      expect.objectContaining({ kind: 'forged', where: expect.objectContaining({ sid: first, producer: 'gw-1' }), say: expect.stringContaining('does not hold') }),
      expect.objectContaining({ kind: 'gap', say: expect.stringMatching(/^numbers \d+ to \d+ of producer gw-1 are nowhere: written after 20\S+Z and before 20\S+Z$/) }),
    ]);
  });
});

/** The public key of one vkey under another name, with the key id that belongs to it. */
function instanceKeyNamed(producer: string, vkey: string): string {
  const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
  return instanceKey(producer, { publicKey: new Uint8Array(raw), sign: () => new Uint8Array(64) }).vkey;
}
