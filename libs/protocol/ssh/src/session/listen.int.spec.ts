import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allow, deny } from '@sallyport/testing-kit';
import { freePort, missingSshd } from '@sallyport/testing-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('what a target listens for on behalf of a real OpenSSH client (ssh -R), and unix sockets', () => {
  let world: World;
  let service: Server;
  let at: number;
  let permitted: ReadonlySet<string>;
  /** The account of the target reaches it. */
  let sockets: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    world = await startWorld({ settings: { maxForwards: 3 } });
    sockets = await mkdtemp(join(tmpdir(), 'sallyport-sockets-'));
    await chmod(sockets, 0o777);
    service = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    at = (service.address() as AddressInfo).port;
  });
  afterAll(async () => {
    service.close();
    await rm(sockets, { recursive: true, force: true });
    await world[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    permitted = new Set();
    world.ports.decide = ({ effects }) => (effects.every(({ verb, resource }) => verb === 'transfer' && permitted.has(`${resource.schema}.${resource.name}`)) ? allow() : deny('not that one'));
    world.ports.recorded.length = 0;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await expect.poll(() => open(), { timeout: 10_000 }).toBe(0);
  });

  /** Commands that were let run and have no end yet. */
  const open = () => decided('allow').length - settled().length;
  const decided = (decision: string) => world.ports.recorded.filter((one) => one.what === 'decided' && one.decision === decision);
  const settled = () => world.ports.recorded.flatMap((one) => (one.what === 'settled' ? [one.result] : []));
  const refused = () => world.ports.recorded.flatMap((one) => (one.what === 'command.refused' ? [one.data] : []));
  const passed = () => world.ports.recorded.flatMap((one) => (one.what === 'content.passed' ? [one.data] : []));

  function client(...args: readonly string[]): { readonly child: ChildProcess; readonly said: () => string; readonly over: Promise<number | null> } {
    const child = spawn('ssh', ['-o', 'LogLevel=INFO', ...world.options, '-o', 'ExitOnForwardFailure=yes', '-p', String(world.door.port), '-N', ...args, '127.0.0.1'], { env: { PATH: '/usr/bin:/bin', ...world.env } });
    children.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    return { child, said: () => said, over: new Promise((resolve) => child.once('close', resolve)) };
  }
  const talk = (to: number | string, sent: string) => new Promise<string>((resolve, reject) => {
    let came = '';
    const socket: Socket = connect({ ...(typeof to === 'number' ? { port: to, host: '127.0.0.1' } : { path: to }), allowHalfOpen: true }, () => socket.end(sent));
    socket.on('data', (part: Buffer) => (came += part.toString())).on('error', reject).on('end', () => resolve(came));
  });

  it('is permitted by its name; each connection is decided and counted', async () => {
    const port = await freePort();
    permitted = new Set([`listen.localhost:${port}`]);
    client('-R', `${port}:127.0.0.1:${at}`);
    await expect.poll(() => decided('allow').length, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => talk(port, 'from the target').catch(() => null), { timeout: 10_000 }).toBe('from the target');
    await expect.poll(() => settled().length).toBe(1);
    expect(world.ports.recorded).toMatchObject([
      { what: 'decided', decision: 'allow', text: `listen localhost:${port}` },
      { what: 'decided', decision: 'allow', text: `forward from localhost:${port}` },
      { what: 'content.passed', data: { direction: 'read', bytes: 15 } },
      { what: 'content.passed', data: { direction: 'write', bytes: 15 } },
      { what: 'settled', result: { status: 'ok', bytes: 15 } },
    ]);
  });

  it('ends with the session, at the target too', async () => {
    const port = await freePort();
    permitted = new Set([`listen.localhost:${port}`]);
    const { child } = client('-R', `${port}:127.0.0.1:${at}`);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe('x');
    child.kill('SIGKILL');
    await expect.poll(() => open(), { timeout: 10_000 }).toBe(0);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe(null);
  });

  it('may be a port of the target’s choice, whose connections are ruled by the name that was asked for', async () => {
    permitted = new Set(['listen.localhost:0']);
    const { said } = client('-R', `localhost:0:127.0.0.1:${at}`);
    await expect.poll(() => /Allocated port (\d+)/.exec(said())?.[1], { timeout: 10_000 }).toBeDefined();
    const port = Number(/Allocated port (\d+)/.exec(said())?.[1]);
    await expect.poll(() => talk(port, 'hello').catch(() => null), { timeout: 10_000 }).toBe('hello');
    expect(decided('allow')).toMatchObject([{ text: 'listen localhost:0' }, { text: `forward from localhost:${port}` }]);
  });

  it('is refused where policy does not name it, and the client is told', async () => {
    const port = await freePort();
    permitted = new Set([`listen.*:${port}`]);
    const { over, said } = client('-R', `${port}:127.0.0.1:${at}`);
    expect(await over).toBe(255);
    expect(said()).toContain(`remote port forwarding failed for listen port ${port}`);
    expect(world.ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny', text: `listen localhost:${port}` }]);
  });

  it('gives no connection to a client whose permission for it has gone meanwhile', async () => {
    const port = await freePort();
    permitted = new Set([`listen.localhost:${port}`]);
    client('-R', `${port}:127.0.0.1:${at}`);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe('x');
    permitted = new Set();
    expect(await talk(port, 'y').catch(() => '')).toBe('');
    await expect.poll(() => decided('deny')).toMatchObject([{ text: `forward from localhost:${port}` }]);
  });

  it('that the target does not give is told as that', async () => {
    // A port that only root may take.
    permitted = new Set(['listen.localhost:1']);
    const { over } = client('-R', `1:127.0.0.1:${at}`);
    expect(await over).toBe(255);
    expect(settled()).toMatchObject([{ status: 'failed', error: 'target-refused' }]);
  });

  it('is no more than the settings say', async () => {
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    permitted = new Set(ports.map((port) => `listen.localhost:${port}`));
    const { over } = client(...ports.flatMap((port) => ['-R', `${port}:127.0.0.1:${at}`]));
    expect(await over).toBe(255);
    expect(refused()).toMatchObject([{ what: 'one more listener' }]);
  });

  it.each(['127.1', '0x7f.1', '::ffff:127.0.0.1'])('is refused whatever policy says at %s: no rule could name it', async (address) => {
    world.ports.decide = () => allow();
    const { over } = client('-R', `[${address}]:${await freePort()}:127.0.0.1:${at}`);
    expect(await over).toBe(255);
    expect(decided('allow')).toEqual([]);
    expect(refused()).toMatchObject([{ what: 'listening at what is no plain name, address or path' }]);
  });

  it('is stopped when the client cancels it (its control socket says so)', async () => {
    const port = await freePort();
    const control = join(sockets, 'control');
    permitted = new Set([`listen.localhost:${port}`]);
    client('-M', '-S', control, '-R', `${port}:127.0.0.1:${at}`);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe('x');
    expect((await world.run('ssh', ['-F', '/dev/null', '-S', control, '-O', 'cancel', '-R', `${port}:127.0.0.1:${at}`, '127.0.0.1'])).code).toBe(0);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe(null);
    await expect.poll(() => open()).toBe(0);
  });

  it('may be a unix socket of the target, by its path', async () => {
    const path = join(sockets, 'listened');
    permitted = new Set([`listen.${path}`]);
    client('-R', `${path}:127.0.0.1:${at}`);
    await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => talk(path, 'by a path').catch(() => null), { timeout: 10_000 }).toBe('by a path');
    await expect.poll(() => passed()).toMatchObject([{ direction: 'read', bytes: 9 }, { direction: 'write', bytes: 9 }]);
  });

  it('a unix socket that the target reaches is permitted by its path, and refused otherwise', async () => {
    const path = join(sockets, 'reached');
    const unix = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => unix.listen(path, resolve));
    await chmod(path, 0o777);
    const port = await freePort();
    permitted = new Set([`socket.${path}`]);
    client('-L', `127.0.0.1:${port}:${path}`);
    await expect.poll(() => talk(port, 'to a path').catch(() => null), { timeout: 10_000 }).toBe('to a path');
    await expect.poll(() => decided('allow').at(-1)).toMatchObject({ text: `forward ${path}` });
    permitted = new Set();
    expect(await talk(port, 'to a path').catch(() => '')).toBe('');
    await expect.poll(() => decided('deny')).toMatchObject([{ text: `forward ${path}` }]);
    unix.close();
  });

  it('a socket’s path that could be spelt otherwise is refused whatever policy says', async () => {
    world.ports.decide = () => allow();
    const port = await freePort();
    client('-L', `127.0.0.1:${port}:${world.path}/../x`);
    await expect.poll(() => talk(port, 'x').catch(() => null), { timeout: 10_000 }).toBe('');
    expect(refused().length).toBeGreaterThan(0);
    expect(decided('allow')).toEqual([]);
  });

  it('is refused to a certificate that does not bear it', async () => {
    await using limited = await startWorld({ extensions: new Set(['permit-pty']) });
    const answer = await limited.run('ssh', [...limited.options, '-o', 'ExitOnForwardFailure=yes', '-p', String(limited.door.port), '-N', '-R', `${await freePort()}:127.0.0.1:${at}`, '127.0.0.1']);
    expect(answer.code).toBe(255);
    expect(limited.ports.recorded).toMatchObject([{ what: 'command.refused' }]);
  });
});
