import { spawn, type ChildProcess } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { allow, deny } from '@sallyport/testing-kit';
import { freePort, missingSshd } from '@sallyport/testing-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('forwards of a real OpenSSH client to what the target reaches', () => {
  let world: World;
  let service: Server;
  let at: number;
  let serve: (socket: Socket) => void;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    world = await startWorld({ settings: { maxForwards: 4 } });
    service = createServer({ allowHalfOpen: true }, (socket) => serve(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    at = (service.address() as AddressInfo).port;
  });
  afterAll(async () => {
    service.close();
    await world[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    world.ports.decide = ({ facts, effects }) => (facts.kind === 'forward' && effects.some(({ verb, resource }) => verb === 'transfer' && resource.schema === 'forward' && resource.name === `127.0.0.1:${at}`) ? allow() : deny('only that port'));
    world.ports.recorded.length = 0;
    serve = (socket) => socket.pipe(socket);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** `ssh -N -L`, and the local port that it listens on. */
  async function tunnel(to: string): Promise<{ readonly port: number; readonly child: ChildProcess; readonly said: () => string }> {
    const port = await freePort();
    const child = spawn('ssh', [...world.options, '-o', 'ExitOnForwardFailure=yes', '-p', String(world.door.port), '-N', '-L', `127.0.0.1:${port}:${to}`, '127.0.0.1'], { env: { PATH: '/usr/bin:/bin', ...world.env } });
    children.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await expect.poll(() => new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    }), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => world.ports.recorded.length > 0).toBe(true);
    if (to === `127.0.0.1:${at}`) await expect.poll(() => settled().length, { timeout: 10_000 }).toBe(1);
    world.ports.recorded.length = 0;
    return { port, child, said: () => said };
  }
  /** Bytes towards the client and from it, of each forward that is over. */
  const passed = () => world.ports.recorded.flatMap((one) => (one.what === 'content.passed' ? [one.data] : []));
  const settled = () => world.ports.recorded.flatMap((one) => (one.what === 'settled' ? [one.result] : []));
  /** Sends, ends its half, and resolves with everything that came. */
  const talk = (port: number, sent: Buffer) => new Promise<Buffer>((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(sent));
    socket.on('data', (part: Buffer) => parts.push(part)).on('error', reject).on('end', () => resolve(Buffer.concat(parts)));
  });

  it.each([[0], [1], [100_000], [30_000_000]])('pass %i bytes both ways, which are counted in the evidence', async (size) => {
    const { port } = await tunnel(`127.0.0.1:${at}`);
    const sent = Buffer.alloc(size, 'forwarded ');
    const came = await talk(port, sent);
    expect(came.equals(sent)).toBe(true);
    await expect.poll(() => settled().length).toBe(1);
    expect(world.ports.recorded).toMatchObject([
      { what: 'decided', decision: 'allow', text: `forward 127.0.0.1:${at}` },
      { what: 'content.passed', data: { direction: 'read', bytes: size, sha256: null, from: null, to: null } },
      { what: 'content.passed', data: { direction: 'write', bytes: size, sha256: null, from: null, to: null } },
      { what: 'settled', result: { status: 'ok', bytes: size } },
    ]);
  });

  it('let the service end its half first, and still hear the client', async () => {
    let heard = '';
    serve = (socket) => socket.on('data', (part) => (heard += part.toString())).end('bye');
    const { port } = await tunnel(`127.0.0.1:${at}`);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let came = '';
    socket.on('data', (part) => (came += part.toString()));
    await new Promise((resolve) => socket.once('end', resolve));
    heard = '';
    socket.end('one more thing');
    await expect.poll(() => heard).toBe('one more thing');
    expect(came).toBe('bye');
    await expect.poll(() => settled()).toMatchObject([{ status: 'ok' }]);
    expect(passed()).toMatchObject([{ bytes: 3 }, { bytes: 14 }]);
  });

  it('run through ssh -W as well', async () => {
    const answer = await world.run('ssh', [...world.options, '-p', String(world.door.port), '-W', `127.0.0.1:${at}`, '127.0.0.1'], { input: 'through the pipe' });
    expect(answer).toMatchObject({ code: 0, out: 'through the pipe' });
    await expect.poll(() => settled()).toMatchObject([{ status: 'ok' }]);
    expect(passed()).toMatchObject([{ bytes: 16 }, { bytes: 16 }]);
  });

  it('are refused when policy does not permit them by name, with words at the client', async () => {
    let dialled = 0;
    serve = (socket) => {
      dialled++;
      socket.destroy();
    };
    const { code, out, err } = await world.run('ssh', ['-o', 'LogLevel=INFO', ...world.options, '-p', String(world.door.port), '-W', `localhost:${at}`, '127.0.0.1']);
    expect([code, out, dialled]).toEqual([255, '', 0]);
    expect(err).toMatch(/administratively prohibited: sallyport: refused \(denied\) request [0-9a-f-]{36}: .*only that port/);
    expect(world.ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny', text: `forward localhost:${at}` }]);
  });

  it.each(['127.1', '2130706433', '0x7f000001', '[::ffff:127.0.0.1]'])('are refused whatever policy says when they go to %s: no rule could name it', async (host) => {
    world.ports.decide = () => allow();
    const { code } = await world.run('ssh', [...world.options, '-p', String(world.door.port), '-W', `${host}:${at}`, '127.0.0.1']);
    expect(code).toBe(255);
    expect(world.ports.recorded).toMatchObject([{ what: 'command.refused' }]);
  });

  it('are refused to a certificate that does not bear them, whatever policy says', async () => {
    await using limited = await startWorld({ extensions: new Set(['permit-pty']) });
    const { code, err } = await limited.run('ssh', ['-o', 'LogLevel=INFO', ...limited.options, '-p', String(limited.door.port), '-W', `127.0.0.1:${at}`, '127.0.0.1']);
    expect(code).toBe(255);
    expect(err).toContain('does not bear permit-port-forwarding');
    await using bearing = await startWorld({ extensions: new Set(['permit-port-forwarding']) });
    expect(await bearing.run('ssh', [...bearing.options, '-p', String(bearing.door.port), '-W', `127.0.0.1:${at}`, '127.0.0.1'], { input: 'x' })).toMatchObject({ code: 0, out: 'x' });
  });

  it('that the target cannot make are told as that, and recorded as failed', async () => {
    world.ports.decide = () => allow();
    const { code, err } = await world.run('ssh', ['-o', 'LogLevel=INFO', ...world.options, '-p', String(world.door.port), '-W', `127.0.0.1:${await freePort()}`, '127.0.0.1']);
    expect(code).toBe(255);
    expect(err).toContain('sallyport: refused (target-unavailable)');
    expect(settled()).toMatchObject([{ status: 'failed', error: 'target-refused' }]);
  });

  it('end with their session, and what went through is counted', async () => {
    const { port, child } = await tunnel(`127.0.0.1:${at}`);
    let ended = false;
    serve = (socket) => socket.once('end', () => (ended = true)).resume().write('hello');
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => socket.once('data', resolve));
    child.kill('SIGKILL');
    await expect.poll(() => settled()).toMatchObject([{ status: 'cancelled' }]);
    expect(passed()).toMatchObject([{ bytes: 5 }, { bytes: 0 }]);
    await expect.poll(() => ended).toBe(true);
    socket.destroy();
  });

  it('are no more than the settings say at a time', async () => {
    const { port } = await tunnel(`127.0.0.1:${at}`);
    serve = (socket) => socket.once('end', () => socket.end()).resume().write('hello');
    const sockets = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    const answers = await Promise.all(sockets.map((socket) => new Promise<string>((resolve) => socket.once('data', () => resolve('open')).once('close', () => resolve('closed')))));
    for (const socket of sockets) socket.destroy();
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(4);
    expect(world.ports.recorded.filter((one) => one.what === 'command.refused')).toMatchObject([{ data: { what: 'one more forward' } }, { data: { what: 'one more forward' } }]);
    await expect.poll(() => settled().length).toBe(4);
  });

  it('a service that sends more than the client takes is held back', async () => {
    let sent = 0;
    serve = (socket) => {
      const more = () => {
        while (!socket.destroyed) {
          sent += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) return void socket.once('drain', more);
        }
      };
      socket.once('end', () => socket.destroy()).resume();
      more();
    };
    const { port } = await tunnel(`127.0.0.1:${at}`);
    sent = 0;
    const socket = connect(port, '127.0.0.1').on('error', () => undefined).pause();
    let before = -1;
    await expect.poll(() => {
      const still = sent > 0 && sent === before;
      before = sent;
      return still;
    }, { timeout: 20_000, interval: 500 }).toBe(true);
    expect(sent).toBeLessThan(40_000_000);
    socket.destroy();
    await expect.poll(() => settled().length, { timeout: 10_000 }).toBe(1);
  });
});
