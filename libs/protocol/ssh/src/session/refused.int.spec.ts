import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { allow, deny } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import ssh2, { type Client } from 'ssh2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('what is not a command', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.ports.decide = () => allow();
    world.ports.recorded.length = 0;
  });
  const refused = () => world.ports.recorded.flatMap((one) => (one.what === 'command.refused' ? [(one.data as { what: string }).what] : []));
  const client = () => new Promise<Client>((resolve, reject) => {
    const made = new ssh2.Client();
    made.once('ready', () => resolve(made)).once('error', reject);
    made.connect({ host: '127.0.0.1', port: world.door.port, username: 'shell-box', password: 'a-token', strictVendor: false });
  });

  it('forwarding to a port that policy does not permit is refused and recorded, and nothing is dialled', async () => {
    world.ports.decide = () => deny('not there');
    let dialled = 0;
    const inside = createServer(() => dialled++);
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    const made = await client();
    await expect(new Promise((resolve, reject) => made.forwardOut('127.0.0.1', 1, '127.0.0.1', port, (error, channel) => (error ? reject(error) : resolve(channel))))).rejects.toThrow(/sallyport: refused \(denied\) request .*not there/);
    made.end();
    await new Promise((resolve) => inside.close(resolve));
    expect(dialled).toBe(0);
    expect(world.ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny', text: `forward 127.0.0.1:${port}` }]);
  });

  it.each([
    ['a port of the target’s side that has no plain name', (made: Client) => new Promise((resolve) => made.forwardIn('127.1', 0, (error) => resolve(error))), 'listening at what is no plain name, address or path'],
    ['a unix socket by a crooked path', (made: Client) => new Promise((resolve) => made.openssh_forwardOutStreamLocal('/run/../run/docker.sock', (error) => resolve(error))), 'forwarding to the unix socket /run/../run/docker.sock, which is no plain path,'],
    ['another subsystem', (made: Client) => new Promise((resolve) => made.subsys('netconf', (error) => resolve(error))), 'the subsystem netconf'],
  ])('%s is refused and recorded', async (_name, ask, what) => {
    const made = await client();
    expect(await ask(made)).toBeInstanceOf(Error);
    made.end();
    expect(refused()).toEqual([what]);
  });

  it('the agent and X11 are refused and recorded, and the command runs without them', async () => {
    const { code, out } = await world.ssh(['-A', '-o', 'ForwardX11=yes', '127.0.0.1', 'echo ${SSH_AUTH_SOCK:-none} ${DISPLAY:-none}'], { env: { SSH_AUTH_SOCK: '/nowhere' } });
    expect([code, out]).toEqual([0, 'none none\n']);
  });

  it('a tunnel device is refused and recorded', async () => {
    const { code } = await world.ssh(['-o', 'ExitOnForwardFailure=yes', '-w', '0:0', '127.0.0.1', 'true']);
    expect(code).not.toBe(-1);
    // Without a device of its own the client does not even ask: what it would have asked for is no channel that is known here.
    if (refused().length > 0) expect(refused()).toEqual(['the channel type tun@openssh.com']);
  });

  it('a variable is set only when policy permits it by its name', async () => {
    world.ports.decide = (means) => (means.facts.kind !== 'env' || means.effects.some(({ resource }) => resource.name === 'LC_GOOD') ? allow() : deny('not this one'));
    const { out } = await world.ssh(['-o', 'SetEnv=LC_GOOD=yes LC_BAD=yes LD_PRELOAD=/tmp/x', '127.0.0.1', 'echo ${LC_GOOD:-no} ${LC_BAD:-no} ${LD_PRELOAD:-no}']);
    expect(out).toBe('yes no no\n');
    expect(world.ports.recorded.filter((one) => one.what === 'decided' && one.decision === 'deny')).toHaveLength(2);
  });

  it('more channels than a session may have are refused', async () => {
    const made = await client();
    const asked = await Promise.all(Array.from({ length: 14 }, () => new Promise<boolean>((resolve) => made.exec('sleep 2', (error) => resolve(error === undefined)))));
    made.destroy();
    expect(asked.filter((yes) => yes)).toHaveLength(10);
    expect(refused()).toEqual(Array.from({ length: 4 }, () => 'one more channel'));
  });

  it('a client that goes away takes its command with it', async () => {
    const made = await client();
    await new Promise<void>((resolve, reject) => made.exec('echo up; sleep 60', (error, channel) => (error ? reject(error) : channel.once('data', () => resolve()))));
    made.destroy();
    await expect.poll(() => world.ports.recorded.some((one) => one.what === 'settled' && one.result.status === 'cancelled')).toBe(true);
  });

  it('text that is not UTF-8, and a NUL, never reach the target', async () => {
    const made = await client();
    for (const text of ['echo a\0; rm -rf /', 'echo \uFFFD']) {
      const status = await new Promise((resolve, reject) => made.exec(text, (error, channel) => (error ? reject(error) : channel.on('exit', resolve).resume().stderr.resume())));
      expect(status).toBe(126);
    }
    made.end();
    expect(refused()).toEqual(['exec', 'exec']);
  });

  describe('other clients', () => {
    it.skipIf(!existsSync('/usr/bin/dbclient'))('Dropbear’s dbclient, which guesses what will be agreed on', async () => {
      expect(await world.run('dbclient', ['-y', '-y', '-p', String(world.door.port), 'shell-box@127.0.0.1', 'echo from dbclient'], { env: { DROPBEAR_PASSWORD: 'a-token' } })).toMatchObject({ code: 0, out: 'from dbclient\n' });
    });

    it.skipIf(!existsSync('/usr/bin/dbclient'))('Dropbear’s dbclient, when it guesses wrong because the host has a certificate', async () => {
      await using certified = await startWorld({ certified: true });
      expect(await certified.run('dbclient', ['-y', '-y', '-p', String(certified.door.port), 'shell-box@127.0.0.1', 'echo from dbclient'], { env: { DROPBEAR_PASSWORD: 'a-token' } })).toMatchObject({ code: 0, out: 'from dbclient\n' });
    });

    it.skipIf(!existsSync('/usr/bin/plink'))('plink of PuTTY', async () => {
      const { out: key } = await world.run('ssh-keygen', ['-lf', join(world.path, '..', 'known_hosts')]);
      const fingerprint = /SHA256:\S+/.exec(key)?.[0] ?? '';
      expect(await world.run('plink', ['-batch', '-ssh', '-P', String(world.door.port), '-hostkey', fingerprint, '-l', 'shell-box', '-pw', 'a-token', '127.0.0.1', 'echo from plink'])).toMatchObject({ code: 0, out: 'from plink\n' });
    });
  });
});
