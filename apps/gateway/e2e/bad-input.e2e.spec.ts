import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { freePort, tlsMaterial, tokenIssuer, type TlsMaterial } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cstring, encrypted, frame, int32, query, RawClient, text } from './clients/raw-client.ts';
import { missing } from './clients/programs.ts';
import { classification, group, machine, target, workload } from './support/cast.ts';
import { connect, failure, libpq, type Endpoint } from './support/endpoint.ts';
import { eventually } from './support/ledger.ts';
import { gather, sendPlain } from './support/plain-socket.ts';
import { run } from './support/run.ts';
import { writeCredential } from './support/target.ts';
import { startWorld, writeConfiguration, type World } from './support/world.ts';
import { sallyport } from '../../../scripts/stack/cli.ts';

/** Whatever comes in: one clear error with a code, nothing crashes, nothing secret is printed. */
const maxConnections = 25;
const literal = 'literal-that-belongs-in-no-log';
const used: string[] = [];

let world: World;
let other: TlsMaterial;
let pids: Record<string, number | undefined>;

beforeAll(async () => {
  other = await tlsMaterial();
  const closed = await freePort();
  world = await startWorld({
    targets: { db: { version: 'embedded', seed: 'create table t (a int)', databases: ['db'] } },
    documents: ({ issuer, servers, ca }) => {
      const at = { port: servers['db']?.server.port ?? 0, ca, credential: 'db' };
      return [
        group('clients'), machine(issuer, 'client', { groups: ['clients'] }), machine(issuer, 'idle', { state: 'suspended' }), machine(issuer, 'stranger'),
        target('db', at), target('down', { ...at, port: closed }), target('wrong-ca', { ...at, ca: other.ca }), target('wrong-credential', { ...at, credential: 'wrong' }), target('no-credential', { ...at, credential: 'absent' }),
        target('spooled', at, { evidence: 'spool' }), target('classified', at), classification('c', 'classified', [{ column: 'public.t.a', tag: 'test.a', action: 'null' }]),
      ];
    },
    policies: { 'all.cedar': `@id("all") @reason("clients may do everything") permit (principal in Group::"clients", action, resource);\n` },
    stack: async () => ({ env: { gateway: { SALLYPORT_MAX_CONNECTIONS: String(maxConnections), SALLYPORT_JOURNAL_MAX: String(1024 * 1024), SALLYPORT_GREET_TIMEOUT_MS: '3000' } } }),
  });
  writeCredential(world.stack.home.at('credentials'), 'wrong', 'ledger_app', 'not-the-password');
  pids = pidsNow();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

const pidsNow = () => Object.fromEntries(Object.values(world.stack.services).map(({ name, pid }) => [name, pid]));
const through = async (name: string, token?: string): Promise<Endpoint> => {
  const endpoint = await world.gateway(name, 'client', 'db');
  const password = token ?? endpoint.password;
  used.push(password);
  return { ...endpoint, password };
};
const refusedWith = async (token: string, name = 'db') => failure(connect(await through(name, token)));
const alive = async () => {
  await using session = await connect(await through('db'));
  expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
};

describe('a configuration', () => {
  const apply = async (documents: readonly Record<string, unknown>[], policies: Record<string, string> = {}) => {
    const directory = world.stack.home.at('bad-config');
    writeConfiguration(directory, documents, policies);
    const token = await world.issuer.token({ sub: 'erin' });
    used.push(token);
    return sallyport({ SALLYPORT_API: world.stack.env['SALLYPORT_API'] ?? '', SALLYPORT_CA: world.stack.tls.ca, SALLYPORT_TOKEN: token }, 'apply', '-f', directory);
  };

  it('with an unknown field is refused with file, line and field', async () => {
    const wrong = { ...machine(world.issuer, 'typo'), colour: 'red' };
    expect(await apply([wrong])).toMatchObject({ code: 2, err: expect.stringMatching(/0\.yaml:\d+:\d+ .*colour/) });
    const deeper: { spec?: unknown } = machine(world.issuer, 'typo');
    expect(await apply([{ ...deeper, spec: { ...Object(deeper.spec), onwer: 'alice' } }])).toMatchObject({ code: 2, err: expect.stringContaining('onwer') });
    expect((await world.cli('erin', 'get', 'machine', 'typo')).code).toBe(2);
  });

  it('with a policy that cannot be is refused, and the policy before stays', async () => {
    expect(await apply([], { 'all.cedar': 'permit (principal, action, resource) when { context.no_such == 1 };' })).toMatchObject({ code: 2 });
    expect(await apply([], { 'broken.cedar': 'permit (principal' })).toMatchObject({ code: 2, err: expect.stringContaining('broken.cedar') });
    await alive();
  });

  it('with a binding by wildcard, or of nobody who exists, is refused', async () => {
    const loose: { spec?: unknown } = machine(world.issuer, 'loose');
    const spec = { ...Object(loose.spec), bindings: [{ name: 'b', issuer: world.issuer.name, audience: world.issuer.audience, claims: { workload_id: '*' } }] };
    expect(await apply([{ ...loose, spec }])).toMatchObject({ code: 2, err: expect.stringContaining('workload_id') });
    expect(await apply([{ ...loose, spec: { ...Object(loose.spec), owner: 'nobody' } }])).toMatchObject({ code: 2, err: expect.stringContaining('nobody') });
  });
});

describe('a token', () => {
  const claims = { sub: workload('client'), workload_id: workload('client') };
  const now = () => Math.floor(Date.now() / 1000);

  it.each([
    ['that has expired', () => world.issuer.token({ ...claims, iat: now() - 600, nbf: now() - 600, exp: now() - 300 }), '28P01', /expired/],
    ['that is not yet valid', () => world.issuer.token({ ...claims, nbf: now() + 600 }), '28P01', /not/],
    ['that is too old', () => world.issuer.token({ ...claims, iat: now() - 7200, nbf: now() - 7200 }), '28P01', /old|age/],
    ['for somebody else', () => world.issuer.token({ ...claims, aud: 'another-gateway' }), '28P01', /audience|aud/],
    ['without an end', () => world.issuer.token(Object.fromEntries([...Object.entries(claims), ['exp', undefined]])), '28P01', /exp/],
    ['of a foreign issuer', async () => (await tokenIssuer('foreign')).token(claims), '28P01', /issuer/],
    ['signed by another key of the same name', async () => (await tokenIssuer()).token(claims), '28P01', /sign/],
    ['of nobody that is known', () => world.issuer.token({ ...claims, workload_id: 'unknown' }), '28P01', /machine|binding/],
    ['of a person', () => world.issuer.token({ sub: 'bob' }), '28P01', /machine|binding/],
    ['of a suspended machine', () => world.tokenOf('idle'), '28000', /suspended/],
    ['of a machine that may not connect', () => world.tokenOf('stranger'), '28000', /no rule permits/],
    ['that is none', async () => 'hunter2', '28P01', /token/],
    ['that is almost one', async () => 'eyJhbGciOiJub25lIn0.e30.', '28P01', /token|algorithm/],
    ['of 20 000 characters', async () => `eyJ${'x'.repeat(20_000)}`, '28P01', /larger|too|token/],
    ['of nothing but dots', async () => '...', '28P01', /token/],
  ])('%s is refused', async (_, make, code, words) => {
    const token = await make();
    const said = await refusedWith(token);
    expect(said).toMatchObject({ code, severity: 'FATAL', message: expect.stringMatching(words) });
    expect(`${said.message} ${said.detail} ${said.hint}`).not.toContain(token.slice(-20));
  });

  it('of 8 KB is good', async () => {
    const token = await world.issuer.token({ ...claims, padding: 'p'.repeat(5_800) });
    expect(token.length).toBeGreaterThan(8_000);
    await using session = await connect(await through('db', token));
    expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });

  it('used a second time from the same source is a pool’s, and every attempt is recorded without it', async () => {
    const token = await world.tokenOf('client');
    await using one = await connect(await through('db', token));
    await using two = await connect(await through('db', token));
    expect(one.client).not.toBe(two.client);
    const found = await eventually(world, (all) => all.filter(({ type }) => type === 'auth.failed').length >= 10);
    const all = JSON.stringify(found);
    for (const secret of used) expect(all.includes(secret)).toBe(false);
  });
});

describe('a target', () => {
  it.each([
    ['that is unknown', 'nowhere', '28000', /no target nowhere/],
    ['that is down', 'down', '08001', /cannot be reached/],
    ['whose certificate is of another authority', 'wrong-ca', '08001', /certificate/],
    ['that does not take the credential', 'wrong-credential', '08001', /credential/],
    ['whose credential is not there', 'no-credential', '08001', /./],
  ])('%s is not reached, and the error says so', async (_, name, code, words) => {
    const said = await failure(connect(await through(name)));
    expect(said).toMatchObject({ code, severity: 'FATAL', message: expect.stringMatching(words) });
    expect(JSON.stringify(said)).not.toContain('ledger_app');
    expect(JSON.stringify(said)).not.toContain(world.servers['db']?.password);
  });

  it('that has no such database says it itself', async () => {
    expect(await failure(connect({ ...(await through('db')), database: 'nowhere' }))).toMatchObject({ severity: 'FATAL' });
  });
});

describe('a client', () => {
  it('without TLS is refused before it is asked for anything', async (context) => {
    const why = await missing('psql');
    if (why !== null) return context.skip(why);
    const env = { ...libpq(await through('db')), PGSSLMODE: 'disable' };
    const { code, err } = await run('psql', ['-X', '-c', 'select 1'], { env });
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('TLS is required') });
  });

  it('that wants to replicate, or to set what it may not, is refused', async () => {
    const raw = async (parameters: Record<string, string>) => RawClient.connect(await through('db'), parameters).then(() => 'in', (error: Error) => error.message);
    expect(await raw({ replication: 'database' })).toMatch(/C0A000.*replication/);
    expect(await raw({ replication: 'true' })).toMatch(/C0A000/);
    expect(await raw({ session_replication_role: 'replica' })).toMatch(/C0A000/);
    expect(await raw({ options: '-c role=postgres' })).toMatch(/C0A000/);
    expect(await raw({ client_encoding: 'SJIS' })).toMatch(/C22023/);
  });

  it('of protocol 2, or of one to come, is told what is spoken', async () => {
    const { port, ca } = await through('db');
    const startup = async (version: number) => {
      const socket = await encrypted({ port, ca });
      const words = cstring('user').toString() + cstring('db').toString() + '\0';
      socket.write(Buffer.concat([int32(words.length + 8), int32(version), Buffer.from(words)]));
      return gather(socket, 1500);
    };
    expect((await startup(131_072)).got.toString('latin1')).toContain('C0A000');
    expect((await startup(4 << 16)).got.toString('latin1')).toContain('C0A000');
    // 3.99 is answered with NegotiateProtocolVersion and then served as 3.2.
    expect((await startup((3 << 16) | 99)).got.toString('latin1')).toMatch(/^v/);
  });

  it('that asks for GSS is told no, and may go on with TLS', async () => {
    const { port } = await through('db');
    const socket = connectPlain({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    socket.write(Buffer.concat([int32(8), int32(80_877_104)]));
    expect(String((await once(socket, 'data'))[0])).toBe('N');
    socket.write(Buffer.concat([int32(8), int32(80_877_103)]));
    expect(String((await once(socket, 'data'))[0])).toBe('S');
    socket.destroy();
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['zeros', Buffer.alloc(4096)],
    ['a length of two gigabytes', Buffer.concat([Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(100, 1)])],
    ['noise', Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919 + 13) % 251))],
    ['a plain startup', Buffer.concat([int32(17), int32(196_608), Buffer.from('user\0db\0\0')])],
    ['a record of broken TLS', Buffer.from('160301020001000000', 'hex')],
    ['an SSLRequest with more behind it', Buffer.concat([int32(8), int32(80_877_103), Buffer.from('select 1')])],
    ['nothing', Buffer.alloc(0)],
  ])('that sends %s is shut out within the time for greetings', async (_, bytes) => {
    const { port } = await through('db');
    const { closed, got } = await sendPlain(port, bytes);
    expect(closed).toBe(true);
    expect(got.toString('latin1')).not.toContain('AuthenticationOk');
    await alive();
  });

  it('that speaks TLS at once without naming the protocol is refused', async () => {
    const { port, ca } = await through('db');
    const socket = connectTls({ host: '127.0.0.1', port, ca: readFileSync(ca), servername: 'localhost' });
    socket.on('error', () => undefined);
    await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]);
    const { got, closed } = await gather(socket);
    expect(closed).toBe(true);
    if (got.length > 0) expect(got.toString('latin1')).toContain('C08P01');
  });

  it('that goes out of step after its login loses its session, and no other', async () => {
    for (const bytes of [Buffer.from('~~~~~~~~~~~~'), frame('d', Buffer.alloc(0)), frame('F', Buffer.concat([int32(1), Buffer.alloc(6)])), frame('p', cstring('again')), frame('Q', Buffer.from('select 1')), frame('B', Buffer.alloc(1))]) {
      const client = await RawClient.connect(await through('db'));
      await client.send(bytes);
      await client.send(query('select 1'));
      const seen = (await client.until('Z')).map(text);
      expect(seen.every((line) => /^[ENTDCZSc]/.test(line))).toBe(true);
      client.close();
    }
    await alive();
  });
});

