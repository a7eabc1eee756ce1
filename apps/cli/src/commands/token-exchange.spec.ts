import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sallyport } from '../testing/run.ts';

let server: Server;
let url: string;
let directory: string;
let asked: { path: string; form: URLSearchParams }[] = [];
let answer: { status: number; body: string };
const ticket = `slt_${'t'.repeat(43)}`;
const given = (access_token: string) => ({ status: 200, body: JSON.stringify({ access_token, issued_token_type: 'x', token_type: 'Bearer', expires_in: 840 }) });
const run = (args: readonly string[], env: Record<string, string> = {}, input = '') => sallyport(args, { SALLYPORT_TOKEN_URL: url, ...env }, input);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-exchange-'));
  server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ path: request.url ?? '', form: new URLSearchParams(body) });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  asked = [];
  answer = given(ticket);
});

describe('token exchange', { timeout: 60_000 }, () => {
  it('prints the ticket and nothing else, for a token from standard input', async () => {
    const { code, out, err } = await run(['token', 'exchange', '-', '--target', 'box', '--target', 'reader@ledger-db', '--uses', '3', '--lifetime', '60', '--source-address', '10.0.0.1'], {}, 'the-token\n');
    expect({ code, out, err }).toEqual({ code: 0, out: `${ticket}\n`, err: '' });
    const { form } = asked[0] ?? { form: new URLSearchParams() };
    expect([form.get('subject_token'), form.getAll('audience'), form.get('uses'), form.get('lifetime'), form.get('source_address'), form.get('requested_token_type')]).toEqual(['the-token', ['box', 'reader@ledger-db'], '3', '60', '10.0.0.1', 'urn:sallyport:params:oauth:token-type:ticket']);
  });

  it('writes a certificate beside its key, from a token in a file', async () => {
    const key = join(directory, 'id_ed25519');
    writeFileSync(`${key}.pub`, 'ssh-ed25519 AAAA+/= me\n');
    writeFileSync(join(directory, 'token'), 'file-token\n');
    answer = given('ssh-ed25519-cert-v01@openssh.com AAAA x');
    const { code, out } = await run(['token', 'exchange', '--type', 'ssh-cert', '--public-key', `${key}.pub`, '--target', 'box', '--extension', 'permit-pty', '--token-file', join(directory, 'token')]);
    expect({ code, out }).toEqual({ code: 0, out: `${key}-cert.pub, for 840 s\n` });
    expect(readFileSync(`${key}-cert.pub`, 'utf8')).toBe('ssh-ed25519-cert-v01@openssh.com AAAA x\n');
    expect([asked[0]?.form.get('public_key'), asked[0]?.form.get('subject_token'), asked[0]?.form.get('extension')]).toEqual(['ssh-ed25519 AAAA+/= me', 'file-token', 'permit-pty']);
    const json = await run(['-o', 'json', 'token', 'exchange', '--type', 'ssh-cert', '--public-key', `${key}.pub`, '--target', 'box', 't']);
    expect(JSON.parse(json.out)).toMatchObject({ access_token: expect.stringContaining('AAAA'), expires_in: 840 });
  });

  it('brings the token of the party beside its own, for a machine on somebody’s behalf', async () => {
    writeFileSync(join(directory, 'alice'), 'token-of-alice\n');
    expect(await run(['token', 'exchange', 'own-token', '--target', 'box', '--on-behalf-of', join(directory, 'alice')])).toMatchObject({ code: 0, out: `${ticket}\n` });
    const { form } = asked[0] ?? { form: new URLSearchParams() };
    expect(['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'].map((name) => form.get(name))).toEqual(['token-of-alice', 'urn:ietf:params:oauth:token-type:jwt', 'own-token', 'urn:ietf:params:oauth:token-type:jwt']);
    expect(await run(['token', 'exchange', 'own-token', '--target', 'box', '--on-behalf-of', join(directory, 'nobody')])).toMatchObject({ code: 2 });
  });

  it('says why not, with an exit code for it, and never the token', async () => {
    answer = { status: 400, body: JSON.stringify({ error: 'invalid_request', error_description: 'the token has expired (token-expired)' }) };
    const denied = await run(['token', 'exchange', '--target', 'box', 'my-secret-token']);
    expect(denied).toMatchObject({ code: 10, err: expect.stringContaining('the token has expired (token-expired)') });
    expect(denied.out + denied.err).not.toContain('my-secret-token');
    answer = { status: 400, body: JSON.stringify({ error: 'invalid_target', error_description: 'there is no target boxx here' }) };
    expect(await run(['token', 'exchange', '--target', 'boxx', 't'])).toMatchObject({ code: 2 });
    answer = { status: 429, body: JSON.stringify({ error: 'slow_down', error_description: 'wait 3 s' }) };
    expect(await run(['token', 'exchange', '--target', 'box', 't'])).toMatchObject({ code: 10 });
    answer = { status: 302, body: '' };
    expect(await run(['token', 'exchange', '--target', 'box', 't'])).toMatchObject({ code: 1, err: expect.stringContaining('no answer of a token exchange') });
  });

  it('sends nothing without a token, a target, a key for a certificate, or over http to elsewhere', async () => {
    expect(await run(['token', 'exchange', '--target', 'box'])).toMatchObject({ code: 2, err: expect.stringContaining('no token given') });
    expect(await run(['token', 'exchange', 't'])).toMatchObject({ code: 2 });
    expect(await run(['token', 'exchange', 't', '--target', 'box', '--type', 'ssh-cert'])).toMatchObject({ code: 2, err: expect.stringContaining('--public-key') });
    expect(await run(['token', 'exchange', 't', '--target', 'box', '--url', 'http://sallyport.example'])).toMatchObject({ code: 2, err: expect.stringContaining('in the clear') });
    expect(await run(['token', 'exchange', 't', '--target', 'box'], { SALLYPORT_TOKEN_URL: '' })).toMatchObject({ code: 2, err: expect.stringContaining('SALLYPORT_TOKEN_URL is not set') });
    expect(asked).toEqual([]);
  });
});

