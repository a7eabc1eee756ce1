import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityResolve, identitySshAuthorities, identitySshHostCert, identitySshUpstreamCert } from '@sallyport/platform-bus';
import { certificateLine, certify, fileAuthority, memoryAuthority, readCertificate, readPublicKeyLine } from '@sallyport/platform-identity';
import { base, machine, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';
import { sshCertificateType } from './token-types.ts';

const run = promisify(execFile);
let house: IdentityHouse;
let user: string;
let publicKey: string;

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([...base(house.pinned), target('box'), target('ledger'), machine('nightly')]);
  user = join(house.directory.path, 'id_ed25519');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'nightly job', '-f', user]);
  publicKey = await readFile(`${user}.pub`, 'utf8');
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(() => {
  house.ahead = 0;
});

const refusedBy = async (form: Parameters<IdentityHouse['exchange']>[0], options: readonly string[] = []) => {
  const { status, json } = await house.exchange(form, options);
  return `${status} ${String(json['error'])}: ${String(json['error_description'])}`;
};

describe('the exchange of a token for an SSH certificate', () => {
  const certificate = async (form: Parameters<IdentityHouse['exchange']>[0] = {}) => {
    const { status, json, text } = await house.exchange({ subject_token: await house.mint(), audience: ['box', 'deploy@box'], requested_token_type: sshCertificateType, public_key: publicKey, ...form });
    if (status !== 200) throw new Error(text);
    expect(json).toMatchObject({ issued_token_type: sshCertificateType, token_type: 'N_A' });
    return String(json['access_token']);
  };
  const shown = (line: string, over: Parameters<IdentityHouse['resolve']>[1] = {}) => house.resolve('', { certificate: line.split(' ')[1] ?? '', ...over });

  it('is one that ssh-keygen reads: principals, key id, address, no extensions unless asked for', async () => {
    const line = await certificate();
    await writeFile(`${user}-cert.pub`, `${line}\n`);
    const { stdout } = await run('ssh-keygen', ['-L', '-f', `${user}-cert.pub`]);
    const event = (await house.events()).findLast(({ type }) => type === 'token.exchanged');
    expect(stdout.replace(/\s+/g, ' ')).toContain(`Key ID: "machine:nightly ticket:${String(event?.d['id'])}" Serial: ${String(event?.d['serial'])}`);
    expect(stdout.replace(/\s+/g, ' ')).toContain('Principals: box deploy@box Critical Options: source-address 127.0.0.1 Extensions: (none)');
    const read = readCertificate(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
    expect(Number(read.validBefore - read.validAfter)).toBeLessThanOrEqual(900);
    expect(event?.d).toMatchObject({ kind: 'ssh-certificate', targets: ['box', 'deploy@box'], key: `ssh:${readPublicKeyLine(publicKey).fingerprint}`, sources: ['127.0.0.1'], extensions: [] });
    expect(JSON.stringify(event)).not.toContain((line.split(' ')[1] ?? '').slice(-60));
  });

  it('lets the gateway’s client in as its machine, with its extensions, and says why not', async () => {
    const line = await certificate({ extension: 'permit-pty' });
    const reply = await house.gateway.call(identityResolve, { token: '', certificate: line.split(' ')[1] ?? '', target: 'box', role: 'deploy', door: 'ssh', source: { address: '127.0.0.1', port: 1, client: null }, session: null, expect: 'machine' });
    expect(reply).toMatchObject({ ok: true, value: { actor: { machine: 'nightly' }, ticket: { kind: 'ssh-certificate', extensions: ['permit-pty'], targets: ['box', 'deploy@box'] } } });
    expect(await shown(line)).toBe('nightly');
    expect(await shown(line, { target: 'ledger' })).toContain('(certificate-principal-wrong)');
    expect(await shown(line, { role: 'root' })).toContain('(certificate-principal-wrong)');
    expect(await shown(line, { source: { address: '10.0.0.1', port: 1, client: null } })).toContain('(certificate-source-wrong)');
    expect(await shown(line, { target: null })).toContain('(ticket-target-unnamed)');
    expect(await house.resolve('', { certificate: 'AAAA' })).toContain('(certificate-malformed)');
    expect(await house.resolve(await house.ticket(), { certificate: line.split(' ')[1] ?? '' })).toContain('(certificate-unsupported)');
    house.ahead = 900_000;
    expect(await shown(line)).toContain('(certificate-expired)');
    house.ahead = -120_000;
    expect(await shown(line)).toContain('(certificate-not-yet-valid)');
  });

  it('is counted and revoked like a ticket', async () => {
    const line = await certificate({ uses: '1' });
    expect(await shown(line)).toBe('nightly');
    expect(await shown(line)).toContain('(certificate-used-up)');
    await house.apply([machine('gone')]);
    const leaving = await certificate({ subject_token: await house.mint({ workload_id: 'gone' }) });
    await house.apply([machine('gone', { state: 'suspended' })]);
    await house.apply([machine('gone')]);
    expect(await shown(leaving)).toContain('(certificate-revoked)');
  });

  it('of another authority is refused, and so is one of ours that we know nothing of, or with an option that we do not know', async () => {
    const key = readPublicKeyLine(publicKey);
    const now = BigInt(Math.floor(Date.now() / 1000));
    const content = { kind: 'user', serial: 1n, keyId: 'x', principals: ['box'], validAfter: now - 60n, validBefore: now + 60n, criticalOptions: new Map<string, string>(), extensions: [] } as const;
    expect(await shown(certificateLine(await certify(key, content, memoryAuthority()), ''))).toContain('(certificate-ca-unknown)');
    const ours = fileAuthority(join(house.directory.path, 'ssh-ca', 'user-ca.pem'));
    expect(ours.made).toBe(false);
    expect(await shown(certificateLine(await certify(key, content, ours), ''))).toContain('(certificate-unknown)');
    expect(await shown(certificateLine(await certify(key, { ...content, serial: 2n ** 64n - 1n }, ours), ''))).toContain('(certificate-unknown)');
    expect(await shown(certificateLine(await certify(key, { ...content, criticalOptions: new Map([['force-command', 'x']]) }, ours), ''))).toContain('(certificate-option-unknown)');
    expect(await shown(certificateLine(await certify(key, { ...content, kind: 'host' }, ours), ''))).toContain('(certificate-kind-wrong)');
    const upstream = fileAuthority(join(house.directory.path, 'ssh-ca', 'upstream-ca.pem'));
    expect(await shown(certificateLine(await certify(key, content, upstream), ''))).toContain('(certificate-ca-unknown)');
  });

  it('needs a key that is worth certifying', async () => {
    const ask = (over: Record<string, string>) => house.mint().then((token) => refusedBy({ subject_token: token, audience: 'box', requested_token_type: sshCertificateType, ...over }));
    expect(await ask({})).toContain('needs public_key');
    expect(await ask({ public_key: 'ssh-rsa AAAA' })).toContain('invalid_request: public_key:');
    expect(await ask({ public_key: await readFile(user, 'utf8') })).toContain('public_key: the public key is not one line');
    expect(await ask({ public_key: publicKey, extension: 'permit-agent-forwarding' })).toContain('extension may be permit-pty or permit-port-forwarding');
  });

  it('is made by the one line of the README, straight into its file', async () => {
    const file = join(house.directory.path, 'token');
    await writeFile(file, `${await house.mint()}\n`);
    const { stdout } = await run('sh', ['-c', `curl -sS --fail-with-body --cacert "$CA" "$URL/v1/token" -H 'Accept: text/plain' -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange -d subject_token_type=urn:ietf:params:oauth:token-type:jwt --data-urlencode "subject_token@$FILE" -d audience=box -d requested_token_type=${sshCertificateType} --data-urlencode "public_key@$KEY.pub" -o "$KEY-cert.pub" -w '%{http_code}'`], { env: { ...process.env, CA: house.tls.ca, URL: house.url, FILE: file, KEY: user } });
    expect(stdout).toBe('200');
    expect((await run('ssh-keygen', ['-L', '-f', `${user}-cert.pub`])).stdout).toContain('machine:nightly');
  });
});

describe('gateways', () => {
  const blob = () => readPublicKeyLine(publicKey).blob.toString('base64');

  it('get certificates for logins at targets: five minutes at most, one account, recorded with their session', async () => {
    const request = { session: 's-1', machine: 'nightly', target: 'box', login: 'deploy', publicKey: blob(), seconds: 300 };
    const reply = await house.gateway.call(identitySshUpstreamCert, { ...request, extensions: ['permit-pty'], sourceAddress: '10.0.0.5' });
    if (!reply.ok) throw new Error(reply.error.say);
    const read = readCertificate(Buffer.from(reply.value.blob, 'base64'));
    expect(read).toMatchObject({ kind: 'user', principals: ['deploy'], keyId: 'machine:nightly session:s-1', extensions: ['permit-pty'], criticalOptions: new Map([['source-address', '10.0.0.5']]) });
    expect(Number(read.validBefore - read.validAfter)).toBe(300);
    expect(await house.last()).toMatchObject({ type: 'ssh.certified', d: { kind: 'login', session: 's-1', machine: 'nightly', target: 'box', principals: ['deploy'], serial: reply.value.serial, key: readPublicKeyLine(publicKey).fingerprint } });
    const authorities = await house.gateway.call(identitySshAuthorities, {});
    expect(authorities.ok && readPublicKeyLine(authorities.value.upstream ?? '').blob.equals(read.signatureKey)).toBe(true);
    const refused = async (over: object) => {
      const answer = await house.gateway.call(identitySshUpstreamCert, { ...request, ...over });
      return answer.ok ? 'given' : `${answer.error.code}: ${answer.error.say}`;
    };
    expect(await refused({ machine: 'nobody' })).toBe('denied: there is no such machine');
    expect(await refused({ target: 'nowhere' })).toBe('denied: there is no such target');
    for (const login of ['', 'a b', '-oProxyCommand=x', 'root\n', '*']) expect(await refused({ login })).toMatch(/^invalid/);
    expect(await refused({ publicKey: 'AAAA' })).toMatch(/^invalid: publicKey/);
    expect(await refused({ seconds: 301 })).toMatch(/^invalid: seconds/);
    expect(await refused({ sourceAddress: '10.0.0.0/8,11.0.0.0/8' })).toMatch(/^invalid: sourceAddress/);
    await house.apply([machine('stopped', { state: 'suspended' })]);
    expect(await refused({ machine: 'stopped' })).toBe('denied: machine stopped is suspended');
  });

  it('get certificates for their host keys under names that are ours, and clients one line', async () => {
    const reply = await house.gateway.call(identitySshHostCert, { gateway: 'gw-1', publicKey: blob(), names: ['ssh.bank.example', '127.0.0.1'] });
    if (!reply.ok) throw new Error(reply.error.say);
    expect(readCertificate(Buffer.from(reply.value.blob, 'base64'))).toMatchObject({ kind: 'host', principals: ['ssh.bank.example', '127.0.0.1'], keyId: 'gateway:gw-1' });
    expect(await house.last()).toMatchObject({ type: 'ssh.certified', d: { kind: 'host', gateway: 'gw-1', session: null } });
    for (const name of ['*', 'other.example', '*.bank.example']) expect(await house.gateway.call(identitySshHostCert, { gateway: 'gw-1', publicKey: blob(), names: [name] })).toMatchObject({ ok: false, error: { code: 'denied' } });
    const known = await house.curl(['/.well-known/sallyport/ssh_known_hosts']);
    expect(known.text).toMatch(/^@cert-authority localhost,127\.0\.0\.1,ssh\.bank\.example ssh-ed25519 [A-Za-z0-9+/=]+ sallyport\n$/);
    expect((await house.curl(['/.well-known/sallyport/ssh_trusted_user_ca.pub'])).text).toMatch(/^ssh-ed25519 /);
    expect((await house.curl(['/.well-known/oauth-authorization-server'])).json).toMatchObject({ token_endpoint: `${house.url}/v1/token`, issuer: house.url });
  });

  it('find the authorities’ keys in files of mode 600, and other services may not ask for certificates', async () => {
    for (const name of ['user-ca', 'host-ca', 'upstream-ca']) expect((await stat(join(house.directory.path, 'ssh-ca', `${name}.pem`))).mode & 0o777).toBe(0o600);
    const masking = await house.nats.connect('masking');
    expect(await masking.call(identitySshUpstreamCert, { session: 's', machine: 'nightly', target: 'box', login: 'x', publicKey: blob() }, 1500)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });
});

describe('an identity without authorities', () => {
  it('gives tickets and no certificates, and says so', async () => {
    await house.stop();
    await house.start({ SALLYPORT_SSH_CA_DIR: '', SALLYPORT_SSH_HOSTS: '' });
    expect(await refusedBy({ subject_token: await house.mint(), audience: 'box', requested_token_type: sshCertificateType, public_key: publicKey })).toContain('SSH certificates are not set up here');
    expect(await house.resolve(await house.ticket())).toBe('nightly');
    expect(await house.resolve('', { certificate: 'AAAA' })).toContain('(certificate-unsupported)');
    expect(await house.gateway.call(identitySshHostCert, { gateway: 'gw-1', publicKey: readPublicKeyLine(publicKey).blob.toString('base64'), names: ['localhost'] })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect((await house.curl(['/.well-known/sallyport/ssh_known_hosts'])).status).toBe(404);
  });
});
