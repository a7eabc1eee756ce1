import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import { allow, deny } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { message, requests } from '../sftp/wire.ts';
import { damage, damaged, type Damage } from '../testing/broken.ts';
import { startWorld, type World } from '../testing/world.ts';
import { string, uint32, uint8 } from './fields.ts';

/** What our side makes of clients that send anything: it ends them, does nothing for them, and serves the next one. */
describe.skipIf(missingSshd !== null)('whatever bytes a client sends', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.ports.decide = () => allow();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Sends it all, and hears what comes back until the other side ends it. */
  const send = (bytes: Uint8Array) => new Promise<void>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: world.door.port });
    const done = () => {
      clearTimeout(patience);
      socket.destroy();
      resolve();
    };
    // One that waits for more is left alone; its end is what a client's is.
    const patience = setTimeout(done, 150);
    socket.on('error', done).on('close', done).resume().write(bytes);
  });
  const client = () => new Promise<Client>((resolve, reject) => {
    const made = new ssh2.Client();
    made.once('ready', () => resolve(made)).once('error', reject);
    made.connect({ host: '127.0.0.1', port: world.door.port, username: 'shell-box', password: 'a-token' });
  });
  const works = async () => expect(await world.ssh(['echo here'])).toMatchObject({ code: 0, out: 'here\n' });

  /** Version, and a first packet (RFC 4253 section 6) that is what it says. */
  const hello = Buffer.concat([Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), packet(Buffer.concat([uint8(20), Buffer.alloc(16, 1), ...Array.from({ length: 10 }, () => string('curve25519-sha256,none')), uint8(0), uint32(0)])), packet(Buffer.concat([uint8(30), string(Buffer.alloc(32, 9))]))]);

  it('before it has logged in: the next one is served, and nobody was let in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(damage.map((how) => damaged(hello, how)), fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), bytes])), fc.uint8Array({ maxLength: 400 })), async (bytes) => {
        await send(bytes);
      }),
      { numRuns: 80 },
    );
    expect(world.ports.recorded).toEqual([]);
    await works();
  }, 120_000);

  it('as requests of SFTP: each that can be read is decided, the others are refused and recorded, nothing else happens, and the next one is served', async () => {
    const path = string(`${world.sshd.files}/none`);
    const id = uint32(7);
    const sane = [
      message(requests.open, id, path, uint32(1), uint32(0)), message(requests.stat, id, path), message(requests.rename, id, path, path), message(requests.read, id, string('h'), Buffer.alloc(8), uint32(100)),
      message(requests.setstat, id, path, uint32(4), uint32(0o644)), message(requests.extended, id, string('posix-rename@openssh.com'), path, path), message(requests.readdir, id, string('h')), message(requests.init, uint32(3)),
    ];
    world.ports.recorded.length = 0;
    world.ports.decide = () => deny('not there');
    const broken = fc.array(fc.tuple(fc.constantFrom(...sane), fc.option(damage)), { minLength: 1, maxLength: 6 });
    await fc.assert(fc.asyncProperty(broken, async (messages: readonly (readonly [Buffer, Damage | null])[]) => {
      // A message that nobody can read ends the connection.
      const made = await client();
      await sftp(made, Buffer.concat(messages.map(([bytes, how]) => (how === null ? bytes : damaged(bytes, how)))));
      made.end();
    }), { numRuns: 60 });
    const decided = world.ports.recorded.flatMap((one) => (one.what === 'decided' ? [one] : []));
    const refused = world.ports.recorded.filter(({ what }) => what === 'command.refused');
    expect(refused.length).toBeGreaterThan(0);
    expect(decided.length + refused.length).toBeGreaterThan(10);
    expect(decided.length + refused.length).toBe(world.ports.recorded.length);
    expect(decided.filter(({ text, decision }) => !text.startsWith('sftp ') || decision !== 'deny')).toEqual([]);
    expect(readdirSync(world.sshd.files)).toEqual([]);
    world.ports.decide = () => allow();
    await works();
  }, 120_000);
});

const packet = (payload: Buffer): Buffer => {
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  return Buffer.concat([uint32(payload.length + padding + 1), uint8(padding), payload, Buffer.alloc(padding)]);
};

/** A channel of its own for each; what it says is not looked at. */
function sftp(client: Client, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.subsys('sftp', (error, channel: ClientChannel) => {
      if (error !== undefined && error !== null) return reject(error);
      const done = () => {
        clearTimeout(patience);
        channel.destroy();
        resolve();
      };
      const patience = setTimeout(done, 150);
      channel.on('close', done).on('error', done).resume();
      channel.write(Buffer.concat([message(requests.init, uint32(3)), bytes]));
    });
  });
}
