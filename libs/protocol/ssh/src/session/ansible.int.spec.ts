import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allow, deny } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPublicKeyLine } from '../certificate/keys.ts';
import { publicKeyLine } from '../certificate/public-key.ts';
import { mintCertificate } from '../testing/mint.ts';
import { startWorld, type World } from '../testing/world.ts';

const missing = missingSshd ?? (existsSync('/usr/bin/ansible') ? null : 'ansible-core is not installed');

/** Ansible as Debian has it, with a certificate as a machine would have. Its modules need Python at the target, which is this machine. */
describe.skipIf(missing !== null)('Ansible through the gateway', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    const key = join(world.path, 'id');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const now = BigInt(Math.floor(Date.now() / 1000));
    const { key: publicKey } = readPublicKeyLine(readFileSync(`${key}.pub`, 'utf8'));
    const certificate = mintCertificate({ kind: 'user', key: publicKey, keyId: 'ansible', serial: 1n, principals: ['shell-box'], after: now - 60n, before: now + 600n }, generateKeyPairSync('ed25519').privateKey);
    writeFileSync(`${key}-cert.pub`, `${publicKeyLine(certificate)}\n`);
    writeFileSync(join(world.path, 'from.txt'), 'copied by ansible\n');
    const known = join(world.path, '..', 'known_hosts');
    writeFileSync(join(world.path, 'inventory'), `box ansible_host=127.0.0.1 ansible_port=${world.door.port} ansible_user=shell-box ansible_ssh_private_key_file=${key} ansible_ssh_common_args="-F /dev/null -o UserKnownHostsFile=${known}"\n`);
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.ports.decide = () => allow();
    world.ports.recorded.length = 0;
  });
  const ansible = (module: string, args: string) =>
    world.run('ansible', ['box', '-i', join(world.path, 'inventory'), '-m', module, '-a', args], {
      env: { HOME: world.path, ANSIBLE_LOCAL_TEMP: join(world.path, 'tmp'), ANSIBLE_SSH_TRANSFER_METHOD: 'sftp', ANSIBLE_NOCOLOR: '1', ANSIBLE_PIPELINING: '0', ANSIBLE_SSH_ARGS: '-o ControlMaster=no' }, timeoutMs: 90_000,
    });
  const texts = () => world.ports.recorded.flatMap((one) => (one.what === 'decided' ? [one.text ?? ''] : []));

  it('raw runs a command, which is decided as it is', async () => {
    expect(await ansible('raw', 'echo from ansible')).toMatchObject({ code: 0, out: expect.stringMatching(/box \| CHANGED \| rc=0 >>\nfrom ansible/) });
    expect(texts()).toEqual(['echo from ansible']);
  });

  it('raw that is refused fails with the gateway’s status and words', async () => {
    world.ports.decide = () => deny('not by a playbook');
    const { code, out } = await ansible('raw', 'echo never');
    expect(code).not.toBe(0);
    expect(out).toMatch(/rc=126 >>[\s\S]*sallyport: refused \(denied\) request [\s\S]*not by a playbook/);
  });

  it('copy puts a file there', async () => {
    const to = join(world.sshd.files, 'copied.txt');
    expect(await ansible('copy', `src=${join(world.path, 'from.txt')} dest=${to} mode=0600`)).toMatchObject({ code: 0, out: expect.stringContaining('box | CHANGED') });
    expect(readFileSync(to, 'utf8')).toBe('copied by ansible\n');
    expect(texts().filter((text) => text.startsWith('sftp open')).length).toBeGreaterThan(0);
  });
}, 120_000);
