import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir, type TempDir } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSshd, startSshd, type Sshd } from '../testing/sshd.ts';
import { memoryAuthority } from './authority.ts';
import { certificateLine, certify, readCertificate, type CertificateContent } from './certificate.ts';
import { knownHostsLine, publicKeyLine } from './known-hosts.ts';
import { readPublicKeyLine, SshKeyRefusedError } from './public-key.ts';
import { verifyUserCertificate } from './verify-certificate.ts';

const run = promisify(execFile);
const authority = memoryAuthority();
const other = memoryAuthority();
const now = () => BigInt(Math.floor(Date.now() / 1000));
const content = (over: Partial<CertificateContent> = {}): CertificateContent => ({
  kind: 'user', serial: 9_223_372_036_854_775_807n, keyId: 'machine:nightly ticket:0190', principals: ['reader@box', 'box'],
  validAfter: now() - 60n, validBefore: now() + 840n, criticalOptions: new Map(), extensions: [], ...over,
});

let directory: TempDir;
beforeAll(async () => {
  directory = await tempDir('sallyport-certificates');
});
afterAll(() => directory[Symbol.asyncDispose]());

async function newKey(...options: string[]): Promise<{ file: string; line: string }> {
  const file = join(directory.path, `key-${options.join('')}-${Math.random().toString(36).slice(2)}`);
  await run('ssh-keygen', ['-q', '-N', '', '-f', file, ...options]);
  return { file, line: await readFile(`${file}.pub`, 'utf8') };
}

describe('a certificate as ssh-keygen reads it', () => {
  it.each([['ed25519', '256'], ['ecdsa', '256'], ['ecdsa', '384'], ['ecdsa', '521'], ['rsa', '3072'], ['rsa', '4096']])('on a key of %s %s', async (type, bits) => {
    const { file, line } = await newKey('-t', type, ...(type === 'ed25519' ? [] : ['-b', bits]));
    const key = readPublicKeyLine(line);
    const listed = await run('ssh-keygen', ['-l', '-f', `${file}.pub`]);
    expect(listed.stdout).toContain(` ${key.fingerprint} `);
    const blob = await certify(key, content({ criticalOptions: new Map([['source-address', '10.0.0.0/8,2001:db8::1']]), extensions: ['permit-pty', 'permit-port-forwarding'] }), authority);
    await writeFile(`${file}-cert.pub`, `${certificateLine(blob, 'nightly')}\n`);
    const { stdout } = await run('ssh-keygen', ['-L', '-f', `${file}-cert.pub`]);
    expect(stdout).toContain(`Type: ${key.type}-cert-v01@openssh.com user certificate`);
    expect(stdout).toContain(` ${key.fingerprint}`);
    expect(stdout).toContain(`Signing CA: ED25519 ${authority.publicKey.fingerprint} (using ssh-ed25519)`);
    expect(stdout).toContain('Key ID: "machine:nightly ticket:0190"');
    expect(stdout).toContain('Serial: 9223372036854775807');
    expect(stdout.replace(/\s+/g, ' ')).toContain('Principals: reader@box box Critical Options: source-address 10.0.0.0/8,2001:db8::1 Extensions: permit-port-forwarding permit-pty');
    expect(readCertificate(blob)).toMatchObject({ ...content(), validAfter: expect.anything(), validBefore: expect.anything(), criticalOptions: new Map([['source-address', '10.0.0.0/8,2001:db8::1']]), extensions: ['permit-port-forwarding', 'permit-pty'] });
    expect(readCertificate(blob).keyBlob.equals(key.blob)).toBe(true);
  });

  it('and the other way: what ssh-keygen signs is read and verified', async () => {
    const ca = await newKey('-t', 'ed25519');
    const { file } = await newKey('-t', 'ecdsa');
    await run('ssh-keygen', ['-q', '-s', ca.file, '-I', 'by hand', '-n', 'box', '-V', '-1m:+5m', '-z', '7', '-O', 'clear', '-O', 'permit-pty', '-O', 'source-address=127.0.0.0/8', `${file}.pub`]);
    const blob = Buffer.from((await readFile(`${file}-cert.pub`, 'utf8')).split(' ')[1] ?? '', 'base64');
    const terms = { authorities: [readPublicKeyLine(ca.line)], now: Date.now(), source: '127.0.0.9', principal: 'box' };
    expect(verifyUserCertificate(blob, terms)).toMatchObject({ serial: 7n, keyId: 'by hand', extensions: ['permit-pty'] });
    await run('ssh-keygen', ['-q', '-s', ca.file, '-I', 'x', '-n', 'box', '-O', 'force-command=/bin/true', `${file}.pub`]);
    const forced = Buffer.from((await readFile(`${file}-cert.pub`, 'utf8')).split(' ')[1] ?? '', 'base64');
    expect(() => verifyUserCertificate(forced, terms)).toThrow(expect.objectContaining({ code: 'certificate-option-unknown' }));
  });

  it('is not made for keys that are weak, on hardware, or private', async () => {
    const short = await newKey('-t', 'rsa', '-b', '2048');
    expect(() => readPublicKeyLine(short.line)).toThrow(/2048 bits is too short/);
    expect(() => readPublicKeyLine('sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA==')).toThrow(SshKeyRefusedError);
    const secret = await readFile(short.file, 'utf8');
    expect(() => readPublicKeyLine(secret.split('\n')[0] ?? '')).toThrow(/private one/);
  });
});