describe('a statement', () => {
  it('of 300 MB is refused at its first bytes, and the gateway does not grow with it', async () => {
    const client = await RawClient.connect(await through('db'));
    const size = 300 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 0x20);
    const before = resident();
    await client.send(Buffer.concat([Buffer.from('Q'), int32(size + 5), Buffer.from(`select '${literal}`)]));
    const answer = client.message();
    let refused = false;
    void answer.then(() => (refused = true));
    for (let sent = 0; sent < size && !refused; sent += piece.length) await client.send(piece, piece.length / 2);
    expect(text((await answer) ?? { type: 'closed', body: Buffer.alloc(0) })).toMatch(/^E SFATAL·VFATAL·C54000/);
    expect(resident() - before).toBeLessThan(200);
    client.close();
    await alive();
  });

  it('over its limit is refused too, and the session lives', async () => {
    await using session = await connect(await through('db'));
    const large = (bytes: number) => session.client.query(`select length('${'x'.repeat(bytes)}') as n`);
    expect((await large(100_000)).rows).toEqual([{ n: 100_000 }]);
    expect(await failure(large(20_000_000))).toMatchObject({ code: '54000', severity: 'ERROR', message: expect.stringContaining('longer than') });
    expect((await session.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });
});

/** Megabytes of memory of the gateway. */
function resident(): number {
  const status = readFileSync(`/proc/${pids['gateway']}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

describe('a flood of connections', () => {
  it('beyond the limit is turned away, and room comes back', async () => {
    const { port } = await through('db');
    const sockets: Socket[] = [];
    let refused = 0;
    for (let i = 0; i < maxConnections * 3; i++) {
      const socket = connectPlain({ host: '127.0.0.1', port });
      socket.on('error', () => undefined).on('close', () => refused++);
      sockets.push(socket);
    }
    await new Promise((done) => setTimeout(done, 1500));
    expect(refused).toBeGreaterThanOrEqual(maxConnections);
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => setTimeout(done, 300));
    await alive();
  });
});

describe('evidence that cannot be kept', () => {
  it('stops statements with a code of its own when the bus is away and the journal is full, and all goes on when it is back', async () => {
    await using session = await connect(await through('spooled'));
    await session.client.query('select 1');
    await world.stack.nats.kill9();
    let said = null;
    const large = `select length('${'y'.repeat(100_000)}')`;
    const until = Date.now() + 25_000;
    while (said === null && Date.now() < until) said = await failure(session.client.query(large)).catch(() => null);
    expect(said).toMatchObject({ code: '58030', message: expect.stringMatching(/record/) });
    expect((await failure(connect(await through('db')))).code).toMatch(/^(58030|57P03)$/);
    await world.stack.nats.restart();
    await again();
    expect(await world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
  });
});

/** Until the gateway is ready again and a statement goes through. */
async function again(): Promise<void> {
  const until = Date.now() + 40_000;
  for (;;) {
    try {
      for (const service of Object.values(world.stack.services)) await service.ready(20_000);
      return await alive();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((done) => setTimeout(done, 300));
    }
  }
}

describe('after all that', () => {
  it('every service is the process that it was, and ready', async () => {
    for (const service of Object.values(world.stack.services)) await service.ready();
    expect(pidsNow()).toEqual(pids);
    for (const service of Object.values(world.stack.services)) expect(service.running, service.name).toBe(true);
  });

  it('no log has a token, a password, a statement or a stack of an error that nobody caught', () => {
    const directory = world.stack.home.at('logs');
    const logs = readdirSync(directory).map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));
    expect(logs.length).toBeGreaterThanOrEqual(7);
    const { secrets } = world.stack.home;
    const forbidden = [literal, 'hunter2', 'not-the-password', world.servers['db']?.password ?? '', secrets.admin, secrets.owner, ...Object.values(secrets.bus), ...Object.values(secrets.database), ...used.filter((token) => token.length > 20)];
    for (const { name, text: log } of logs) {
      expect(forbidden.filter((secret) => log.includes(secret)).map((secret) => `${secret.slice(0, 6)}…`), name).toEqual([]);
      expect(log, name).not.toMatch(/unhandled|uncaught|UnhandledPromise/i);
    }
  });
});
