import { createPublicKey, createPrivateKey } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptBlob, openSessionKey, parseEnvelope, type DayKey } from '@sallyport/engine-evidence';
import { buckets, evidenceErase, evidenceHold, evidenceHolds, evidenceRelease, evidenceReplay, evidenceRetention, evidenceSessions, sealingKeys, type Caller } from '@sallyport/platform-bus';
import { auditor, eventually, house, type House } from '../testing/house.ts';
import { oldSession, uuidOf } from '../testing/old-session.ts';
import { Producer } from '../testing/producer.ts';
import { wrappedKeyOf } from './session-keys.ts';

const dayMs = 86_400_000;
const admin = (person: string): Caller => ({ person, roles: ['admin'], groups: [], source: '127.0.0.1' });
type Scope = Record<'session' | 'machine' | 'target' | 'from' | 'to', string | null>;
const noScope: Scope = { session: null, machine: null, target: null, from: null, to: null };
const secret = "select * from customers where ssn = '123-45-6789'";

let h: House;
let clock = Date.now();
beforeAll(async () => {
  h = await house({ retention: { now: () => clock, everyMs: 300 } });
}, 300_000);
afterAll(() => h[Symbol.asyncDispose]());

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
const ring = () => join(h.env['SALLYPORT_STATE'] ?? '', 'sealing-keys');
const told = async (type: string) => (await h.events()).filter((event) => event.type === type);

/** What a gateway of that day would seal to. */
async function keyOfDay(at: number, name = 'standard'): Promise<DayKey> {
  let found: DayKey | null = null;
  await eventually('the key of the day', async () => {
    const published = sealingKeys.safeParse(await (await h.gateway.kv(buckets.sealing)).get(name));
    const key = published.data?.keys.find(({ day }) => day === dayOf(at));
    if (key !== undefined) found = { id: key.id, publicKey: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: key.publicKey } }) };
    return found !== null;
  });
  if (found === null) throw new Error('no key');
  return found;
}

/** Sessions that were recorded on a day. The service has its keys then; afterwards its clock is right again. */
async function recorded(at: number, sessions: readonly { machine?: string; target?: string; class?: string }[]): Promise<string[]> {
  clock = at;
  const producer = new Producer(h.gateway);
  const sids: string[] = [];
  for (const [i, { class: name = 'standard', ...of }] of sessions.entries()) sids.push(oldSession(producer, { at: at + i * 1000, reader: h.reader.publicKey, day: await keyOfDay(at, name), ...of }));
  await producer.send();
  await eventually('the sessions', async () => Number((await h.sql(`select count(*) as n from evidence.session_idx where state = 'closed' and sid in (${sids.map((sid) => `'${sid}'`).join(', ')})`))[0]?.['n']) === sids.length);
  return sids;
}

async function replayed(session: string): Promise<{ texts: (string | null)[]; unreadable: string | null }> {
  const reply = await h.console.call(evidenceReplay, { by: auditor, session });
  if (!reply.ok) throw new Error(reply.error.say);
  return { texts: reply.value.events.flatMap(({ texts }) => texts.map(({ text }) => text)), unreadable: reply.value.unreadable };
}

/** Everything that a full backup of the database has of sessions' keys and ciphertexts. */
const backup = () => h.sql('select b.body, c.bytes, c.ct_sha256 from evidence.event_body b left join evidence.blob c on c.event_id = b.id order by b.id');

/** Somebody with that backup, the reader's key, and the ring as it is now, tries everything that there is. @returns the texts that he gets */
async function attack(rows: Awaited<ReturnType<typeof backup>>, sid: string): Promise<string[]> {
  const secrets = await Promise.all((await readdir(ring())).map((name) => readFile(join(ring(), name))));
  const events = rows.map(({ body, bytes }) => ({ event: parseEnvelope(Buffer.isBuffer(body) ? body : Buffer.alloc(0)), bytes: Buffer.isBuffer(bytes) ? bytes : null })).filter(({ event }) => event.sid === sid);
  const wrapped = events.flatMap(({ event }) => (event.type === 'session.opened' ? (wrappedKeyOf(event) ?? []) : []));
  const keys: Uint8Array[] = [];
  for (const one of wrapped) for (const secret of secrets) {
    try {
      keys.push(openSessionKey(one, h.reader.privateKey, createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })));
    } catch {
      // Not this one.
    }
  }
  return events.flatMap(({ event, bytes }) => (bytes === null ? [] : event.blobs.flatMap((ref) => keys.map((key) => Buffer.from(decryptBlob(key, ref, bytes)).toString()))));
}