describe.skipIf(!hasSshd)('a certificate at the real sshd', () => {
  let sshd: Sshd;
  let user: { file: string; line: string };
  const login = async (over: Partial<CertificateContent>, by = authority) => {
    const blob = await certify(readPublicKeyLine(user.line), content({ principals: [sshd.login], ...over }), by);
    await writeFile(`${user.file}-cert.pub`, `${certificateLine(blob, '')}\n`);
    await chmod(user.file, 0o600);
    return sshd.ssh(['-i', user.file, '-o', `CertificateFile=${user.file}-cert.pub`, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'], 'echo in');
  };

  beforeAll(async () => {
    user = await newKey('-t', 'ed25519');
    sshd = await startSshd(async (path) => {
      await writeFile(join(path, 'ca.pub'), `${publicKeyLine(authority.publicKey, 'sallyport')}\n`);
      const host = await certify(readPublicKeyLine(await readFile(join(path, 'host_key.pub'), 'utf8')), content({ kind: 'host', principals: ['127.0.0.1', 'gateway.example'] }), authority);
      await writeFile(join(path, 'host_key-cert.pub'), `${certificateLine(host, '')}\n`);
      return [`TrustedUserCAKeys ${join(path, 'ca.pub')}`, `HostCertificate ${join(path, 'host_key-cert.pub')}`];
    });
  });
  afterAll(() => sshd[Symbol.asyncDispose]());

  it('lets in whom it names', async () => {
    expect(await login({})).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(sshd.output).toContain('machine:nightly ticket:0190');
    expect(await login({ criticalOptions: new Map([['source-address', '127.0.0.0/8,10.0.0.0/8']]) })).toMatchObject({ code: 0 });
  });

  it.each<[string, Partial<CertificateContent>]>([
    ['that has expired', { validAfter: now() - 600n, validBefore: now() - 1n }],
    ['that is not valid yet', { validAfter: now() + 300n, validBefore: now() + 600n }],
    ['of another account', { principals: ['somebody-else'] }],
    ['of another address', { criticalOptions: new Map([['source-address', '10.0.0.0/8']]) }],
    ['with a critical option that it does not know', { criticalOptions: new Map([['colour', 'blue']]) }],
    ['of a host', { kind: 'host' }],
  ])('refuses one %s', async (_why, over) => {
    expect(await login(over)).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') });
  });

  it('refuses one of another authority', async () => {
    expect(await login({}, other)).toMatchObject({ code: 255 });
  });

  it('gives no terminal to a certificate without permit-pty', async () => {
    const blob = await certify(readPublicKeyLine(user.line), content({ principals: [sshd.login] }), authority);
    await writeFile(`${user.file}-cert.pub`, `${certificateLine(blob, '')}\n`);
    const without = await sshd.ssh(['-tt', '-i', user.file, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'], 'tty');
    expect(without.stderr).toContain('PTY allocation request failed');
    const withPty = await certify(readPublicKeyLine(user.line), content({ principals: [sshd.login], extensions: ['permit-pty'] }), authority);
    await writeFile(`${user.file}-cert.pub`, `${certificateLine(withPty, '')}\n`);
    expect((await sshd.ssh(['-tt', '-i', user.file, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'], 'tty')).stdout).toContain('/dev/pts/');
  });

  it('is trusted as a host by one @cert-authority line, also on another port than 22, and only under its names', async () => {
    const known = join(directory.path, 'known_hosts');
    await writeFile(known, `${knownHostsLine(authority.publicKey, ['127.0.0.1', 'gateway.example'])}\n`);
    const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${known}`, '-o', 'GlobalKnownHostsFile=/dev/null', '-i', user.file];
    await login({});
    expect(await sshd.ssh(strict, 'echo in')).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(await sshd.ssh([...strict, '-o', 'HostKeyAlias=gateway.example'], 'echo in')).toMatchObject({ code: 0 });
    expect(await sshd.ssh([...strict, '-o', 'HostKeyAlias=bank.example'], 'echo in')).toMatchObject({ code: 255 });
    await writeFile(known, `${knownHostsLine(other.publicKey, ['127.0.0.1'])}\n`);
    expect(await sshd.ssh(strict, 'echo in')).toMatchObject({ code: 255, stderr: expect.stringContaining('Host key verification failed') });
  });
});
