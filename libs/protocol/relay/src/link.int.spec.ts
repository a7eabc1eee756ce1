import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { HandshakeReader } from './handshake-reader.ts';
import { Inlet } from './inlet.ts';
import { Outlet } from './outlet.ts';

const opened: { destroy?(): unknown; close?(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) {
    if (one.destroy) one.destroy();
    else one.close?.();
  }
});

async function pair(): Promise<{ accepted: Socket; dialled: Socket }> {
  const server: Server = createServer({ pauseOnConnect: true });
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const accepting = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const dialled = connect(address.port, '127.0.0.1');
  const accepted = await accepting;
  opened.push(accepted, dialled);
  for (const socket of [accepted, dialled]) socket.on('error', () => undefined);
  return { accepted, dialled };
}

/** A pump as a session has it: inlet to outlet with back-pressure and a reused buffer. */
function pump(from: Socket, to: Outlet): Inlet {
  const inlet: Inlet = new Inlet(from, (chunk) => {
    if (to.write(chunk, 'borrowed') === 'kept') inlet.giveAway();
    if (!to.writable) {
      inlet.pause();
      to.onDrain(() => inlet.resume());
    }
  });
  opened.push(inlet.socket);
  inlet.socket.on('error', () => undefined);
  inlet.socket.on('end', () => undefined);
  return inlet;
}

const pattern = Buffer.from(Array.from({ length: 251 }, (_, i) => i));
function patternAt(offset: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => pattern[(offset + i) % 251] ?? 0));
}

describe('Inlet and Outlet', () => {
  it('carry a stream through a reused buffer unchanged, to a reader that stalls, with bounded memory', async () => {
    const left = await pair();
    const right = await pair();
    const out = new Outlet(right.accepted);
    let most = 0;
    const inlet = pump(left.accepted, out);
    inlet.resume();

    const piece = patternAt(0, 251 * 256);
    const total = piece.length * 400;
    let sent = 0;
    const send = (): void => {
      while (sent < total) {
        sent += piece.length;
        if (!left.dialled.write(piece)) return void left.dialled.once('drain', send);
      }
      left.dialled.end();
    };
    send();

    let got = 0;
    let wrong = 0;
    await new Promise<void>((resolve) => {
      right.dialled.on('data', (chunk) => {
        for (let i = 0; i < chunk.length; i += 97) if (chunk[i] !== (got + i) % 251) wrong++;
        got += chunk.length;
        most = Math.max(most, out.buffered);
        right.dialled.pause();
        setImmediate(() => right.dialled.resume());
        if (got >= total) resolve();
      });
    });
    expect(wrong).toBe(0);
    expect(got).toBe(sent);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(256 * 1024 + 64 * 1024);
  });

  it('gives no chunk before resume and none after pause', async () => {
    const { accepted, dialled } = await pair();
    const seen: string[] = [];
    const inlet: Inlet = new Inlet(accepted, (chunk) => {
      seen.push(chunk.toString());
      inlet.pause();
    });
    opened.push(inlet.socket);
    inlet.socket.on('error', () => undefined);
    dialled.write('one');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toEqual([]);
    inlet.resume();
    await expect.poll(() => seen).toEqual(['one']);
    dialled.write('two');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toEqual(['one']);
    inlet.resume();
    await expect.poll(() => seen).toEqual(['one', 'two']);
  });

  it('reuse the memory of a chunk unless it was given away', async () => {
    const { accepted, dialled } = await pair();
    const memory: ArrayBufferLike[] = [];
    const inlet: Inlet = new Inlet(accepted, (chunk) => {
      memory.push(chunk.buffer);
      if (memory.length === 2) inlet.giveAway();
      dialled.emit('next');
    });
    opened.push(inlet.socket);
    inlet.resume();
    for (let i = 0; i < 3; i++) {
      const next = new Promise<void>((resolve) => dialled.once('next', resolve));
      dialled.write('x');
      await next;
    }
    expect(memory[1]).toBe(memory[0]);
    expect(memory[2]).not.toBe(memory[1]);
  });

  it('tell the end of the peer on the socket that took over', async () => {
    const { accepted, dialled } = await pair();
    const inlet = new Inlet(accepted, () => undefined);
    opened.push(inlet.socket);
    const ended = new Promise<void>((resolve) => inlet.socket.once('close', () => resolve()));
    inlet.resume();
    dialled.end();
    await ended;
  });

  it('work the same over TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relay-tls-'));
    try {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert'), '-days', '2', '-subj', '/CN=localhost'], { stdio: 'ignore' });
      const context = createSecureContext({ key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) });
      const { accepted, dialled } = await pair();
      const server = new TLSSocket(accepted, { isServer: true, secureContext: context });
      const client = connectTls({ socket: dialled, rejectUnauthorized: false });
      opened.push(server, client);
      const out = new Outlet(server);
      pump(server, out).resume(); // an echo
      const sent = patternAt(0, 700_001);
      client.write(sent);
      const got: Buffer[] = [];
      await new Promise<void>((resolve) => client.on('data', (chunk) => (got.push(chunk), got.reduce((n, b) => n + b.length, 0) >= sent.length && resolve())));
      expect(Buffer.concat(got).equals(sent)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('HandshakeReader', () => {
  it('takes bytes as they are asked for and gives back the rest', async () => {
    const { accepted, dialled } = await pair();
    const reader = new HandshakeReader(accepted);
    dialled.write('abc');
    expect((await reader.peek(2)).toString()).toBe('ab');
    dialled.write('defgh');
    expect((await reader.take(5)).toString()).toBe('abcde');
    await expect.poll(() => reader.waiting).toBe(3);
    expect(reader.detach().toString()).toBe('fgh');
  });

  it('fails with a stable code when the peer goes away', async () => {
    const { accepted, dialled } = await pair();
    const reader = new HandshakeReader(accepted);
    dialled.end('ab');
    await expect(reader.take(3)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  it('hands the socket over to an inlet without losing a byte', async () => {
    const { accepted, dialled } = await pair();
    const reader = new HandshakeReader(accepted);
    dialled.write('login|frame1');
    await reader.take(6);
    const rest = reader.detach();
    const seen: string[] = [rest.toString()];
    const inlet = new Inlet(accepted, (chunk) => void seen.push(chunk.toString()));
    opened.push(inlet.socket);
    inlet.resume();
    dialled.write('frame2');
    await expect.poll(() => seen.join('')).toBe('frame1frame2');
  });
});
