import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import type { Credential, SecretLease, Target } from '@sallyport/domain-model';
import { FrameSplitter, Inlet } from '@sallyport/protocol-relay';
import { freePort, startPostgres, tlsMaterial, type PostgresServer, type TlsMaterial } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommandComplete, readDataRow, readErrorFields, sslRequest, writeParameterStatus, writeQuery, writeReadyForQuery } from './messages/index.ts';
import { Body } from './messages/body.ts';
import { dialUpstream, UpstreamError, type DialRequest, type Upstream } from './upstream.ts';

const secret = 'corr3ct-Horse';
let tls: TlsMaterial;
let server: PostgresServer;

/** One role for each way of logging in; the server is Debian's PostgreSQL 15. */
const hba = [
  'host all postgres 127.0.0.1/32 scram-sha-256',
  'hostnossl all r_trust 127.0.0.1/32 trust',
  'hostnossl all r_clear 127.0.0.1/32 password',
  'hostnossl all r_md5 127.0.0.1/32 md5',
  'hostnossl all r_scram 127.0.0.1/32 scram-sha-256',
  'hostssl all r_clear,r_md5,r_scram,r_umlaut 127.0.0.1/32 scram-sha-256',
  'hostssl all r_md5_tls 127.0.0.1/32 md5',
  'local all r_scram scram-sha-256',
];

