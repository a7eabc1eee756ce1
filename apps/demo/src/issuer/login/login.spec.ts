import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormBrowser, logInOnPages } from '@sallyport/testing-servers';
import { z } from 'zod';
import { loginClient } from '../provider.ts';
import { startDemoIssuer, type DemoIssuer } from '../start-demo-issuer.ts';

let root: string;
let issuer: DemoIssuer;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-login-'));
  issuer = await startDemoIssuer({ port: 0, stateDir: root, env: { SALLYPORT_DEMO: '1' } });
});
afterEach(async () => {
  await issuer.stop();
  await rm(root, { recursive: true });
});

const started = z.object({ device_code: z.string(), user_code: z.string(), verification_uri: z.string(), verification_uri_complete: z.string() });
async function post(path: string, form: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${issuer.issuer}${path}`, { method: 'POST', body: new URLSearchParams({ client_id: loginClient, ...form }) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
}
const begin = async () => started.parse((await post('/device/auth', { scope: 'openid offline_access' })).body);
const redeem = (device_code: string) => post('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code });
const claims = (token: unknown) => z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()));

describe('logging in at the demo issuer', () => {
  it('gives the token of the person who was picked, and renews it', async () => {
    const { device_code, verification_uri_complete } = await begin();
    expect((await redeem(device_code)).body).toMatchObject({ error: 'authorization_pending' });
    expect(await logInOnPages(verification_uri_complete, 'bob')).toMatchObject({ status: 200, text: expect.stringContaining('You are logged in') });
    const { body } = await redeem(device_code);
    expect(claims(body['access_token'])).toMatchObject({ sub: 'bob', aud: 'sallyport', iss: issuer.issuer, jti: expect.any(String) });
    expect(body['expires_in']).toBe(600);
    const renewed = await post('/token', { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) });
    expect(claims(renewed.body['access_token'])).toMatchObject({ sub: 'bob', aud: 'sallyport' });
    expect((await post('/token/revocation', { token: String(renewed.body['refresh_token']) })).status).toBe(200);
    expect((await post('/token', { grant_type: 'refresh_token', refresh_token: String(renewed.body['refresh_token']) })).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('asks who it is each time, so that one browser can be several people', async () => {
    const browser = new FormBrowser(issuer.issuer);
    for (const person of ['alice', 'carol']) {
      const { device_code, user_code } = await begin();
      const confirm = await browser.submit(await browser.open('/device'), { user_code });
      expect(confirm.text).toContain(user_code);
      const pick = await browser.submit(confirm, { confirm: 'yes' });
      expect(pick.text).toContain('Who are you?');
      await browser.submit(pick, { person });
      expect(claims((await redeem(device_code)).body['access_token'])).toMatchObject({ sub: person });
    }
  });

  it('is no use without the person: cancelled at either page, a code that does not exist, a name that is not in the demo, a machine', async () => {
    const browser = new FormBrowser(issuer.issuer);
    const first = await begin();
    const confirm = await browser.submit(await browser.open('/device'), { user_code: first.user_code });
    expect((await browser.submit(confirm, { abort: 'yes' })).text).toContain('cancelled');
    expect((await redeem(first.device_code)).body).toMatchObject({ error: 'access_denied' });

    const second = await begin();
    const pick = await browser.submit(await browser.submit(await browser.open('/device'), { user_code: second.user_code }).then((page) => browser.submit(page, { confirm: 'yes' })), { person: 'mallory' });
    expect(pick).toMatchObject({ status: 400, text: expect.stringContaining('Nobody of that name') });
    expect((await browser.open(pick.url, { person: 'nightly-ledger' })).status).toBe(400);
    expect((await redeem(second.device_code)).body).toMatchObject({ error: 'authorization_pending' });
    await browser.open(pick.url, { cancel: 'yes' });
    expect((await redeem(second.device_code)).body).toMatchObject({ error: 'access_denied' });

    expect((await browser.submit(await browser.open('/device'), { user_code: 'XXXX-XXXX' })).text).toContain('There is no such code');
  });

  it('cannot be picked from another browser, and pages load and frame nothing', async () => {
    const mine = new FormBrowser(issuer.issuer);
    const { verification_uri_complete } = await begin();
    const pick = await mine.submit(await mine.submit(await mine.open(verification_uri_complete)), { confirm: 'yes' });
    expect(pick.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(pick.text).not.toMatch(/https?:\/\/|<script/);
    expect(await new FormBrowser(issuer.issuer).open(pick.url, { person: 'bob' })).toMatchObject({ status: 400, text: expect.stringContaining('another browser') });
  });
});
