import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tlsMaterial } from '@sallyport/testing-servers';
import { fakeApi, refusal, type FakeApi } from '../testing/fake-api.ts';
import { fakeIssuer, type FakeIssuer, type FakeIssuerOptions } from '../testing/fake-issuer.ts';
import { sallyport } from '../testing/run.ts';

let api: FakeApi;
let issuer: FakeIssuer;
let config: string;
const bob = { person: 'bob', roles: ['approver'], groups: ['ledger-owners'], tokenExpires: '2099-01-01T00:00:00.000000Z' };

beforeEach(async () => {
  [api, issuer, config] = await Promise.all([fakeApi(), fakeIssuer(), mkdtemp(join(tmpdir(), 'login-'))]);
  offer(issuer);
  api.on('GET /v1/me', { body: bob });
});
afterEach(async () => {
  await Promise.all([api[Symbol.asyncDispose](), issuer[Symbol.asyncDispose]()]);
  await rm(config, { recursive: true });
});

const place = (of: FakeIssuer, name = 'company') => ({ name, issuer: of.url, clientId: 'sallyport-cli', scopes: ['openid', 'offline_access'], audience: null, resource: 'https://sallyport.example', token: 'access' });
const offer = (...issuers: FakeIssuer[]) => api.on('GET /v1/login', { body: { issuers: issuers.map((one, i) => place(one, i === 0 ? 'company' : `other-${i}`)) } });
const run = (args: string[], env: Record<string, string> = {}) => sallyport(args, { SALLYPORT_API: api.url, SALLYPORT_CONFIG: config, ...env });
const authorization = (route: string) => api.asked.findLast((one) => one.route === route)?.authorization;
const restarted = async (options: FakeIssuerOptions) => {
  await issuer[Symbol.asyncDispose]();
  issuer = await fakeIssuer(options);
  offer(issuer);
};