describe('keys of the day', () => {
  it('are published for each class of texts from yesterday to the day after tomorrow, and their secret halves are nowhere but in the ring', async () => {
    clock = Date.now();
    for (const name of ['standard', 'short', 'long']) for (const ahead of [-1, 0, 1, 2]) await keyOfDay(Date.now() + ahead * dayMs, name);
    expect(await (await h.gateway.kv(buckets.sealing)).get('events')).toBeNull();
    const secrets = await Promise.all((await readdir(ring())).map((name) => readFile(join(ring(), name))));
    expect(secrets.length).toBeGreaterThanOrEqual(12);
    const [dump] = await h.sql(`select string_agg(k::text, '') as all from evidence.sealing_key k`);
    for (const one of secrets) expect(String(dump?.['all'])).not.toContain(one.subarray(-32).toString('hex'));
    expect(Number((await h.sql('select count(*) as n from evidence.dek'))[0]?.['n'])).toBe(0);
  });

  it('open sessions as long as they are there, and stay the same after a restart', async () => {
    const at = Date.now();
    const [sid = ''] = await recorded(at, [{}]);
    const key = await keyOfDay(at);
    await h.stop();
    await h.start();
    expect(await replayed(sid)).toEqual({ texts: [secret], unreadable: null });
    expect((await keyOfDay(at)).id).toBe(key.id);
  });

  it('of classes that are set are in the ledger', async () => {
    expect((await told('retention.changed')).map(({ d }) => d)).toEqual(expect.arrayContaining([{ class: 'events', days: 2562, previous: null }, { class: 'standard', days: 403, previous: null }]));
  });
});