beforeAll(async () => {
  tls = await tlsMaterial();
  server = await startPostgres({ version: 'debian15', tls: { cert: tls.cert, key: tls.key }, hba });
  await server.sql(`create role r_trust login; create role r_scram login password '${secret}'; create role r_clear login password '${secret}'; create role r_umlaut login password 'grüß\u00adgott';
    set password_encryption = md5; create role r_md5 login password '${secret}'`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await tls[Symbol.asyncDispose]();
});

interface Wish extends Partial<Omit<DialRequest, 'target'>> {
  readonly user?: string;
  readonly password?: string;
  readonly tls?: Partial<Target['tls']>;
  readonly host?: string;
  readonly port?: number;
}

/** What happened to the lease of the last dial. */
let disposed = 0;
let secretBytes = Buffer.alloc(0);

function lease(username: string, password: string): SecretLease {
  const value = Buffer.from(password);
  secretBytes = value;
  return {
    use: <T>(work: (credential: Credential) => T): T => work({ username, secret: value }),
    [Symbol.asyncDispose]: () => {
      disposed++;
      value.fill(0);
      return Promise.resolve();
    },
  };
}

function dial(wish: Wish = {}): Promise<Upstream> {
  const { user = 'r_scram', password = secret, host = 'localhost', port = server.port, tls: wanted, ...rest } = wish;
  disposed = 0;
  return dialUpstream({
    target: { address: { host, port }, tls: { mode: 'verify-full', ca: tls.pem.ca, serverName: null, ...wanted } },
    database: 'postgres',
    parameters: {},
    credential: () => Promise.resolve(lease(user, password)),
    signal: new AbortController().signal,
    timeoutMs: 5000,
    ...rest,
  });
}

/** Runs one simple query on a fresh upstream and closes it: rows as text, or the SQLSTATE. */
async function ask(upstream: Upstream, text: string): Promise<(string | null)[][] | string> {
  const splitter = new FrameSplitter({ maxFrame: 1 << 20 });
  const rows: (string | null)[][] = [];
  let failed: string | null = null;
  return new Promise((resolve, reject) => {
    const inlet = new Inlet(upstream.socket, (chunk) =>
      splitter.push(chunk, (type, bytes, start, end) => {
        if (type === 0x44) rows.push(readDataRow(bytes, start, end));
        if (type === 0x45) failed = readErrorFields(bytes, start, end).get('C') ?? '?';
        if (type === 0x43) readCommandComplete(bytes, start, end);
        if (type !== 0x5a) return;
        inlet.socket.destroy();
        resolve(failed ?? rows);
      }),
    );
    inlet.socket.on('error', reject);
    inlet.resume();
    inlet.socket.write(writeQuery(text));
  });
}

describe('logging in to PostgreSQL 15', () => {
  const off = { mode: 'off' } as const;
  it.each<[string, Wish]>([
    ['by trust', { user: 'r_trust', tls: off }],
    ['with a cleartext password on loopback', { user: 'r_clear', tls: off }],
    ['with md5', { user: 'r_md5', tls: off }],
    ['with SCRAM-SHA-256', { user: 'r_scram', tls: off }],
    ['with SCRAM-SHA-256-PLUS, bound to the certificate', { user: 'r_scram' }],
    ['verifying the chain but not the name', { host: '127.0.0.1', tls: { mode: 'verify-ca', serverName: 'another.name' } }],
    ['verifying a name that is configured', { host: '127.0.0.1', tls: { serverName: 'localhost' } }],
    ['verifying an address', { host: '127.0.0.1' }],
  ])('%s', async (_how, wish) => {
    const upstream = await dial(wish);
    expect(upstream.parameters.get('client_encoding')).toBe('UTF8');
    expect(upstream.parameters.get('standard_conforming_strings')).toBe('on');
    expect(upstream.parameters.get('server_version')).toMatch(/^15\./);
    expect(upstream.key?.length).toBe(8);
    expect(upstream.rest.length).toBe(0);
    expect(disposed).toBe(1);
    expect(secretBytes.every((byte) => byte === 0)).toBe(true);
    expect(await ask(upstream, 'select current_user')).toEqual([[wish.user ?? 'r_scram']]);
  });

  it('over a socket folder', async () => {
    expect(await ask(await dial({ host: server.sockets, tls: { mode: 'off' } }), 'select 1')).toEqual([['1']]);
  });

  it('with a password that SASLprep changes', async () => {
    // The server was told the password with a soft hyphen; both sides drop it.
    const upstream = await dial({ user: 'r_umlaut', password: 'grüßgott' });
    expect(await ask(upstream, 'select 1')).toEqual([['1']]);
  });

  it('is really bound to the channel: somebody between us with a certificate that we trust cannot pass the login on', async () => {
    await using other = await tlsMaterial();
    await between(other, async (port) => {
      expect(await failure(dial({ port, tls: { ca: other.pem.ca } }))).toMatchObject({ code: 'target-auth', sqlstate: '28000' });
      // The same way without channel binding works, so it is the binding that stopped it.
      await server.sql(`set password_encryption = md5; create role r_md5_tls login password '${secret}'`);
      expect(await ask(await dial({ port, user: 'r_md5_tls', tls: { ca: other.pem.ca } }), 'select 1')).toEqual([['1']]);
    });
  });

  it('with the authority as the path of a file', async () => {
    expect(await readFile(tls.ca, 'utf8')).toBe(tls.pem.ca);
    expect(await ask(await dial({ tls: { ca: tls.ca } }), 'select 1')).toEqual([['1']]);
  });

  it('takes the client’s settings along, and pins what statements are read by', async () => {
    const parameters = { search_path: '"a b", public', statement_timeout: '7s', application_name: 'nightly', client_encoding: 'LATIN1', standard_conforming_strings: 'off' };
    const upstream = await dial({ parameters });
    expect(upstream.parameters.get('application_name')).toBe('nightly');
    const shown = await ask(upstream, `select current_setting('search_path'), current_setting('statement_timeout'), current_setting('client_encoding'), current_setting('standard_conforming_strings')`);
    expect(shown).toEqual([['"a b", public', '7s', 'UTF8', 'on']]);
  });

  it('cancels what runs over a second connection, in the clear and over TLS', async () => {
    for (const wish of [{}, { tls: { mode: 'off' } }] as const) {
      const upstream = await dial(wish);
      const answer = ask(upstream, 'select pg_sleep(20)');
      await expect.poll(async () => (await server.sql(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`)).length).toBe(1);
      await upstream.cancel();
      expect(await answer).toBe('57014');
    }
  });

  it('lives on after the time limit of the dial', async () => {
    const controller = new AbortController();
    const upstream = await dial({ timeoutMs: 300, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 400));
    controller.abort();
    expect(await ask(upstream, 'select 1')).toEqual([['1']]);
  });
});

describe('logging in to PostgreSQL 18', () => {
  it('with SCRAM-SHA-256-PLUS, and cancels there', async () => {
    await using newer = await startPostgres({ tls: { cert: tls.cert, key: tls.key }, hba: ['hostssl all all 127.0.0.1/32 scram-sha-256'] });
    const upstream = await dial({ port: newer.port, user: 'postgres', password: newer.password });
    expect(upstream.parameters.get('server_version')).toMatch(/^18/);
    const answer = ask(upstream, 'select pg_sleep(20)');
    await expect.poll(async () => (await newer.sql(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`)).length).toBe(1);
    await upstream.cancel();
    expect(await answer).toBe('57014');
  });
});

async function failure(dialling: Promise<Upstream>): Promise<UpstreamError> {
  const outcome: unknown = await dialling.then((upstream) => upstream.socket.destroy(), (error: unknown) => error);
  if (!(outcome instanceof UpstreamError)) throw new Error(`no UpstreamError but ${inspect(outcome)}`);
  // Whatever an operator can print of it: no credential.
  const printed = `${inspect(outcome, { depth: 10, showHidden: true })} ${JSON.stringify(outcome)} ${String(outcome)}`;
  expect(printed).not.toContain(secret);
  expect(printed).not.toContain(Buffer.from(secret).toString('base64'));
  expect(printed).not.toContain('r_scram');
  return outcome;
}

describe('a login that fails', () => {
  it.each<[string, () => Promise<Upstream>, Partial<UpstreamError>]>([
    ['wrong password', () => dial({ password: `${secret}-not` }), { code: 'target-auth', sqlstate: '28P01' }],
    ['wrong password, md5', () => dial({ user: 'r_md5', password: `${secret}-not`, tls: { mode: 'off' } }), { code: 'target-auth', sqlstate: '28P01' }],
    ['no rule for the user', () => dial({ user: 'r_trust' }), { code: 'target-auth', sqlstate: '28000' }],
    ['unknown database', () => dial({ database: 'nowhere' }), { code: 'target-refused', sqlstate: '3D000' }],
    ['a setting with a bad value', () => dial({ parameters: { statement_timeout: 'soon' } }), { code: 'target-refused', sqlstate: '22023' }],
    ['a name that the certificate does not have', () => dial({ host: '127.0.0.1', tls: { serverName: 'another.name' } }), { code: 'target-tls' }],
    ['an authority’s file that is not there', () => dial({ tls: { ca: '/nowhere/ca.pem' } }), { code: 'target-tls' }],
    ['TLS off for another machine', () => dial({ host: '192.0.2.1', tls: { mode: 'off' } }), { code: 'target-tls' }],
    ['a password that SASLprep is not done for', () => dial({ password: 'pass\u{1f511}' }), { code: 'target-auth' }],
    ['a credential with a NUL', () => dial({ password: 'a\0b' }), { code: 'target-auth' }],
    ['no credential', () => dial({ credential: () => Promise.reject(new Error('vault is sealed')) }), { code: 'target-auth' }],
  ])('%s', async (_what, attempt, expected) => {
    const error = await failure(attempt());
    expect({ code: error.code, ...('sqlstate' in expected && { sqlstate: error.sqlstate }) }).toEqual(expected);
  });

  it('gives the lease back all the same', async () => {
    await failure(dial({ password: `${secret}-not` }));
    expect(disposed).toBe(1);
  });

  it('does not ask for a credential before the target is known to be the right one', async () => {
    await using other = await tlsMaterial();
    let asked = 0;
    const error = await failure(dial({ tls: { ca: other.pem.ca }, credential: () => Promise.resolve(lease('r_scram', `${secret}${asked++}`)) }));
    expect(error.code).toBe('target-tls');
    expect(asked).toBe(0);
  });

  it('nobody there', async () => {
    expect((await failure(dial({ port: await freePort() }))).code).toBe('target-unreachable');
    expect((await failure(dial({ host: 'no-such-host.invalid' }))).code).toBe('target-unreachable');
  });

  it('given up by the session', async () => {
    const controller = new AbortController();
    controller.abort();
    expect((await failure(dial({ signal: controller.signal }))).code).toBe('target-unreachable');
  });
});

/** A target that says what the test wants: after each thing it hears, the next answer. */
async function scripted(answers: readonly Buffer[], work: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const fake = createServer((socket) => {
    sockets.push(socket);
    let next = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const answer = answers[next++];
      if (answer !== undefined) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = fake.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  try {
    await work(address.port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => fake.close(resolve));
  }
}

/** Somebody in the middle: TLS of his own on both sides, every byte passed on. */
async function between(own: TlsMaterial, work: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const secureContext = createSecureContext({ cert: own.pem.cert, key: own.pem.key });
  const middle = createServer((client) => {
    client.once('data', () => {
      const onward = connect(server.port, '127.0.0.1', () => onward.write(sslRequest));
      onward.once('data', () => {
        const toServer = connectTls({ socket: onward, rejectUnauthorized: false });
        client.write('S');
        const toClient = new TLSSocket(client, { isServer: true, secureContext });
        toClient.pipe(toServer).pipe(toClient);
        sockets.push(client, onward, toServer, toClient);
        for (const socket of sockets) socket.on('error', () => undefined);
      });
    });
  });
  await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = middle.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  try {
    await work(address.port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => middle.close(resolve));
  }
}

const authentication = (kind: number, more = Buffer.alloc(0)) => new Body().int32(kind).bytes(more).frame('R');
const ok = authentication(0);
const pinned = Buffer.concat([writeParameterStatus('client_encoding', 'UTF8'), writeParameterStatus('standard_conforming_strings', 'on')]);

describe('a hostile or broken target', () => {
  const clear: Wish = { host: '127.0.0.1', tls: { mode: 'off' }, timeoutMs: 1500 };

  it.each<[string, readonly Buffer[], Partial<UpstreamError>]>([
    ['says AuthenticationOk in the middle of SCRAM', [authentication(10, Buffer.from('SCRAM-SHA-256\0\0')), ok], { code: 'target-auth' }],
    ['goes on with SCRAM that never began', [authentication(11, Buffer.from('r=x,s=eA==,i=1'))], { code: 'target-refused' }],
    ['offers only mechanisms nobody knows', [authentication(10, Buffer.from('PLAIN\0\0'))], { code: 'target-auth' }],
    ['asks for Kerberos', [authentication(7)], { code: 'target-auth' }],
    ['sends a message of 2 GB', [Buffer.from('527fffffff00000000', 'hex')], { code: 'target-refused' }],
    ['sends rows before it is ready', [Buffer.concat([ok, new Body().int16(0).frame('D')])], { code: 'target-refused' }],
    ['does not take the pinned settings', [Buffer.concat([ok, writeParameterStatus('client_encoding', 'LATIN1'), writeReadyForQuery('I')])], { code: 'target-refused' }],
    ['is no PostgreSQL', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], { code: 'target-refused' }],
    ['says nothing', [], { code: 'target-unreachable' }],
  ])('that %s', async (_what, answers, expected) => {
    await scripted(answers, async (port) => {
      expect(await failure(dial({ ...clear, port }))).toMatchObject(expected);
    });
  });

  it.each<[string, Buffer]>([
    ['has no TLS', Buffer.from('N')],
    ['sends unencrypted data behind its S', Buffer.concat([Buffer.from('S'), ok])],
    ['answers with an error', new Body().bytes(Buffer.from('SFATAL\0C0A000\0\0')).frame('E')],
    ['answers TLS with garbage', Buffer.from('S')],
  ])('that %s is given no credential', async (_what, answer) => {
    let asked = 0;
    await scripted([answer, Buffer.from('garbage, and more of it')], async (port) => {
      expect(await failure(dial({ port, timeoutMs: 1500, credential: () => Promise.resolve(lease('r_scram', `${asked++}`)) }))).toMatchObject({ code: 'target-tls' });
    });
    expect(asked).toBe(0);
  });

  it('is not believed about errors: only the SQLSTATE is passed on', async () => {
    const words = new Body().bytes(Buffer.from(`SFATAL\0C28P01\0Mpassword authentication failed for user "r_scram" with ${secret}\0\0`)).frame('E');
    await scripted([words], async (port) => {
      expect(await failure(dial({ ...clear, port }))).toMatchObject({ code: 'target-auth', sqlstate: '28P01', message: 'the target did not accept the credential (SQLSTATE 28P01)' });
    });
  });

  it('that stops in the middle of a message', async () => {
    await scripted([ok.subarray(0, 7)], async (port) => {
      expect(await failure(dial({ ...clear, port, timeoutMs: 200 }))).toMatchObject({ code: 'target-unreachable' });
    });
  });

  it('may send settings and notices in any order, give no key, and what comes behind is kept', async () => {
    const notice = new Body().bytes(Buffer.from('SNOTICE\0Mhello\0\0')).frame('N');
    const login = Buffer.concat([notice, ok, notice, pinned, writeReadyForQuery('I'), Buffer.from('behind')]);
    await scripted([login], async (port) => {
      const upstream = await dial({ ...clear, port });
      expect(upstream.rest.toString()).toBe('behind');
      expect(upstream.key).toBeNull();
      await upstream.cancel();
      upstream.socket.destroy();
    });
  });
});
