import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HashSource, leafHash, proveInclusion, verifyInclusion, type DayKey } from '@sallyport/engine-evidence';
import { buckets, evidenceEvents, evidenceFollow, evidenceHold, evidenceRelease, evidenceReplay, evidenceRetention, evidenceSessions, logTile, ok, sealingKeys, subjects, type Caller, type Reply, type RetentionItem, type SinkCursor } from '@sallyport/platform-bus';
import type { z } from 'zod';
import { auditor, eventually, house, type House } from '../testing/house.ts';
import { oldSession } from '../testing/old-session.ts';
import { Producer } from '../testing/producer.ts';

const admin = (person: string): Caller => ({ person, roles: ['admin'], groups: [], source: '127.0.0.1' });
const everything = { session: null, machine: null, target: null, from: null, to: null };
/** Two months of eight years ago, both over by the class of events. */
const [march, april] = [Date.UTC(2018, 2, 15, 12), Date.UTC(2018, 3, 2, 12)];

let h: House;
let clock = march;
/** What the sinks say; null: nothing. */
let cursors: SinkCursor[] | null = null;
const sids: string[] = [];

beforeAll(async () => {
  h = await house({ retention: { now: () => clock, everyMs: 300 }, signEveryMs: 200 });
  const sinks = await h.nats.connect('sinks');
  sinks.nc.subscribe(subjects.sinksCursors, { callback: (_error, message) => void (cursors !== null && message.respond(JSON.stringify(ok({ sinks: cursors })))) });
  await sinks.nc.flush();
  for (const month of ['201803', '201804']) await partition(month);
  const producer = new Producer(h.gateway);
  for (const at of [march, march + 60_000, april]) {
    clock = at;
    sids.push(oldSession(producer, { at, reader: h.reader.publicKey, day: await keyOf(at), machine: at === april ? 'april-machine' : 'march-machine' }));
  }
  await producer.send();
  await eventually('the sessions', async () => (await h.sql(`select from evidence.session_idx where state = 'closed'`)).length === 3);
  clock = Date.now();
});
afterAll(() => h[Symbol.asyncDispose]());

async function keyOf(at: number): Promise<DayKey> {
  const day = new Date(at).toISOString().slice(0, 10);
  let key: DayKey | null = null;
  await eventually('the key', async () => {
    const found = sealingKeys.safeParse(await (await h.gateway.kv(buckets.sealing)).get('standard')).data?.keys.find((one) => one.day === day);
    if (found !== undefined) key = { id: found.id, publicKey: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: found.publicKey } }) };
    return key !== null;
  });
  if (key === null) throw new Error('no key');
  return key;
}

/** A month that the service had made when it was that month. */
async function partition(month: string): Promise<void> {
  for (const parent of ['event_body', 'blob']) {
    await h.sql(`set role sallyport_owner; do $do$ begin
      execute format('create table evidence.${parent}_${month} partition of evidence.${parent} for values from (%L) to (%L)',
        evidence.uuid_from(to_date('${month}', 'YYYYMM')::timestamp at time zone 'UTC'), evidence.uuid_from((to_date('${month}', 'YYYYMM') + interval '1 month') at time zone 'UTC'));
      perform evidence.protect('evidence.${parent}_${month}'::regclass); end $do$; reset role`);
  }
}

const months = async () => (await h.sql(`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relname ~ '_2018'  and c.relkind = 'r' order by 1`)).map(({ name }) => String(name));
async function plan(): Promise<readonly RetentionItem[]> {
  const reply = await h.console.call(evidenceRetention, { by: auditor, at: null }, 20_000);
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value.items;
}
const saysOf = async (table: string) => (await plan()).find(({ name }) => name === table)?.say ?? [];
const required = (nextLeaf: number): SinkCursor => ({ name: 'siem', required: true, nextLeaf, state: 'delivering' });
/** Eight years go by: what came in then was not received just now. */
const age = (where: string) => h.sql(`alter table evidence.event_body disable trigger all; update evidence.event_body set received_at = received_at - interval '8 years' where ${where}; alter table evidence.event_body enable always trigger forbid_change`);
const pause = () => new Promise((done) => setTimeout(done, 1200));

