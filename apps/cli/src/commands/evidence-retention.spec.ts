import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { sallyport } from '../testing/run.ts';
import { sessionId, storedSession } from '../testing/samples.ts';

let api: FakeApi;
beforeAll(async () => {
  api = await fakeApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });
const id = '01936000-0000-7000-8000-000000000930';
const at = '2026-11-23T10:00:00.000Z';
const scope = { session: null, machine: 'nightly-ledger', target: null, from: '2026-01-01T00:00:00.000Z', to: null };
const hold = { id, reason: 'case 2026-17', scope, placed: { by: 'ada', at }, releaseRequested: null, released: null };
const asked = { ...hold, releaseRequested: { by: 'ada', at, reason: 'closed' } };

describe('evidence holds', { timeout: 120_000 }, () => {
  it('are placed with a scope and a reason, and refuse a scope that was forgotten', async () => {
    api.on('POST /v1/evidence/holds', { body: { hold } });
    expect(await run('evidence', 'holds', 'place', '--machine', 'nightly-ledger', '--from', '2026-01-01', '--reason', 'case 2026-17')).toEqual({ code: 0, err: '', out: `hold ${id} stands: machine nightly-ledger, from 2026-01-01T00:00:00.000Z\n` });
    expect(api.asked[0]?.body).toEqual({ machine: 'nightly-ledger', from: '2026-01-01', reason: 'case 2026-17' });
    expect(await run('evidence', 'holds', 'place', '--reason', 'case 2026-17')).toMatchObject({ code: 2, err: expect.stringContaining('a hold of what?') });
    expect(await run('evidence', 'holds', 'place', '--everything', '--machine', 'm', '--reason', 'case 2026-17')).toMatchObject({ code: 2 });
    expect(await run('evidence', 'holds', 'place', '--machine', 'm')).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
    expect(api.asked).toHaveLength(1);
  });

  it('end with 11 when one person has asked, with 0 when the second has, and with 10 when it is the same', async () => {
    api.on(`POST /v1/evidence/holds/${id}/release`, { body: { hold: asked } });
    expect(await run('evidence', 'holds', 'release', id, '--reason', 'closed')).toMatchObject({ code: 11, out: expect.stringContaining('until somebody else runs') });
    api.on(`POST /v1/evidence/holds/${id}/release`, { body: { hold: { ...asked, released: { by: 'bert', at } } } });
    expect(await run('evidence', 'holds', 'release', id, '--reason', 'closed')).toMatchObject({ code: 0, out: expect.stringContaining('is released (asked for by ada)') });
    api.on(`POST /v1/evidence/holds/${id}/release`, refusal(403, 'denied', 'you have asked for its release already: somebody else must ask for the same'));
    expect(await run('evidence', 'holds', 'release', id, '--reason', 'closed')).toMatchObject({ code: 10, err: expect.stringContaining('somebody else') });
  });

  it('are listed with who placed them, and their state', async () => {
    api.on('GET /v1/evidence/holds', { body: { holds: [hold, asked] } });
    const { out } = await run('evidence', 'holds', 'list');
    expect(out).toContain('stands');
    expect(out).toContain('release asked');
    expect(out).toContain('2026-11-23 ada');
  });
});

describe('evidence retention', { timeout: 120_000 }, () => {
  const plan = {
    classes: [{ name: 'events', days: 2562, effectiveDays: 2562 }, { name: 'standard', days: 300, effectiveDays: 403 }], delivered: 812, erasures: [],
    items: [{ what: 'key', name: 'standard/2025-01-01/0011223344556677', class: 'standard', due: '2026-02-10', holds: [], say: [] }, { what: 'events', name: 'event_body_201803', class: 'events', due: '2025-04-07', holds: [id], say: ['a legal hold keeps it'] }],
  };

  it('says what would go and what stays, and by which hold', async () => {
    api.on('GET /v1/evidence/retention', { body: plan });
    const { code, out } = await run('evidence', 'retention', 'plan');
    expect(code).toBe(0);
    expect(out).toMatch(/key +standard\/2025-01-01\/0011223344556677 +2026-02-10 +yes/);
    expect(out).toMatch(/events +event_body_201803 +2025-04-07 +no +a legal hold keeps it/);
    expect(out).toContain('leaves before 812 are with every required sink');
    expect((await run('evidence', 'retention', 'show')).out).toContain('a shorter time counts a week after it was set');
    expect(await run('evidence', 'retention', 'plan', '--at', 'tomorrow')).toMatchObject({ code: 2 });
    api.on('GET /v1/evidence/retention', { body: { ...plan, delivered: null, items: [] } });
    expect((await run('evidence', 'retention', 'plan')).out).toBe('nothing is due; the sinks do not say how far they are: no events are purged\n');
  });
});

describe('evidence erase', { timeout: 120_000 }, () => {
  const erasure = { session: sessionId, reason: 'request 3', state: 'requested', requested: { by: 'ada', at }, confirmed: null, due: '2099-01-01' };

  it('ends with 11 until a second person asks, and says when the key goes', async () => {
    const route = `POST /v1/evidence/sessions/${sessionId}/erase`;
    api.on(route, { body: { erasure } });
    expect(await run('evidence', 'erase', '--session', sessionId, '--reason', 'request 3')).toMatchObject({ code: 11, out: expect.stringContaining('until somebody else runs') });
    api.on(route, { body: { erasure: { ...erasure, state: 'confirmed', confirmed: { by: 'bert', at } } } });
    expect(await run('evidence', 'erase', '--session', sessionId, '--reason', 'request 3')).toMatchObject({ code: 0, out: expect.stringContaining('destroyed on 2099-01-01') });
    api.on(route, refusal(422, 'held', `the session is under a legal hold: ${id}`));
    expect(await run('evidence', 'erase', '--session', sessionId, '--reason', 'request 3')).toMatchObject({ code: 10, err: expect.stringContaining(id) });
    expect(await run('evidence', 'erase', '--session', sessionId)).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
  });
});

describe('what is gone', { timeout: 120_000 }, () => {
  it('is told by sessions replay in one sentence, and by sessions show', async () => {
    const say = 'the texts of this session can be read no more: their key was destroyed on 2027-12-31 when its time was over';
    const [bytes] = storedSession();
    api.on(`GET /v1/sessions/${sessionId}/replay`, { body: { events: [{ bytes, openings: [], texts: [{ role: 'text', text: null, parameters: null }] }], unreadable: say } });
    const replayed = await run('sessions', 'replay', sessionId);
    expect(replayed.code).toBe(0);
    expect(replayed.out.split('\n')[0]).toBe(say);
    api.on('GET /v1/evidence/events', { body: { events: [], absent: [{ from: 0, to: 4, pruned: true }, { from: 4, to: 5, pruned: false }], next: null } });
    expect((await run('sessions', 'show', sessionId)).out).toBe('numbers 0 to 3: purged, their retention was over\nnumber 4: MISSING, and not by policy; `sallyport evidence verify` says more\n');
  });

  it('is held against the ledger’s own word by verify db', async () => {
    const stored = storedSession();
    const page = (absent: unknown) => ({ body: { events: stored.slice(2).map((bytes, i) => ({ at: i + 3, received: at, bytes, openings: [] })), absent, next: null } });
    api.on('GET /v1/evidence/events', page([{ from: 1, to: 3, pruned: true }]));
    const { code, out } = await run('evidence', 'verify', 'db');
    expect(code).toBe(21);
    expect(out).toContain('leaves 0 to 1 have no event, and no retention.purged of the ledger names it');
  });
});
