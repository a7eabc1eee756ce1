import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import pg from 'pg';
import { tlsMaterial, type TlsMaterial } from '@sallyport/testing-stack';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresGreeting } from './greet.ts';
import { Body } from './messages/body.ts';
import { gssEncRequest, readErrorFields, sslRequest, writeCancelRequest, writePassword, writeStartup } from './messages/index.ts';
import { openGreetingPort, type GreetingPort } from './testing/greeting-port.ts';

const run = promisify(execFile);
let tls: TlsMaterial;
let gate: GreetingPort;

beforeAll(async () => {
  tls = await tlsMaterial();
  gate = await openGreetingPort(tls.pem);
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await tls[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await expect.poll(() => gate.pending).toBe(0);
  gate.outcomes.length = 0;
  gate.cancels.length = 0;
});

const token = 'e'.repeat(8000);

/** Runs the real psql; it must fail, because this port refuses everybody after greeting. */
async function psql(conninfo: string, environment: Record<string, string> = {}): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: token, PGCONNECT_TIMEOUT: '10', ...environment };
  const outcome = await run('psql', ['-X', '-w', '-c', 'select 1', `host=localhost hostaddr=127.0.0.1 port=${gate.port} ${conninfo}`], { env }).then(
    () => ({ stderr: 'psql succeeded' }),
    (error: { stderr: string }) => error,
  );
  return outcome.stderr;
}

async function greeted(): Promise<PostgresGreeting> {
  await expect.poll(() => gate.outcomes.length).toBeGreaterThan(0);
  const last = gate.outcomes.at(-1);
  if (last === null || last === undefined || last instanceof Error) throw new Error(`no greeting but ${String(last)}`);
  return last;
}

describe('greeting psql', () => {
  it('over TLS with full verification, an 8 KB token as password, and GSS preferred', async () => {
    const said = await psql(`user=reader@ledger-db dbname=ledger sslmode=verify-full sslrootcert=${tls.ca} gssencmode=prefer application_name=nightly`);
    expect(said).toContain('FATAL:  nobody may come in');
    expect(said).toContain('DETAIL:  request request-1');
    expect(said).toContain('HINT:  this is a test');
    const greeting = await greeted();
    expect(greeting).toMatchObject({ role: 'reader', target: 'ledger-db', database: 'ledger', protocol: '3.0', client: 'nightly', parameters: { application_name: 'nightly' } });
    expect(greeting.token.open('to compare')).toBe(token);
    expect(JSON.stringify(greeting.token)).toBe('"[sealed]"');
    expect(greeting.rest.length).toBe(0);
  });

  it('with nothing but a target: the database is then the target’s name', async () => {
    await psql(`user=ledger-db sslmode=require`);
    expect(await greeted()).toMatchObject({ role: null, target: 'ledger-db', database: 'ledger-db' });
  });

  it('with sslmode=disable: refused before a password is asked for, with the way out', async () => {
    const said = await psql('user=ledger-db dbname=ledger sslmode=disable gssencmode=disable');
    expect(said).toContain('FATAL:  TLS is required');
    expect(said).toContain('HINT:  connect with sslmode=verify-full');
    await expect.poll(() => gate.outcomes).toEqual([null]);
  });

  it('with replication and with a setting that is not on the list: refused by name', async () => {
    expect(await psql('user=ledger-db dbname=ledger sslmode=require replication=database')).toContain('FATAL:  replication connections are not supported');
    const said = await psql('user=ledger-db dbname=ledger sslmode=require', { PGOPTIONS: '-c session_replication_role=replica' });
    expect(said).toContain('FATAL:  the startup parameter "session_replication_role" is not accepted');
    expect(said).toContain('HINT:  accepted are user, database, options and application_name');
  });

  it('with a user name that is no target, and with an empty password', async () => {
    expect(await psql('user=a@b@c dbname=ledger sslmode=require')).toContain('FATAL:  the user name is not of the form [role@]target');
    expect(await psql('user=ledger-db dbname=ledger sslmode=require', { PGPASSWORD: '' })).toMatch(/no password supplied/);
    await expect.poll(() => gate.outcomes.length).toBe(2);
    await expect.poll(() => gate.outcomes).toEqual([null, null]);
  });

  it('that trusts another CA: the client goes, and nothing breaks', async () => {
    await using other = await tlsMaterial();
    expect(await psql(`user=ledger-db dbname=ledger sslmode=verify-full sslrootcert=${other.ca}`)).toContain('certificate verify failed');
    await expect.poll(() => gate.outcomes).toEqual([null]);
  });
});

