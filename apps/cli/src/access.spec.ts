import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from './testing/fake-api.ts';
import { sallyport } from './testing/run.ts';

let api: FakeApi;
beforeAll(async () => {
  api = await fakeApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const id = '0193aaaa-0000-7000-8000-000000000001';
const grant = {
  id, kind: 'jit', state: 'live', machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', document: null, documentVersion: null, request: id, approval: id, approvedBy: ['carol'], reason: 'month end', from: '2026-11-23T10:00:00.000000Z',
  until: '2099-11-23T14:00:00.000000Z', limitedBy: "the contract of the machine's owner (2026-12-01)", uses: 3, used: 1, lastUsed: '2026-11-23T11:00:00.000000Z', ended: null, why: null,
};
const asked = {
  id, kind: 'jit', state: 'pending', path: 'month-end', machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', seconds: 3600, uses: null, reason: 'month end', requester: 'person:olga', byConnecting: false, approval: id,
  url: 'https://console.example/a', created: '2026-11-23T10:00:00.000000Z', expires: '2099-11-23T14:00:00.000000Z', decided: null, say: null, entitlement: null,
};
const broken = { entitlement: { ...grant, kind: 'break-glass' }, by: 'person:olga', approvedBy: ['carol'], due: '2026-11-20T10:00:00.000000Z', overdue: true, review: null };
const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice' });

describe('entitlements', { timeout: 30_000 }, () => {
  it('are listed live first, in pages with a total', async () => {
    api.on('GET /v1/entitlements', { body: { entitlements: [grant], total: 512, next: id } });
    const { code, out } = await run('entitlements', 'list', '--machine', 'nightly-ledger', '--unused', '60');
    expect([code, out]).toEqual([0, expect.stringContaining('writer@ledger-db')]);
    expect(out).toContain(`1 of 512; the next: --after ${id}`);
    expect(out).toContain('1/3');
    expect(api.asked[0]).toMatchObject({ route: 'GET /v1/entitlements?state=live&machine=nightly-ledger&unusedDays=60&limit=50' });
  });

  it('are shown with what limits them and who came by them', async () => {
    api.on(`GET /v1/entitlements/${id}`, { body: { entitlement: grant, sessions: [{ session: 's-1', at: '2026-11-23T11:00:00Z' }] } });
    const { out } = await run('entitlements', 'show', id);
    for (const part of ["limited by   the contract of the machine's owner", 'by carol', 's-1', 'month end']) expect(out).toContain(part);
  });

  it('are revoked with a reason', async () => {
    expect(await run('entitlements', 'revoke', id)).toMatchObject({ code: 2 });
    api.on(`POST /v1/entitlements/${id}/revoke`, { body: { ...grant, state: 'revoked' } });
    expect(await run('entitlements', 'revoke', id, '--why', 'not needed')).toMatchObject({ code: 0, out: expect.stringContaining('has ended') });
  });
});

describe('access', { timeout: 30_000 }, () => {
  it('is asked for, and 11 says that people have to answer', async () => {
    api.on('POST /v1/access-requests', { body: asked });
    expect(await run('access', 'request', '--machine', 'nightly-ledger', '--target', 'ledger-db', '--role', 'writer', '--for', '1h', '--reason', 'month end')).toMatchObject({ code: 11, out: expect.stringContaining('waits for people') });
    expect(api.asked[0]).toMatchObject({ body: { machine: 'nightly-ledger', target: 'ledger-db', role: 'writer', reason: 'month end', seconds: 3600, uses: null } });
    expect(await run('access', 'request', '--machine', 'm', '--target', 't', '--reason', 'month end', '--for', 'soon')).toMatchObject({ code: 2, err: expect.stringContaining('is no duration') });
  });

  it.each([['no-path', 422, 10], ['already-asked', 409, 11], ['already-entitled', 409, 1], ['rate-limited', 429, 10]])('that is refused with %s ends with %i, %i', async (word, status, expected) => {
    api.on('POST /v1/access-requests', refusal(status, word, 'no'));
    expect(await run('access', 'request', '--machine', 'm', '--target', 't', '--reason', 'month end')).toMatchObject({ code: expected, err: expect.stringContaining(word) });
  });

  it('requests are listed, those that wait first', async () => {
    api.on('GET /v1/access-requests', { body: { requests: [asked], total: 1, next: null } });
    expect((await run('access', 'requests')).out).toContain('pending');
    expect(api.asked[0]).toMatchObject({ route: 'GET /v1/access-requests?state=pending&limit=50' });
  });
});

describe('break-glass', { timeout: 30_000 }, () => {
  it('is open at once where nobody is asked, and waits elsewhere', async () => {
    api.on('POST /v1/break-glass', { body: { ...asked, kind: 'break-glass', state: 'granted', entitlement: id } });
    expect(await run('break-glass', 'open', '--machine', 'm', '--target', 't', '--reason', 'the ledger is stuck')).toMatchObject({ code: 0, out: expect.stringContaining(`granted, as entitlement ${id}`) });
  });

  it('shows what is overdue, and takes a finding once', async () => {
    api.on('GET /v1/break-glass', { body: { glasses: [broken], total: 1, overdue: 1, next: null } });
    expect((await run('break-glass', 'list')).out).toMatch(/OVERDUE[^]*1 overdue/);
    api.on(`POST /v1/break-glass/${id}/review`, { body: { ...broken, review: { by: 'erin', at: '2026-11-23T10:00:00Z', finding: 'justified', say: 'known' } } });
    expect(await run('break-glass', 'review', id, '--finding', 'justified', '--say', 'the incident is known')).toMatchObject({ code: 0, out: expect.stringContaining('reviewed: justified') });
    expect(await run('break-glass', 'review', id, '--finding', 'fine', '--say', 'x')).toMatchObject({ code: 2 });
    api.on(`POST /v1/break-glass/${id}/review`, refusal(403, 'own-request', 'no'));
    expect(await run('break-glass', 'review', id, '--finding', 'justified', '--say', 'the incident is known')).toMatchObject({ code: 10 });
  });
});