describe('a class whose time is over', () => {
  it('takes its key along: nobody with a whole backup of the database and all keys that there are reads a text again, and the replay says why', async () => {
    const at = Date.now() - 500 * dayMs;
    const [old = '', kept = ''] = await recorded(at, [{}, { class: 'long' }]);
    expect(await replayed(old)).toEqual({ texts: [secret], unreadable: null });
    const copy = await backup();
    expect(await attack(copy, old)).toEqual([secret]);
    clock = Date.now();
    await eventually('the end of the key', async () => (await told('key.destroyed')).some(({ d }) => 'day' in d && d.day === dayOf(at) && d.class === 'standard'));
    await eventually('the file to be gone', async () => !(await readdir(ring())).some((name) => name.startsWith(`standard_${dayOf(at)}`)));
    const after = await replayed(old);
    expect(after.texts).toEqual([null]);
    expect(after.unreadable).toMatch(/^the texts of this session can be read no more: their key was destroyed on \d{4}-\d\d-\d\d when its time was over \(retention class standard; key\.destroyed [0-9a-f-]{36}\)$/);
    expect(await attack(copy, old)).toEqual([]);
    expect(await replayed(kept)).toEqual({ texts: [secret], unreadable: null });
    const list = await h.console.call(evidenceSessions, { by: auditor, machine: null, target: null, open: null, before: null, limit: 100 });
    expect(list.ok && list.value.sessions.map(({ id }) => id)).toContain(old);
    expect((await h.verify()).findings).toEqual([]);
  });

  it('is destroyed again at start, where an older copy of the ring is put back', async () => {
    const at = Date.now() - 600 * dayMs;
    const [sid = ''] = await recorded(at, [{}]);
    const name = (await readdir(ring())).find((file) => file.startsWith(`standard_${dayOf(at)}`)) ?? '';
    const copy = await readFile(join(ring(), name));
    clock = Date.now();
    await eventually('the end of the key', async () => (await replayed(sid)).unreadable !== null);
    await h.stop();
    await writeFile(join(ring(), name), copy);
    await h.start();
    await eventually('the end of the copy', async () => !(await readdir(ring())).includes(name));
    expect((await replayed(sid)).texts).toEqual([null]);
  });

  it('stays while it is held, and goes when two people have released the hold, never by one', async () => {
    const at = Date.now() - 700 * dayMs;
    const [sid = ''] = await recorded(at, [{ machine: 'held-machine' }, { machine: 'other-machine' }]);
    const placed = await h.console.call(evidenceHold, { by: auditor, scope: { ...noScope, machine: 'held-machine' }, reason: 'case 2026-17' });
    const id = placed.ok ? placed.value.hold.id : '';
    clock = Date.now();
    await eventually('the plan to name the hold', async () => {
      const plan = await h.console.call(evidenceRetention, { by: auditor, at: null });
      return plan.ok && plan.value.items.some((item) => item.what === 'key' && item.name.startsWith(`standard/${dayOf(at)}`) && item.holds.includes(id) && item.say[0] === 'a legal hold keeps it');
    });
    await new Promise((done) => setTimeout(done, 1000));
    expect(await replayed(sid)).toEqual({ texts: [secret], unreadable: null });
    const release = (by: Caller) => h.console.call(evidenceRelease, { by, hold: id, reason: 'the case is closed' });
    expect(await release(auditor)).toMatchObject({ ok: true, value: { hold: { releaseRequested: { by: 'ada' }, released: null } } });
    expect(await release(auditor)).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await release(admin('bootstrap-admin'))).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await replayed(sid)).toMatchObject({ unreadable: null });
    expect(await release(admin('bert'))).toMatchObject({ ok: true, value: { hold: { released: { by: 'bert' } } } });
    expect(await release(admin('carl'))).toMatchObject({ ok: false, error: { code: 'not-pending' } });
    await eventually('the end of the key', async () => (await replayed(sid)).unreadable !== null);
    expect(await h.console.call(evidenceHolds, { by: auditor, all: false })).toMatchObject({ ok: true, value: { holds: [] } });
    const order = (await h.events()).flatMap(({ type, who }) => (type.startsWith('hold.') ? [`${type} ${who?.id}`] : []));
    expect(order).toEqual(['hold.placed person:ada', 'hold.release_requested person:ada', 'hold.released person:bert']);
  });

  it('is not held by a hold on something else, and a hold on what the ledger does not know is refused', async () => {
    const at = Date.now() - 800 * dayMs;
    const [sid = '', other = ''] = await recorded(at, [{ machine: 'm1', target: 't1' }]).then(async ([one = '']) => [one, (await recorded(Date.now(), [{ machine: 'm2' }]))[0]]);
    const place = (scope: Partial<Scope>) => h.console.call(evidenceHold, { by: auditor, scope: { ...noScope, ...scope }, reason: 'case 2026-18' });
    for (const scope of [{ machine: 'nobody' }, { target: 'nowhere' }, { session: uuidOf(at) }]) expect(await place(scope)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    const holds = [await place({ session: other }), await place({ target: 't1', to: new Date(at - dayMs).toISOString() })];
    expect(holds.every(({ ok }) => ok)).toBe(true);
    clock = Date.now();
    await eventually('the end of the key', async () => (await replayed(sid)).unreadable !== null);
    for (const hold of holds) for (const by of ['ada', 'bert']) await h.console.call(evidenceRelease, { by: admin(by), hold: hold.ok ? hold.value.hold.id : '', reason: 'the end' });
  });
});