describe('greeting node-postgres', () => {
  it('gives it the refusal as an error with code and hint', async () => {
    const client = new pg.Client({ host: 'localhost', port: gate.port, user: 'ledger-db', database: 'ledger', password: token, statement_timeout: 5000, ssl: { ca: tls.pem.ca } });
    await expect(client.connect()).rejects.toMatchObject({ severity: 'FATAL', code: '28000', message: 'nobody may come in', hint: 'this is a test' });
    expect(await greeted()).toMatchObject({ parameters: { statement_timeout: '5000' } });
  });
});

/** Everything that a peer sends until it closes. */
function untilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks))));
}

function open(): Socket {
  return connect(gate.port, '127.0.0.1');
}

function error(frame: Buffer): Record<string, string> {
  const fields = readErrorFields(frame, 5, frame.readUInt32BE(1) + 1);
  return { type: String.fromCharCode(frame[0] ?? 0), ...Object.fromEntries(fields) };
}

/** TLS by SSLRequest, by hand. */
async function encrypted(): Promise<TLSSocket> {
  const socket = open();
  socket.write(sslRequest);
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  expect(answer.toString()).toBe('S');
  return overTls({ socket });
}

function overTls(options: { socket?: Socket; port?: number; ALPNProtocols?: string[] }): Promise<TLSSocket> {
  const secure = connectTls({ ...options, ca: tls.pem.ca, servername: 'localhost' });
  return new Promise((resolve, reject) => {
    secure.once('error', reject);
    secure.once('secureConnect', () => resolve(secure));
  });
}

const startup = writeStartup(0, [['user', 'ledger-db'], ['database', 'ledger']]);

