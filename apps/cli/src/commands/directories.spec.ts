import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { sallyport } from '../testing/run.ts';

let api: FakeApi;
beforeAll(async () => {
  api = await fakeApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => void (api.asked.length = 0));

const run = (...args: string[]) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 'token-of-alice', SALLYPORT_SIGNALS_URL: 'https://signals.bank.example:8445' });
const directory = { name: 'okta', kind: 'scim', state: 'active', added: { by: 'ada', at: '2026-11-23T10:00:00.000Z' }, seen: '2026-11-23T10:05:00.000Z', users: 12, inactive: 3, transmitter: null, fault: null };

describe('sallyport directories', { timeout: 120_000 }, () => {
  it('makes the token here, sends its hash alone and shows it once', async () => {
    api.on('POST /v1/directories', { body: { directory } });
    const { code, out } = await run('directories', 'add', 'okta');
    const token = out.trim().split('\n').at(-1) ?? '';
    expect([code, token]).toEqual([0, expect.stringMatching(/^sld_[\w-]{43}$/)]);
    expect(out).toContain('https://signals.bank.example:8445/scim/v2');
    expect(api.asked[0]?.body).toEqual({ name: 'okta', tokenHash: createHash('sha256').update(token).digest('hex') });
    expect(JSON.stringify(api.asked)).not.toContain(token);
    const again: { token: string; url: string } = JSON.parse((await run('-o', 'json', 'directories', 'add', 'okta')).out);
    expect(again.token).not.toBe(token);
  });

  it('adds a transmitter of security events, whose address to fetch from needs a credential', async () => {
    api.on('POST /v1/directories', { body: { directory: { ...directory, kind: 'ssf' } } });
    const of = ['directories', 'add-ssf', 'caep', '--issuer', 'https://idp.example/', '--jwks', 'https://idp.example/jwks', '--audience', 'sallyport'];
    expect((await run(...of)).out).toContain('/ssf/v1/events');
    expect(api.asked[0]?.body).toMatchObject({ name: 'caep', transmitter: { issuer: 'https://idp.example/', jwksUri: 'https://idp.example/jwks', audience: 'sallyport', authority: null, poll: null, credential: null } });
    expect(await run(...of, '--poll', 'https://idp.example/poll')).toMatchObject({ code: 2, err: expect.stringContaining('--credential') });
    expect(await run('directories', 'add-ssf', 'caep')).toMatchObject({ code: 2 });
  });

  it('lists, rotates and revokes', async () => {
    api.on('GET /v1/directories', { body: { directories: [directory, { ...directory, name: 'caep', kind: 'ssf', fault: 'it answers with status 503', transmitter: { issuer: 'https://idp.example/', audience: 'x', poll: 'https://idp.example/poll' } }] } });
    const { out } = await run('directories', 'list');
    expect(out).toMatch(/okta +scim +active +2026-11-23T10:05Z +12 +3/);
    expect(out).toMatch(/caep +ssf +FAULT .*it answers with status 503/);
    api.on('POST /v1/directories/okta/rotate', { body: { directory } });
    expect((await run('directories', 'rotate', 'okta')).out).toMatch(/sld_/);
    api.on('POST /v1/directories/okta/revoke', { body: { directory } });
    expect(await run('directories', 'revoke', 'okta')).toMatchObject({ code: 0, out: 'okta is not heard any more\n' });
    api.on('POST /v1/directories/none/revoke', refusal(404, 'not-found', 'there is no directory none'));
    expect(await run('directories', 'revoke', 'none')).toMatchObject({ code: 2 });
  });
});

describe('sallyport signals and people', { timeout: 120_000 }, () => {
  it('say who left and what waits', async () => {
    const signal = { id: 's', source: 'scim', origin: 'scim:okta', kind: 'left', ids: [], person: 'olga', at: '2026-11-23T10:00:00.000Z', received: '2026-11-23T10:00:00.000Z', told: '2026-11-23T10:00:01.000Z', attempts: 0, outcome: 'changed', suspended: 2, attention: 1 };
    api.on('GET /v1/signals', { body: { signals: [{ ...signal, person: null, told: null, attempts: 4, outcome: 'identity does not answer' }, signal], total: 2, pending: 1 } });
    const { out } = await run('signals', 'list');
    expect(out).toMatch(/scim:okta +olga +left +2 +1 +changed/);
    expect(out).toContain('identity does not answer, 4 tries');
    expect(out).toContain('identity was not told of 1 yet');
  });

  it('import the HR file, first dry, and list the lines that name nobody', async () => {
    const done = { rows: 3, left: [{ line: 2, person: 'olga', at: '2026-11-23T00:00:00.000Z' }], returned: [], planned: 1, unchanged: 0, unmatched: [4] };
    api.on('POST /v1/people/import-hr', { body: done });
    const { code, out } = await sallyport(['people', 'import-hr', '-', '--dry-run'], { SALLYPORT_API: api.url, SALLYPORT_TOKEN: 't' }, 'id,status\nx,left\n');
    expect(code).toBe(0);
    expect(api.asked[0]?.body).toEqual({ text: 'id,status\nx,left\n', dryRun: true });
    expect(out).toContain('nothing was changed: a dry run');
    expect(out).toContain('left      line 2: olga, 2026-11-23T00:00Z');
    expect(out).toContain('1 lines name nobody of the inventory: 4');
    expect(await run('people', 'import-hr', '/nowhere')).toMatchObject({ code: 2 });
  });
});

describe('sallyport detections', { timeout: 120_000 }, () => {
  const detection = { id: '0198c0de-0000-7000-8000-00000000000d', kind: 'human_use', machine: 'nightly', session: 'x', say: 'used as people use theirs', facts: ['client: psql', 'terminal\u001b[2J'], first: '2026-11-23T10:00:00.000Z', last: '2026-11-23T10:00:00.000Z', count: 1, state: 'open', dismissed: null };

  it('show what was seen, safe to print, and are dismissed with a reason', async () => {
    api.on('GET /v1/detections', { body: { detections: [detection], total: 1 } });
    const { out } = await run('detections', 'list', '--kind', 'human_use');
    expect(api.asked[0]?.route).toBe('GET /v1/detections?state=open&kind=human_use&limit=50');
    expect(out).toContain('client: psql');
    expect(out).not.toContain('\u001b');
    const route = `POST /v1/detections/${detection.id}/dismiss`;
    api.on(route, { body: { detection: { ...detection, state: 'dismissed' } } });
    expect(await run('detections', 'dismiss', detection.id, '--reason', 'case 12')).toMatchObject({ code: 0, out: 'human_use of nightly is dismissed\n' });
    expect(await run('detections', 'dismiss', detection.id)).toMatchObject({ code: 2 });
  });
});