describe('a month of events whose time is over', { timeout: 180_000 }, () => {
  it('stays while some of it was received later than its ids say: those are the producers’ clocks', async () => {
    cursors = [required(1_000_000)];
    await eventually('the plan', async () => (await saysOf('event_body_201803')).includes('some of it came in late, and is not old enough'));
    await pause();
    expect(await months()).toContain('event_body_201803');
    await age(`id < evidence.uuid_from('2018-04-01Z')`);
  });

  it('stays while the sinks cannot be asked, while a required one has not got all of it, and not for one that is not required', async () => {
    cursors = null;
    await h.stop();
    await age(`id < evidence.uuid_from('2018-05-01Z') and received_at > now() - interval '1 year'`);
    await h.start();
    expect(await saysOf('event_body_201803')).toEqual(['a required sink has not taken all of it, or does not say']);
    await pause();
    cursors = [required(1), { ...required(1), name: 'other', required: false }];
    expect(await saysOf('event_body_201803')).toEqual(['a required sink has not taken all of it, or does not say']);
    await pause();
    expect((await months()).filter((name) => name.startsWith('event'))).toEqual(['event_body_201803', 'event_body_201804']);
  });

  it('stays while it is held, and the plan names the hold; a month that nobody keeps goes', async () => {
    const held = await h.console.call(evidenceHold, { by: auditor, scope: { ...everything, session: sids[2] ?? '' }, reason: 'case 2026-20' });
    const hold = held.ok ? held.value.hold.id : '';
    const leaves = await h.sql(`select at - 1 as leaf, leaf_hash from evidence.ledger where event_id < evidence.uuid_from('2018-04-01Z') order by at`);
    cursors = [required(1_000_000), { ...required(0), name: 'other', required: false }];
    await eventually('the month to go', async () => !(await months()).includes('event_body_201803'));
    await pause();
    expect(await months()).toContain('event_body_201804');
    expect((await plan()).find(({ name }) => name === 'event_body_201804')).toMatchObject({ holds: [hold], say: ['a legal hold keeps it'] });

    const purged = (await h.events()).filter(({ type }) => type === 'retention.purged').map(({ d }) => d);
    expect(purged).toContainEqual(expect.objectContaining({ table: 'event_body_201803', class: 'events', from: '2018-03-01T00:00:00.000Z', to: '2018-04-01T00:00:00.000Z', part: 1, parts: 1 }));
    const runs = purged.flatMap((d) => ('leaves' in d && d.table === 'event_body_201803' ? d.leaves : []));
    expect(leaves.length).toBe(8);
    for (const { leaf } of leaves) expect(runs.some(([from = 0, to = 0]) => from <= Number(leaf) && Number(leaf) < to)).toBe(true);
    expect(runs.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0)).toBe(8);
  });

  it('leaves its hashes: every proof is still made and holds, that of the purge too', async () => {
    const size = Number((await h.sql('select size from evidence.log_state'))[0]?.['size']);
    const source = new HashSource(size, async (level, index, width) => {
      const reply = await h.console.call(logTile, { level, index, width });
      return reply.ok ? Buffer.from(reply.value.hashes, 'base64') : Buffer.alloc(0);
    });
    const root = await source.root(size);
    const [purged] = await h.sql(`select at - 1 as leaf, leaf_hash from evidence.ledger where event_id < evidence.uuid_from('2018-04-01Z') order by at limit 1`);
    const hash = purged?.['leaf_hash'];
    if (!Buffer.isBuffer(hash)) throw new Error('no leaf');
    const index = Number(purged?.['leaf']);
    verifyInclusion({ index, size, leaf: hash, proof: await proveInclusion(source, index), root });
    const told = (await h.sql(`select l.at - 1 as leaf, b.body from evidence.ledger l join evidence.event_body b on b.id = l.event_id where convert_from(b.body, 'UTF8') like '%"retention.purged"%event_body_201803%'`))[0];
    const body = told?.['body'];
    if (!Buffer.isBuffer(body)) throw new Error('no event');
    verifyInclusion({ index: Number(told?.['leaf']), size, leaf: leafHash(body), proof: await proveInclusion(source, Number(told?.['leaf'])), root });
  });

  it('is named by whoever reads the ledger: what was purged is told from what is missing', async () => {
    const read = async (session: string | null) => {
      const reply = await h.console.call(evidenceEvents, { by: auditor, session, after: session === null ? 0 : null, limit: 1000 }, 20_000);
      if (!reply.ok) throw new Error(reply.error.say);
      return reply.value;
    };
    expect((await read(sids[0] ?? '')).absent).toEqual([{ from: 0, to: 4, pruned: true }]);
    expect((await read(sids[2] ?? '')).absent).toEqual([]);
    expect(await h.console.call(evidenceReplay, { by: auditor, session: sids[0] ?? '' })).toMatchObject({ ok: false, error: { code: 'purged' } });
    expect(await h.console.call(evidenceReplay, { by: auditor, session: sids[2] ?? '' })).toMatchObject({ ok: true });
    const list = await h.console.call(evidenceSessions, { by: auditor, machine: 'march-machine', target: null, open: null, before: null, limit: 10 });
    expect(list.ok && list.value.sessions.map(({ id, commands }) => [id, commands])).toEqual(expect.arrayContaining([[sids[0], 1], [sids[1], 1]]));

    const [victim] = await h.sql(`select l.at, l.event_id from evidence.ledger l join evidence.event_idx i using (at) where i.sid = '${sids[2]}' and i.seq = 2`);
    await h.sql(`alter table evidence.event_body disable trigger all; delete from evidence.event_body where id = '${String(victim?.['event_id'])}'; alter table evidence.event_body enable always trigger forbid_change`);
    const at = Number(victim?.['at']);
    const all: { from: number; to: number; pruned: boolean }[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const page: Reply<z.output<typeof evidenceEvents.value>> = await h.console.call(evidenceEvents, { by: auditor, session: null, after, limit: 5 }, 20_000);
      if (!page.ok) throw new Error(page.error.say);
      all.push(...page.value.absent);
      after = page.value.next;
    }
    expect(all.filter(({ pruned }) => !pruned)).toEqual([{ from: at, to: at + 1, pruned: false }]);
    expect(all.filter(({ pruned }) => pruned).reduce((sum, { from, to }) => sum + to - from, 0)).toBe(8);
    expect((await read(sids[2] ?? '')).absent).toEqual([{ from: 2, to: 3, pruned: false }]);
  });

  it('is followed by sinks as leaves without bodies', async () => {
    const [first] = await h.sql(`select min(at) - 1 as leaf from evidence.ledger where event_id < evidence.uuid_from('2018-04-01Z')`);
    const reply = await h.console.call(evidenceFollow, { from: 0, limit: 1 }).catch(() => null);
    expect(reply?.ok).not.toBe(true);
    const sinks = await h.nats.connect('sinks');
    const followed = await sinks.call(evidenceFollow, { from: Number(first?.['leaf']), limit: 1 });
    expect(followed).toMatchObject({ ok: true, value: { leaves: [{ bytes: null }] } });
  });

  it('goes when the hold is released by two, and its ciphertexts have gone by their own, shorter class', async () => {
    const holds = await h.sql('select id from evidence.hold where released_at is null');
    for (const { id } of holds) for (const person of ['ada', 'bert']) await h.console.call(evidenceRelease, { by: admin(person), hold: String(id), reason: 'the end' });
    await eventually('all of it to go', async () => (await months()).length === 0);
    const runs = await h.sql(`select lower(r) as f, upper(r) as t from (select unnest(leaves) as r from evidence.pruned) p`);
    expect(runs.reduce((sum, { f, t }) => sum + Number(t) - Number(f), 0)).toBe(12);
  });
});
