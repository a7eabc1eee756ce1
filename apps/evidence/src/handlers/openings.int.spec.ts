import { opened, type Envelope } from '@sallyport/domain-events';
import { systemClock, uuidv7 } from '@sallyport/domain-model';
import { newSessionKey, openingSealer, parseEnvelope, sessionOpenings, SessionRecorder } from '@sallyport/engine-evidence';
import { evidenceEvents, evidenceFollow, evidenceReplay, type Bus } from '@sallyport/platform-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditor, eventually, house, type House } from '../testing/house.ts';
import { end, on, Producer, who } from '../testing/producer.ts';

let h: House;
let sinks: Bus;
let session: string;
const login = uuidv7();
const operator = { ...auditor, person: 'otto', roles: ['operator'] };

beforeAll(async () => {
  h = await house();
  sinks = await h.nats.connect('sinks');
  const gateway = new Producer(h.gateway);
  session = uuidv7();
  const { key, wrapped } = newSessionKey(h.reader.publicKey);
  const recorder = new SessionRecorder({ tenant: 'default', session, who, on, log: gateway, clock: systemClock, key, openings: sessionOpenings(key) });
  recorder.record('session.opened', { protocol: 'postgres', role: null, source: '203.0.113.77', client: null, evidence: 'strict', lease: 'l', policy: 1, mask_plan: null, key: wrapped });
  recorder.close(end);
  const failed = new SessionRecorder({ tenant: 'default', session: login, who: null, on: null, log: gateway, clock: systemClock, key: null, openings: openingSealer(h.reader.publicKey) });
  failed.record('auth.failed', { code: 'unknown', say: 'no binding for alice', issuer: null, claims: { sub: 'alice@bank.example' }, source: '203.0.113.78', micros: 1, door: 'postgres', session: null });
  await gateway.send();
  await eventually('the events', async () => (await h.ledger()).some(({ bytes }) => parseEnvelope(bytes).type === 'auth.failed'));
  await h.console.call(evidenceEvents, { by: operator, session, after: null, limit: 10 });
  await eventually('the record of the read', async () => (await h.events()).some(({ who: by }) => by?.id === 'person:otto'));
});
afterAll(() => h[Symbol.asyncDispose]());

const read = async (by: typeof auditor, of: string | null = session): Promise<Envelope[]> => {
  const answer = await h.console.call(evidenceEvents, { by, session: of, after: of === null ? 0 : null, limit: 1000 });
  if (!answer.ok) throw new Error(answer.error.say);
  return answer.value.events.map(({ bytes, openings }) => opened(parseEnvelope(Buffer.from(bytes, 'base64')), openings).event);
};

describe('what events conceal', () => {
  it('is nowhere in the database in the clear', async () => {
    const stored = await h.sql(`select encode(body, 'escape') as text from evidence.event_body union all select encode(bytes, 'escape') from evidence.blob union all select who from evidence.event_idx`);
    for (const { text } of stored) expect(String(text)).not.toMatch(/203\.0\.113|alice|person:otto|person:ada/);
  });
  it('is opened for an auditor, and what tokens said for nobody else', async () => {
    const [[first], [failed]] = [await read(auditor), await read(auditor, login)];
    expect(first?.d).toMatchObject({ source: '203.0.113.77' });
    expect(failed?.d).toMatchObject({ source: '203.0.113.78', claims: { sub: 'alice@bank.example' }, say: 'no binding for alice' });
    const [theirs] = await read(operator, login);
    expect(theirs?.d).toMatchObject({ source: '203.0.113.78', claims: {}, say: 'no binding for alice' });
  });
  it('names the people who read the ledger', async () => {
    const reads = (await read(auditor, null)).filter(({ type }) => type === 'evidence.read');
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.map(({ who: by }) => by?.id)).toContain('person:otto');
  });
  it('is opened in a replay and for the sinks', async () => {
    const answer = await h.console.call(evidenceReplay, { by: auditor, session });
    if (!answer.ok) throw new Error(answer.error.say);
    expect(answer.value.events.map(({ openings, texts }) => [openings.length, texts])).toEqual([[1, []], [0, []]]);
    const leaves = await sinks.call(evidenceFollow, { from: 0, limit: 1000 });
    if (!leaves.ok) throw new Error(leaves.error.say);
    const seen = leaves.value.leaves.map(({ bytes, openings }) => opened(parseEnvelope(Buffer.from(bytes ?? '', 'base64')), openings));
    expect(seen.flatMap(({ withheld }) => withheld)).toEqual([]);
    expect(JSON.stringify(seen)).toMatch(/alice@bank\.example/);
  });
  it('stays closed when its ciphertext is gone, and the ledger still verifies', async () => {
    await h.sql(`alter table evidence.blob disable trigger all; delete from evidence.blob where event_id in (select event_id from evidence.event_idx where type in ('session.opened', 'auth.failed')); alter table evidence.blob enable always trigger forbid_change`);
    const [[first], [failed]] = [await read(auditor), await read(auditor, login)];
    expect([first?.d, failed?.d]).toMatchObject([{ source: '~' }, { claims: {}, source: '~', say: '~' }]);
    expect((await h.verify()).findings).toEqual([]);
  });
});