describe('sallyport login', { timeout: 60_000 }, () => {
  it('shows address and code once, waits at the pace of the issuer, keeps the token and says who it is, never the token', async () => {
    issuer.says({ error: 'authorization_pending' }, 'breaks', { error: 'authorization_pending' }, { access_token: 'secret-access', refresh_token: 'secret-refresh', expires_in: 600 });
    const { code, out, err } = await run(['login']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`    ${issuer.url}/go\n\nand enter the code  WDJB-MJHT  (within 1 minute)`);
    expect(out.match(/WDJB/g)).toHaveLength(1);
    expect(out).toContain('logged in as bob, roles approver; renewed by itself');
    expect(out + err).not.toMatch(/secret/);
    expect(issuer.asked[0]).toEqual({ path: '/device', form: { client_id: 'sallyport-cli', scope: 'openid offline_access', resource: 'https://sallyport.example' } });
    expect(authorization('GET /v1/login')).toBeUndefined();
    expect(authorization('GET /v1/me')).toBe('Bearer secret-access');

    api.on('GET /v1/approvals', { body: { approvals: [] } });
    expect(await run(['approvals', 'list'])).toMatchObject({ code: 0 });
    expect(authorization('GET /v1/approvals?state=pending&limit=50')).toBe('Bearer secret-access');
  });

  it('obeys slow_down', async () => {
    issuer.says({ error: 'slow_down' }, { access_token: 'a', expires_in: 600 });
    const began = Date.now();
    expect((await run(['login'])).code).toBe(0);
    expect(Date.now() - began).toBeGreaterThan(5_000);
  });

  it.each([
    ['access_denied', 10, /denied: the login was refused at 127/],
    ['expired_token', 10, /unauthenticated: nobody confirmed the code in time/],
    ['unauthorized_client', 10, /does not let this client log in/],
    ['server_error', 10, /refused: server_error/],
  ])('ends with %s as it should, and keeps nothing', async (error, expected, say) => {
    issuer.says({ error });
    expect(await run(['login'])).toMatchObject({ code: expected, err: expect.stringMatching(say) });
    expect(await run(['logout'])).toMatchObject({ out: 'nobody was logged in\n' });
  });

  it('gives up when the code has expired, whatever the issuer says', async () => {
    await restarted({ expiresIn: 1 });
    expect(await run(['login'])).toMatchObject({ code: 10, err: expect.stringContaining('nobody confirmed the code in time') });
  });

  it('says so when the issuer is away, has no such grant, or sends to an address that is not safe', async () => {
    await restarted({ without: 'device' });
    expect(await run(['login'])).toMatchObject({ code: 2, err: expect.stringContaining('does not offer the device authorization grant') });
    await restarted({ verificationUri: 'http://evil.example/' });
    expect(await run(['login'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('not https') });
    await issuer[Symbol.asyncDispose]();
    expect(await run(['login'])).toMatchObject({ code: 1, err: expect.stringMatching(/unreachable: the issuer 127.0.0.1:\d+ cannot be reached/) });
  });

  it('keeps nothing that the console does not take, and says why', async () => {
    issuer.says({ access_token: 'a' });
    api.on('GET /v1/me', refusal(401, 'unauthenticated', 'the token was made for somebody else'));
    expect(await run(['login'])).toMatchObject({ code: 10, err: expect.stringContaining('the console does not take its token: the token was made for somebody else') });
    expect(await run(['logout'])).toMatchObject({ out: 'nobody was logged in\n' });
  });

  it('asks which issuer when there are several or none, and takes one that is named', async () => {
    await using other = await fakeIssuer();
    other.says({ access_token: 'of-other' });
    offer(issuer, other);
    expect(await run(['login'])).toMatchObject({ code: 2, err: expect.stringContaining('--issuer company, --issuer other-1') });
    expect(await run(['login', '--issuer', 'nobody'])).toMatchObject({ code: 2, err: expect.stringContaining('it knows company, other-1') });
    expect(await run(['login', '--issuer', 'other-1'])).toMatchObject({ code: 0 });
    offer();
    expect(await run(['login'])).toMatchObject({ code: 2, err: expect.stringContaining('knows no issuer') });
    expect(await run(['login'], { SALLYPORT_LOGIN_ISSUER: other.url, SALLYPORT_LOGIN_CLIENT_ID: 'mine', SALLYPORT_LOGIN_SCOPE: 'openid x', SALLYPORT_LOGIN_AUDIENCE: 'aud' })).toMatchObject({ code: 0 });
    expect(other.asked.findLast(({ path }) => path === '/device')?.form).toEqual({ client_id: 'mine', scope: 'openid x', audience: 'aud' });
  });

  it('prints JSON for programs, and what a person must do on standard error', async () => {
    issuer.says({ access_token: 'a', expires_in: 600 });
    const { out, err } = await run(['login', '-o', 'json']);
    expect(JSON.parse(out)).toEqual({ person: 'bob', roles: ['approver'], groups: ['ledger-owners'], expires: expect.any(String), renewed: false });
    expect(err).toContain('WDJB-MJHT');
  });

  it('trusts the private authority of an issuer when it is named, and for renewals too', async () => {
    await using material = await tlsMaterial();
    await restarted({ tls: { cert: await readFile(material.cert, 'utf8'), key: await readFile(material.key, 'utf8') } });
    issuer.says({ access_token: 'a', refresh_token: 'r', expires_in: 1 });
    expect(await run(['login'])).toMatchObject({ code: 1, err: expect.stringContaining('--issuer-ca') });
    expect(await run(['login', '--issuer-ca', material.ca])).toMatchObject({ code: 0 });
    issuer.says({ access_token: 'renewed', expires_in: 600 });
    expect(await run(['whoami'])).toMatchObject({ code: 0 });
    expect(authorization('GET /v1/me')).toBe('Bearer renewed');
  });

  it('refuses to send a login in the clear', async () => {
    expect(await run(['login'], { SALLYPORT_API: 'http://sallyport.example' })).toMatchObject({ code: 2, err: expect.stringContaining('in the clear') });
  });
});

describe('a kept login', { timeout: 60_000 }, () => {
  const logIn = async (answer: { access_token: string; refresh_token?: string; expires_in?: number }) => {
    issuer.says(answer);
    expect((await run(['login'])).code).toBe(0);
  };

  it('comes after SALLYPORT_TOKEN and before the administrator', async () => {
    await logIn({ access_token: 'of-login', expires_in: 600 });
    await run(['whoami'], { SALLYPORT_TOKEN: 'mine', SALLYPORT_ADMIN_TOKEN: 'admin' });
    expect(authorization('GET /v1/me')).toBe('Bearer mine');
    await run(['whoami'], { SALLYPORT_ADMIN_TOKEN: 'admin' });
    expect(authorization('GET /v1/me')).toBe('Bearer of-login');
    await run(['logout']);
    await run(['whoami'], { SALLYPORT_ADMIN_TOKEN: 'admin' });
    expect(authorization('GET /v1/me')).toBe('Bearer admin');
  });

  it('says who it is and until when', async () => {
    await logIn({ access_token: 'a', refresh_token: 'r', expires_in: 600 });
    const { code, out } = await run(['whoami']);
    expect([code, out]).toEqual([0, expect.stringMatching(/person {2}bob\nroles {3}approver\ngroups {2}ledger-owners\nby {6}login at 127\.0\.0\.1:\d+\nuntil {3}2099-01-01T00:00:00Z \(.* left\), renewed by itself/)]);
  });

  it('is renewed shortly before its end, once, and keeps a new refresh token', async () => {
    await logIn({ access_token: 'old', refresh_token: 'r1', expires_in: 20 });
    issuer.says({ access_token: 'new', refresh_token: 'r2', expires_in: 600 });
    await run(['whoami']);
    await run(['whoami']);
    expect(authorization('GET /v1/me')).toBe('Bearer new');
    const renewals = issuer.asked.filter(({ form }) => form['grant_type'] === 'refresh_token');
    expect(renewals.map(({ form }) => form['refresh_token'])).toEqual(['r1']);
    expect(await readFile(join(config, 'logins.json'), 'utf8')).toContain('"r2"');
  });

  it('is renewed in time also when only the token itself says when it ends', async () => {
    const jwt = (name: string, seconds: number) => `e30.${Buffer.from(JSON.stringify({ name, exp: Math.floor(Date.now() / 1000) + seconds })).toString('base64url')}.c2ln`;
    await logIn({ access_token: jwt('old', 20), refresh_token: 'r1' });
    const fresh = jwt('new', 600);
    issuer.says({ access_token: fresh });
    await run(['whoami']);
    expect(authorization('GET /v1/me')).toBe(`Bearer ${fresh}`);
  });

  it('that cannot be renewed for the moment is used to its end', async () => {
    await logIn({ access_token: 'old', refresh_token: 'r1', expires_in: 20 });
    issuer.says('breaks');
    expect(await run(['whoami'])).toMatchObject({ code: 0 });
    expect(authorization('GET /v1/me')).toBe('Bearer old');
  });

  it('that has ended is no reason to be somebody else: log in again', async () => {
    await logIn({ access_token: 'old', refresh_token: 'r1', expires_in: 1 });
    issuer.says({ error: 'invalid_grant' });
    await new Promise<void>((done) => setTimeout(done, 1_100));
    expect(await run(['whoami'], { SALLYPORT_ADMIN_TOKEN: 'admin' })).toMatchObject({ code: 10, err: expect.stringMatching(/the login of bob has ended\n {2}run `sallyport login`/) });
    issuer.says({ access_token: 'again', expires_in: 600 });
    expect(await run(['login'])).toMatchObject({ code: 0 });
  });

  it('is ended at the issuer by logout, and forgotten even when the issuer is away', async () => {
    await logIn({ access_token: 'a', refresh_token: 'r', expires_in: 600 });
    expect(await run(['logout'])).toMatchObject({ code: 0, out: 'bob is logged out\n', err: '' });
    expect(issuer.asked.at(-1)).toMatchObject({ path: '/revoke', form: { token: 'r', token_type_hint: 'refresh_token', client_id: 'sallyport-cli' } });
    await logIn({ access_token: 'a', expires_in: 600 });
    await issuer[Symbol.asyncDispose]();
    expect(await run(['logout'])).toMatchObject({ code: 0, err: expect.stringContaining('works until it expires') });
    expect(await readFile(join(config, 'logins.json'), 'utf8')).not.toContain('token');
  });

  it('in a file that others can read is not used', async () => {
    await writeFile(join(config, 'logins.json'), '{}', { mode: 0o644 });
    expect(await run(['whoami'])).toMatchObject({ code: 2, err: expect.stringContaining('can be read by others') });
  });
});
