import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { missingCrypto } from './library.ts';

const audit = existsSync('/usr/bin/ssh-audit');

describe.skipIf(missingSshd !== null)('what is offered on the wire', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('ssh2 has its compiled crypto', () => {
    expect(missingCrypto).toBeNull();
  });

  it.skipIf(!audit)('ssh-audit finds nothing to fail or warn of', async () => {
    const { out } = await world.run('ssh-audit', ['-n', '-p', String(world.door.port), '127.0.0.1']);
    expect(out).toContain('curve25519-sha256');
    // Debian 12's ssh-audit is older than Terrapin, and does not know the word by which it is prevented.
    expect(out.split('\n').filter((line) => /\[(fail|warn)\]/.test(line) && !line.includes('kex-strict-s-v00@openssh.com'))).toEqual([]);
  });

  it.each([
    ['a cipher with CBC', ['-c', 'aes128-cbc']],
    ['a MAC with SHA-1', ['-c', 'aes128-ctr', '-m', 'hmac-sha1']],
    ['SHA-1 in key exchange', ['-o', 'KexAlgorithms=diffie-hellman-group14-sha1']],
    ['a small group', ['-o', 'KexAlgorithms=diffie-hellman-group1-sha1']],
    ['an old host key', ['-o', 'HostKeyAlgorithms=ssh-rsa']],
  ])('%s is not taken', async (_name, options) => {
    expect(await world.ssh([...options, '127.0.0.1', 'echo no'])).toMatchObject({ code: 255, out: '' });
  });

  it('compression is not offered, and asked for by the client it does not happen', async () => {
    const { out, err } = await world.ssh(['-C', '-v', '-o', 'LogLevel=DEBUG', '127.0.0.1', 'echo yes']);
    expect(out).toBe('yes\n');
    expect(err).not.toMatch(/compression: zlib/);
  });

  it.each([
    ['no SSH at all', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a line without an end', Buffer.alloc(20_000, 0x41)],
    ['SSH 1', Buffer.from('SSH-1.5-old\r\n')],
    ['garbage after the greeting', Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(4096, 0xff)])],
    ['a packet that announces four gigabytes', Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.from([0xff, 0xff, 0xff, 0xff, 4]), Buffer.alloc(64)])],
    ['an empty packet again and again', Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(8192)])],
  ])('%s is hung up on, and the door stays open', async (_name, bytes) => {
    await new Promise<void>((resolve) => {
      const socket = connect(world.door.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', () => undefined).on('error', () => undefined).once('close', () => resolve());
      setTimeout(() => socket.end(), 500);
    });
    expect(await world.ssh(['echo still here'])).toMatchObject({ code: 0, out: 'still here\n' });
  });
});