describe('ssh config', { timeout: 60_000 }, () => {
  const line = '@cert-authority ssh.bank.example,127.0.0.1 ssh-ed25519 AAAAC3Nz+/= sallyport';

  it('prints what goes into ~/.ssh/config and known_hosts, and changes no file', async () => {
    answer = { status: 200, body: `${line}\n` };
    const { code, out } = await run(['ssh', 'config', 'deploy@box', '--gateway', 'ssh.bank.example:2222', '--identity', join(directory, 'id')]);
    expect(code).toBe(0);
    expect(asked[0]?.path).toBe('/.well-known/sallyport/ssh_known_hosts');
    expect(out).toBe(`# ~/.ssh/config\nHost deploy.box\n  HostName ssh.bank.example\n  Port 2222\n  User deploy@box\n  IdentityFile ${join(directory, 'id')}\n  CertificateFile ${join(directory, 'id')}-cert.pub\n  IdentitiesOnly yes\n  UserKnownHostsFile ~/.ssh/known_hosts_sallyport\n  StrictHostKeyChecking yes\n\n# ~/.ssh/known_hosts_sallyport\n${line}\n`);
    expect(existsSync(join(directory, 'id'))).toBe(false);
  });

  it('lets nothing else into them than what it asked for', async () => {
    for (const body of [`${line}\n* ssh-rsa AAAA\n`, `@cert-authority * ssh-ed25519 AAAA x\n`, '<html>', `${line}`]) {
      answer = { status: 200, body };
      expect(await run(['ssh', 'config', 'box', '--gateway', 'h:22'])).toMatchObject({ code: 1, out: '' });
    }
    answer = { status: 404, body: 'not found' };
    expect(await run(['ssh', 'config', 'box', '--gateway', 'h:22'])).toMatchObject({ code: 2, err: expect.stringContaining('SALLYPORT_SSH_CA_DIR') });
    for (const bad of ['box\n  ProxyCommand x', '-oX', 'a b', '*']) expect(await run(['ssh', 'config', '--gateway', 'h:22', '--', bad])).toMatchObject({ code: 2, out: '' });
    expect(await run(['ssh', 'config', 'box', '--gateway', 'h -o ProxyCommand=x:22'])).toMatchObject({ code: 2 });
  });

  it('authority prints the key for sshd', async () => {
    answer = { status: 200, body: 'ssh-ed25519 AAAAC3Nz sallyport-logins\n' };
    expect(await run(['ssh', 'authority'])).toMatchObject({ code: 0, out: 'ssh-ed25519 AAAAC3Nz sallyport-logins\n' });
  });
});