describe('greeting on the wire', () => {
  it('takes TLS at once when ALPN says postgresql', async () => {
    const socket = await overTls({ port: gate.port, ALPNProtocols: ['postgresql'] });
    expect(socket.alpnProtocol).toBe('postgresql');
    socket.write(startup);
    expect((await new Promise<Buffer>((resolve) => socket.once('data', resolve))).toString('hex')).toBe('520000000800000003');
    const end = untilClosed(socket);
    socket.write(writePassword(Buffer.from('t')));
    expect(error(await end)).toMatchObject({ type: 'E', M: 'nobody may come in' });
  });

  it('refuses TLS at once without ALPN, inside TLS', async () => {
    const socket = await overTls({ port: gate.port });
    expect(error(await untilClosed(socket))).toMatchObject({ C: '08P01', M: 'TLS without SSLRequest needs ALPN' });
  });

  it('refuses TLS at once for another protocol', async () => {
    await expect(overTls({ port: gate.port, ALPNProtocols: ['h2'] })).rejects.toThrow();
    await expect.poll(() => gate.outcomes).toEqual([null]);
  });

  it('answers GSSENCRequest with N and goes on with SSLRequest; twice is refused', async () => {
    const socket = open();
    const end = untilClosed(socket);
    socket.write(gssEncRequest);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(gssEncRequest);
    const bytes = await end;
    expect(bytes.subarray(0, 1).toString()).toBe('N');
    expect(error(bytes.subarray(1))).toMatchObject({ M: 'GSS encryption was asked for twice' });
  });

  it('refuses bytes stuffed behind SSLRequest, which would be taken as sent inside TLS', async () => {
    const socket = open();
    const end = untilClosed(socket);
    socket.write(Buffer.concat([sslRequest, startup]));
    expect(error(await end)).toMatchObject({ C: '08P01', M: 'unencrypted data came behind the encryption request' });
  });

  it('negotiates 3.1 down to 3.0 and anything later to 3.2, with unknown options named', async () => {
    for (const [minor, spoken] of [[1, 0], [2, 2], [3, 2], [9999, 2]] as const) {
      gate.outcomes.length = 0;
      const socket = await encrypted();
      const end = untilClosed(socket);
      socket.write(writeStartup(minor, [['user', 'ledger-db'], ['_pq_.grease', '1']]));
      socket.write(writePassword(Buffer.from('t')));
      const bytes = await end;
      expect(bytes.subarray(0, 13).toString('hex')).toBe(`760000001800030${'0'.repeat(2)}${spoken}00000001`);
      expect(bytes.toString('latin1', 13, 25)).toBe('_pq_.grease\0');
      expect(bytes.toString('hex', 25, 34)).toBe('520000000800000003');
      expect(await greeted()).toMatchObject({ protocol: spoken === 2 ? '3.2' : '3.0' });
    }
  });

  it('takes a plain 3.2 startup without negotiating, and keeps what came behind the password', async () => {
    const socket = await encrypted();
    const end = untilClosed(socket);
    socket.write(Buffer.concat([writeStartup(2, [['user', 'ledger-db']]), writePassword(Buffer.from('t')), Buffer.from('behind')]));
    expect((await end).toString('hex', 0, 9)).toBe('520000000800000003');
    const greeting = await greeted();
    expect(greeting.protocol).toBe('3.2');
    expect(greeting.rest.toString()).toBe('behind');
  });

  it('passes cancel keys of 3.0 and 3.2 on, in the clear and inside TLS, and closes without a word', async () => {
    const short = Buffer.from('00001234deadbeef', 'hex');
    const long = Buffer.concat([Buffer.from('00001234', 'hex'), Buffer.alloc(32, 7)]);
    const plain = open();
    plain.write(writeCancelRequest(short));
    expect((await untilClosed(plain)).length).toBe(0);
    const secure = await encrypted();
    secure.write(writeCancelRequest(long));
    expect((await untilClosed(secure)).length).toBe(0);
    expect(gate.cancels).toEqual([short.toString('hex'), long.toString('hex')]);
    await expect.poll(() => gate.outcomes).toEqual([null, null]);
  });

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a packet of 1 GB', Buffer.from('4000000000030000', 'hex')],
    ['a packet of 4 bytes', Buffer.from('0000000400030000', 'hex')],
    ['an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['another protocol number', Buffer.from('0000000800070000', 'hex')],
    ['zeros', Buffer.alloc(64)],
  ])('tells %s that this is not its port', async (_what, bytes) => {
    const socket = open();
    const end = untilClosed(socket);
    socket.write(bytes);
    expect(error(await end)).toMatchObject({ S: 'FATAL', C: '08P01', M: 'this is not the PostgreSQL protocol' });
    await expect.poll(() => gate.outcomes).toEqual([null]);
  });

  it.each<[string, Buffer, Record<string, string>]>([
    ['protocol 2.0', Buffer.from('0000000800020000', 'hex'), { C: '0A000', M: 'this protocol version is not supported' }],
    ['a startup without an end', new Body().int32(0x30000).bytes(Buffer.from('user\0x')).untyped(), { C: '08P01' }],
    ['encryption within encryption', sslRequest, { C: '08P01', M: 'encryption was asked for inside TLS' }],
    ['a startup of 20 KB', writeStartup(0, [['user', 'x'.repeat(20_000)]]), { C: '08P01' }],
    ['a query instead of a password', Buffer.concat([startup, new Body().text('select 1').frame('Q')]), { C: '08P01', M: 'a password message was expected' }],
    ['a password of 1 MB', Buffer.concat([startup, writePassword(Buffer.alloc(1_000_000, 65))]), { C: '28P01', M: 'the password is larger than a token can be' }],
    ['an empty password', Buffer.concat([startup, writePassword(Buffer.alloc(0))]), { C: '28P01', M: 'the password is empty' }],
    ['a password with a NUL', Buffer.concat([startup, writePassword(Buffer.from('a\0b'))]), { C: '08P01' }],
  ])('refuses %s inside TLS with one clear error', async (_what, bytes, expected) => {
    const socket = await encrypted();
    const end = untilClosed(socket);
    socket.write(bytes);
    const got = await end;
    const at = got[0] === 0x52 ? 9 : 0;
    expect(error(got.subarray(at))).toMatchObject({ type: 'E', S: 'FATAL', ...expected });
    await expect.poll(() => gate.outcomes).toEqual([null]);
  });

  it('survives a client that goes away at any step', async () => {
    const steps: (() => Promise<Socket>)[] = [
      async () => open(),
      async () => open().setNoDelay().on('connect', function (this: Socket) { this.write(sslRequest.subarray(0, 5)); }),
      async () => { const s = open(); s.write(sslRequest); await new Promise((resolve) => s.once('data', resolve)); return s; },
      () => encrypted(),
      async () => { const s = await encrypted(); s.write(startup); await new Promise((resolve) => s.once('data', resolve)); return s; },
    ];
    for (const step of steps) {
      const socket = await step();
      socket.on('error', () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    }
    await expect.poll(() => gate.outcomes).toEqual([null, null, null, null, null]);
  });

  it('cuts off a client that does not finish, and says so', async () => {
    await using hasty = await openGreetingPort(tls.pem, 100);
    const silent = connect(hasty.port, '127.0.0.1');
    expect(error(await untilClosed(silent))).toMatchObject({ C: '57014', M: 'the greeting was not finished in time' });
    const halfway = connect(hasty.port, '127.0.0.1');
    const end = untilClosed(halfway);
    halfway.write(sslRequest); // and then no TLS
    expect((await end).subarray(0, 1).toString()).toBe('S');
    await expect.poll(() => hasty.outcomes).toEqual([null, null]);
  });

  it('ends greetings under way when the service stops', async () => {
    await using stopping = await openGreetingPort(tls.pem);
    const waiting = connect(stopping.port, '127.0.0.1');
    const end = untilClosed(waiting);
    await new Promise((resolve) => waiting.once('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stopping.stop.abort();
    expect(error(await end)).toMatchObject({ C: '57P01' });
  });
});
