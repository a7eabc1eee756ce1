import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Api } from '../api.ts';
import { settings } from '../settings.ts';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { governanceFindings } from './doctor-governance.ts';

let api: FakeApi;
beforeAll(async () => {
  api = await fakeApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const now = Date.parse('2026-11-23T12:00:00Z');
const directory = { name: 'okta', kind: 'scim', state: 'active', added: { by: 'ada', at: '2026-11-01T10:00:00.000Z' }, seen: '2026-11-23T11:05:00.000Z', users: 12, inactive: 3, transmitter: null, fault: null };
const signal = { id: 's', source: 'scim', origin: 'scim:okta', kind: 'left', ids: [], person: null, at: '2026-11-23T11:59:30.000Z', received: '2026-11-23T11:59:30.000Z', told: null, attempts: 4, outcome: 'identity does not answer', suspended: 0, attention: 0 };
beforeEach(() => {
  api.asked.length = 0;
  api.on('GET /v1/governance/status', { body: { next: 1200, lag: 0 } });
  api.on('GET /v1/directories', { body: { directories: [directory] } });
  api.on('GET /v1/signals', { body: { signals: [], total: 40, pending: 0 } });
});
const look = (roles = ['admin']) => governanceFindings(new Api(settings({ SALLYPORT_API: api.url, SALLYPORT_TOKEN: 't' }), () => undefined), roles, now);

describe('what the doctor says of governance', () => {
  it('is how far it has read, who was heard, and that nothing waits', async () => {
    expect(await look()).toEqual([{ check: 'ledger', ok: true, say: 'governance has read it up to leaf 1200' }, { check: 'directory', ok: true, say: 'okta heard 2026-11-23T11:05Z' }, { check: 'signals', ok: true, say: 'none waits' }]);
  });
  it('is wrong when it stands still with much to read, and right while it reads', async () => {
    api.on('GET /v1/governance/status', { body: { next: 1200, lag: 90_000 } });
    expect((await look(['approver']))[0]).toMatchObject({ ok: false, say: expect.stringContaining('stands at leaf 1200, 90000 behind') });
    let next = 1200;
    api.on('GET /v1/governance/status', () => ({ body: { next: (next += 500), lag: 90_000 } }));
    expect((await look(['approver']))[0]).toMatchObject({ ok: true, say: expect.stringContaining('that old') });
  });
  it('names directories that cannot be heard, or never were; not those that are new, or revoked', async () => {
    const silent = { ...directory, name: 'entra', seen: null };
    api.on('GET /v1/directories', { body: { directories: [directory, silent, { ...silent, name: 'new', added: { by: 'ada', at: '2026-11-23T11:00:00.000Z' } }, { ...silent, name: 'gone', state: 'revoked' }, { ...directory, name: 'caep', fault: 'it answers with status 503' }] } });
    expect((await look()).filter(({ check }) => check === 'directory')).toEqual([
      { check: 'directory', ok: false, say: 'entra was never heard since it was added; is it set up at the other end? sallyport directories list' }, { check: 'directory', ok: false, say: 'caep: it answers with status 503; heard last 2026-11-23T11:05:00.000Z' },
    ]);
    api.on('GET /v1/directories', { body: { directories: [] } });
    expect((await look())[1]).toMatchObject({ ok: true, say: 'none tells who comes and goes' });
  });
  it('is wrong when somebody’s leaving waits for more than a minute', async () => {
    api.on('GET /v1/signals', { body: { signals: [signal], total: 41, pending: 1 } });
    expect((await look())[2]).toEqual({ check: 'signals', ok: true, say: '1 waits until identity is told, the oldest for 30 s' });
    api.on('GET /v1/signals', { body: { signals: [signal, { ...signal, received: '2026-11-23T11:50:00.000Z' }], total: 41, pending: 2 } });
    expect((await look())[2]).toEqual({ check: 'signals', ok: false, say: '2 wait until identity is told, the oldest for 600 s: identity does not answer; sallyport signals list --pending' });
    expect(api.asked.some(({ route }) => route === 'GET /v1/signals?pending=true&limit=1000')).toBe(true);
  });
  it('asks for nothing that the roles do not show, and tells what is not answered', async () => {
    expect((await look(['approver'])).map(({ check }) => check)).toEqual(['ledger']);
    expect((await look(['operator'])).map(({ check }) => check)).toEqual(['ledger', 'directory']);
    api.on('GET /v1/governance/status', refusal(503, 'unavailable', 'governance.status: nobody answers'));
    api.on('GET /v1/signals', refusal(404, 'not-found', 'there is no such route'));
    expect(await look()).toMatchObject([{ check: 'ledger', ok: false, say: expect.stringContaining('nobody answers') }, {}, { ok: true, say: 'not looked at: this console does not tell' }]);
  });
});