describe('an erasure', () => {
  const erase = (session: string, person: string, roles = ['admin']) => h.console.call(evidenceErase, { by: { ...admin(person), roles }, session, reason: 'request 2026-3' });

  it('takes two administrators, and makes one session unreadable for ever while the others of its day are read on, from whatever copy', async () => {
    const at = Date.now() - 20 * dayMs;
    const [one = '', two = '', three = ''] = await recorded(at, [{}, {}, {}]);
    const copy = await backup();
    clock = Date.now();
    expect(await erase(one, 'ada', ['auditor'])).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await erase(one, 'ada')).toMatchObject({ ok: true, value: { erasure: { state: 'requested' } } });
    expect(await erase(one, 'ada')).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await erase(one, 'bootstrap-admin')).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await replayed(one)).toEqual({ texts: [secret], unreadable: null });
    expect(await erase(one, 'bert')).toMatchObject({ ok: true, value: { erasure: { state: 'confirmed', requested: { by: 'ada' }, confirmed: { by: 'bert' } } } });
    expect(await replayed(one)).toEqual({ texts: [null], unreadable: expect.stringMatching(/^the texts of this session were erased on .*: request 2026-3$/) });
    await eventually('the end of the key', async () => (await told('key.destroyed')).some(({ d }) => 'day' in d && d.sessions.includes(one) && d.kept === 2));
    await eventually('the erasure to be done', async () => (await h.sql(`select from evidence.erasure where sid = '${one}' and done_at is not null`)).length === 1);
    await eventually('the file to be gone', async () => !(await readdir(ring())).some((name) => name.startsWith(`standard_${dayOf(at)}`) && name.endsWith('.x25519')));
    expect(await attack(copy, one)).toEqual([]);
    for (const sid of [two, three]) expect(await replayed(sid)).toEqual({ texts: [secret], unreadable: null });

    // A second one of the same day: what the first left behind is sealed anew once more.
    await erase(two, 'ada');
    await erase(two, 'bert');
    await eventually('the second erasure', async () => (await h.sql(`select from evidence.erasure where sid = '${two}' and done_at is not null`)).length === 1);
    expect(await replayed(three)).toEqual({ texts: [secret], unreadable: null });
    expect((await replayed(two)).texts).toEqual([null]);
    expect((await h.sql('select sid from evidence.dek')).map(({ sid }) => sid)).toEqual([three]);
    expect((await readdir(ring())).filter((name) => name.startsWith(`standard_${dayOf(at)}`))).toHaveLength(1);
    expect((await h.verify()).findings).toEqual([]);
    expect((await h.events()).flatMap(({ type, who }) => (type.startsWith('erasure.') ? [`${type} ${who?.id}`] : [])).slice(0, 2)).toEqual(['erasure.requested person:ada', 'erasure.confirmed person:bert']);
  });

  it('of today is shown to nobody at once, and its key goes when nothing that is sealed to it can be on its way', async () => {
    const [sid = ''] = await recorded(Date.now(), [{}]);
    await erase(sid, 'ada');
    expect(await erase(sid, 'bert')).toMatchObject({ ok: true, value: { erasure: { state: 'confirmed', due: dayOf(Date.now() + 4 * dayMs) } } });
    expect((await replayed(sid)).texts).toEqual([null]);
    await new Promise((done) => setTimeout(done, 1000));
    expect((await h.sql(`select done_at from evidence.erasure where sid = '${sid}'`))[0]?.['done_at']).toBeNull();
    expect(await h.console.call(evidenceRetention, { by: auditor, at: dayOf(Date.now() + 5 * dayMs) })).toMatchObject({ ok: true, value: { items: expect.arrayContaining([expect.objectContaining({ what: 'erasure', name: sid })]) } });
  });

  it('is refused while the session is held, and says which hold it is', async () => {
    const [sid = ''] = await recorded(Date.now(), [{}]);
    const placed = await h.console.call(evidenceHold, { by: auditor, scope: { ...noScope, session: sid }, reason: 'case 2026-19' });
    expect(await erase(sid, 'ada')).toMatchObject({ ok: false, error: { code: 'held', say: expect.stringContaining(placed.ok ? placed.value.hold.id : '?') } });
  });

  it('of a session that is not there, or that was sealed to no day, is refused', async () => {
    expect(await erase(uuidOf(Date.now()), 'ada')).toMatchObject({ ok: false, error: { code: 'not-found' } });
    const producer = new Producer(h.gateway);
    const sid = oldSession(producer, { at: Date.now(), reader: h.reader.publicKey, day: null });
    await producer.send();
    await eventually('the session', async () => (await h.sql(`select from evidence.session_idx where sid = '${sid}' and state = 'closed'`)).length === 1);
    expect(await replayed(sid)).toEqual({ texts: [secret], unreadable: null });
    expect(await erase(sid, 'ada')).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('reader’s key alone') } });
  });
});

describe('a key ring that was lost', () => {
  it('is told from keys that were destroyed', async () => {
    const [sid = ''] = await recorded(Date.now(), [{}]);
    await h.stop();
    for (const name of await readdir(ring())) await rm(join(ring(), name));
    await h.start();
    expect(await replayed(sid)).toEqual({ texts: [null], unreadable: expect.stringContaining('is missing, and was not destroyed by retention') });
  });
});
