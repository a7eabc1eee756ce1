import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child, freePort, logInOnPages, tempDir, until, type TempDir } from '@sallyport/testing-servers';
import { fakeApi, type FakeApi } from '../testing/fake-api.ts';
import { sallyport } from '../testing/run.ts';

let home: TempDir;
let issuer: Child;
let api: FakeApi;
let env: Record<string, string>;

beforeAll(async () => {
  [home, api] = await Promise.all([tempDir('sallyport-login'), fakeApi()]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  issuer = new Child(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, '../../../demo/src/main.ts')], { env: { SALLYPORT_DEMO: '1', SALLYPORT_STATE: join(home.path, 'issuer'), SALLYPORT_HTTP: `127.0.0.1:${port}` } });
  await until(issuer, () => Promise.resolve(issuer.output.includes('ready')));
  api.on('GET /v1/login', { body: { issuers: [{ name: 'demo', issuer: url, clientId: 'sallyport-cli', scopes: ['openid', 'offline_access'], audience: null, resource: null, token: 'access' }] } });
  api.on('GET /v1/me', { body: { person: 'bob', roles: ['approver'], groups: [], tokenExpires: null } });
  env = { SALLYPORT_API: api.url, SALLYPORT_CONFIG: join(home.path, 'config') };
});
afterAll(async () => {
  await issuer.kill9();
  await api[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const subject = (authorization: string | undefined): unknown => JSON.parse(Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString('utf8'));

it('logs in at a real OpenID provider, whose pages a person goes through, and out again', async () => {
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, '../main.ts'), 'login'], { env: { PATH: process.env['PATH'], ...env } });
  const over = new Promise<number | null>((done) => child.on('close', done));
  const errors = text(child.stderr);
  let shown = '';
  const last = await new Promise<{ status: number; text: string }>((done, failed) => {
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      const before = /\n\n {4}(http\S+)\n/.test(shown);
      shown += part;
      const url = /\n\n {4}(http\S+)\n/.exec(shown)?.[1];
      if (!before && url !== undefined) logInOnPages(url, 'bob').then(done, failed);
    });
  });
  expect(last).toMatchObject({ status: 200, text: expect.stringContaining('You are logged in') });
  expect([await over, await errors]).toEqual([0, '']);
  expect(shown).toMatch(/and check that it shows the code {2}[A-Z]{4}-[A-Z]{4} {2}\(within 10 minutes\)/);
  expect(shown).toContain('logged in as bob');
  expect(subject(api.asked.findLast(({ route }) => route === 'GET /v1/me')?.authorization)).toMatchObject({ sub: 'bob', aud: 'sallyport' });

  expect(await sallyport(['whoami'], env)).toMatchObject({ code: 0, out: expect.stringContaining('renewed by itself') });
  expect(await sallyport(['logout'], env)).toMatchObject({ code: 0, out: 'bob is logged out\n', err: '' });
});
