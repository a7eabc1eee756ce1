import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { campaign, item, narrowed, policy } from '../testing/review-samples.ts';
import { sallyport } from '../testing/run.ts';

let api: FakeApi;
let directory: string;
beforeAll(async () => {
  api = await fakeApi();
  directory = await mkdtemp(join(tmpdir(), 'sallyport-reviews-'));
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-ann' });

describe('sallyport reviews', { timeout: 120_000 }, () => {
  it('open asks about a scope, and says how to see the items', async () => {
    api.on('POST /v1/reviews', { body: campaign });
    const { code, out } = await run('reviews', 'open', '--criticality', 'critical', '--team', 'Treasury Operations', '--due-days', '29', '--grace-days', '7');
    expect([code, api.asked[0]?.body]).toEqual([0, { title: null, scope: { criticality: 'critical', team: 'Treasury Operations', owner: null, machine: null, target: null }, dueDays: 29, graceDays: 7 }]);
    expect(out).toContain('48 in all, 31 waiting, 2 of them OVERDUE, 12 kept, 3 narrowed, 1 revoked, 1 gone');
    expect(out).toContain(`sallyport reviews show ${campaign.id} --mine`);
    expect(await run('reviews', 'open', '--due-days', 'soon')).toMatchObject({ code: 2, err: expect.stringContaining('--due-days') });
    api.on('POST /v1/reviews', refusal(422, 'empty', 'nothing is in this scope'));
    expect(await run('reviews', 'open', '--machine', 'none')).toMatchObject({ code: 2 });
  });

  it('list and show ask page by page', async () => {
    api.on('GET /v1/reviews', { body: { campaigns: [campaign], total: 7 } });
    expect((await run('reviews', 'list', '--state', 'open')).out).toMatch(/open +2026-11-30 +31\/48 +quarterly[^\n]*…\n2 items of these are OVERDUE\n1 of 7; the next: --after 0198/);
    expect(api.asked[0]?.route).toBe('GET /v1/reviews?state=open&limit=50');
    api.on(`GET /v1/reviews/${campaign.id}`, { body: { campaign, items: [item], total: 48 } });
    const { out } = await run('reviews', 'show', campaign.id, '--mine', '--machine', 'nightly', '--limit', '1');
    expect(api.asked[1]?.route).toBe(`GET /v1/reviews/${campaign.id}?machine=nightly&mine=true&limit=1`);
    expect(out).toContain('1 of 48 items; the next: --after ' + item.id);
    expect(JSON.parse((await run('-o', 'json', 'reviews', 'show', campaign.id)).out)).toMatchObject({ items: [{ granted: item.granted, unused: item.unused }] });
  });

  it('decide sends the decision, and writes the change of policy where it is proposed from', async () => {
    const route = `POST /v1/review-items/${item.id}/decide`;
    api.on(route, { body: narrowed });
    const to = join(directory, 'narrow');
    const { code, out } = await run('reviews', 'decide', item.id, 'narrow', '--reason', 'reads customers only', '--out', to);
    expect([code, api.asked[0]?.body]).toEqual([0, { decision: 'narrow', reason: 'reads customers only' }]);
    expect(out).toContain(`sallyport changes propose --title "narrow the access of nightly" -f ${to}`);
    expect(await readFile(join(to, policy.name), 'utf8')).toBe(policy.text);
  });

  it('decide is not asked for where its change could not be written: an item is decided once', async () => {
    const taken = await mkdtemp(join(directory, 'taken-'));
    await writeFile(join(taken, 'other.cedar'), '');
    expect(await run('reviews', 'decide', item.id, 'narrow', '--reason', 'reads customers only', '--out', taken)).toMatchObject({ code: 2, err: expect.stringContaining('would be proposed, too') });
    expect(await run('reviews', 'decide', item.id, 'forget', '--reason', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('keep, narrow or revoke') });
    expect(api.asked).toEqual([]);
  });

  it('show --out writes what was decided earlier, two changes of one name to two files', async () => {
    api.on(`GET /v1/reviews/${campaign.id}`, { body: { campaign, items: [narrowed, { ...narrowed, policy: { ...policy, name: '../../narrowed.cedar' } }, narrowed], total: 3 } });
    const to = join(directory, 'later');
    expect((await run('reviews', 'show', campaign.id, '--out', to)).out).toContain('written: ');
    expect((await readdir(to)).sort()).toEqual(['narrowed-nightly-on-ledger-db-2.cedar', 'narrowed-nightly-on-ledger-db.cedar', 'narrowed.cedar']);
  });

  it('delegate and close', async () => {
    api.on(`POST /v1/review-items/${item.id}/delegate`, { body: { ...narrowed, state: 'waiting', assigned: 'bob' } });
    expect(await run('reviews', 'delegate', item.id, '--to', 'bob', '--reason', 'bob knows it')).toMatchObject({ code: 0, out: 'bob decides about nightly\n' });
    expect(api.asked[0]?.body).toEqual({ to: 'bob', reason: 'bob knows it' });
    api.on(`POST /v1/reviews/${campaign.id}/close`, { body: { ...campaign, state: 'closed', closed: '2026-11-30T09:00:00.000Z', waiting: 0, overdue: 0 } });
    expect((await run('reviews', 'close', campaign.id)).out).toContain('closed 2026-11-30');
    expect(api.asked[1]?.body).toEqual({});
    api.on(`POST /v1/reviews/${campaign.id}/close`, refusal(409, 'waiting', '31 items wait for a decision'));
    expect(await run('reviews', 'close', campaign.id)).toMatchObject({ code: 11, err: expect.stringContaining('--state waiting') });
  });

  it.each([['self-review', 403, 10, 'names who may decide'], ['assigned', 409, 10, 'reviews delegate'], ['decided', 409, 12, 'ann decided'], ['unused', 422, 2, 'ann decided']])('decide refused as %s (%i) ends with %i', async (code, status, exit, way) => {
    api.on(`POST /v1/review-items/${item.id}/decide`, refusal(status, code, 'ann decided it already'));
    expect(await run('reviews', 'decide', item.id, 'keep', '--reason', 'it is needed')).toMatchObject({ code: exit, err: expect.stringContaining(way) });
  });
});
