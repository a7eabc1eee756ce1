import { randomBytes } from 'node:crypto';
import { refusal } from '@sallyport/domain-model';
import { hold } from '@sallyport/testing-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terminate, writeCopyData, writePassword, writeStartup } from '../messages/index.ts';
import { encrypted, tcp, WireClient } from '../testing/wire-client.ts';
import { b, e, extended, h, p, q, s } from '../testing/wire-scripts.ts';
import { credential, openWorld, startTarget, type Target18, type World } from '../testing/world.ts';

const setup = `
  create schema ledger;
  create table ledger.entries (id int primary key, note text);
  alter role svc_gateway_7f3 set search_path = ledger, public`;

let target: Target18;
let world: World;
const session = () => world.door.latest();
const backends = () => target.server.sql(`select pid from pg_stat_activity where usename = '${credential.username}' and state = 'active' and query like 'select pg_sleep%'`);

beforeAll(async () => {
  target = await startTarget('embedded', setup);
  world = await openWorld(target);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

describe('the beginning of a session', () => {
  it('shows the server’s settings, the target’s name as user, and a key of our own', async () => {
    await using client = await world.connect({ user: 'reader@ledger-db' });
    const parameters = client.text;
    expect(parameters).toContain('server_version');
    expect(parameters).toContain('session_authorization\0ledger-db\0');
    expect(client.key.length).toBe(8);
  });

  it('has a long key in protocol 3.2', async () => {
    await using client = await world.connect({ minor: 2 });
    expect(client.key.length).toBe(36);
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it('never names the credential, whatever is set or asked', async () => {
    await using client = await world.connect();
    await client.ask(q('set session authorization postgres'));
    await client.ask(q('reset session authorization'));
    expect(client.text).not.toContain(credential.username);
    expect(client.text).not.toContain(credential.secret);
  });

  it('takes what the client sends before it is answered', async () => {
    await using client = new WireClient(await encrypted(world.door.port, target.tls.pem.ca));
    client.send(writeStartup(0, Object.entries({ user: 'ledger-db', database: 'postgres' })), writePassword(Buffer.from('token')), q('select 1'), extended('select 2'));
    await client.until('Z');
    expect(await client.ask(Buffer.alloc(0), 2)).toEqual(['T ?column?', 'D 1', 'C SELECT 1', 'Z I', '1', '2', 'T ?column?', 'D 2', 'C SELECT 1', 'Z I']);
  });

  it.each([{ database: 'nowhere' }, { parameters: { replication: 'database' } }, { parameters: { options: '-c session_replication_role=replica' } }])('does not come about with %j', async (wish) => {
    await expect(world.connect(wish)).rejects.toThrow(/E (08001|0A000|28000|22023|42501)/);
  });

  it('of bytes that are no PostgreSQL ends in a word or a close, whatever they are', async () => {
    for (let i = 0; i < 40; i++) {
      const socket = i % 2 === 0 ? await tcp(world.door.port) : await encrypted(world.door.port, target.tls.pem.ca);
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      socket.write(randomBytes(200 + i));
      socket.end();
      await closed;
    }
    await using client = await world.connect();
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });
});

describe('a cancel request', () => {
  it('stops what runs, and what comes next is not hit by it', async () => {
    await using client = await world.connect();
    for (let i = 0; i < 10; i++) {
      client.send(q('select pg_sleep(20)'));
      await expect.poll(async () => (await backends()).length).toBe(1);
      await world.cancel(client);
      client.send(q('select 1'));
      expect(await client.ask(Buffer.alloc(0), 2)).toEqual(['T pg_sleep', 'E 57014 canceling statement due to user request', 'Z I', 'T ?column?', 'D 1', 'C SELECT 1', 'Z I']);
    }
    expect(session().ports.recorded.filter((one) => one.what === 'settled' && one.result.status === 'cancelled').length).toBe(10);
  });

  it('of a command that waits for its evidence keeps it from running', async () => {
    await using client = await world.connect();
    const { ports } = session();
    for (const bytes of [q('insert into entries values (1)'), extended('insert into entries values (1)')]) {
      ports.autoDurable = false;
      const before = ports.recorded.length;
      client.send(bytes);
      await expect.poll(() => ports.recorded.length).toBe(before + 1);
      await world.cancel(client);
      ports.autoDurable = true;
      ports.settleEvidence();
      expect((await client.ask(Buffer.alloc(0))).slice(-2)).toEqual(['E 57014 canceling statement due to user request', 'Z I']);
      expect((await client.ask(q('select 1'))).at(-2)).toBe('C SELECT 1');
    }
    expect(await target.server.sql('select * from ledger.entries')).toEqual([]);
    expect(session().gate.permits.filter(({ spent }) => spent === 0).map(({ settled }) => settled[0]?.status)).toEqual(['cancelled', 'cancelled']);
  });

  it('with another key does nothing', async () => {
    await using client = await world.connect();
    await using other = await world.connect();
    client.send(q('select pg_sleep(0.5), 5 as five'));
    await world.cancel(other);
    expect((await client.ask(Buffer.alloc(0))).slice(-2)).toEqual(['C SELECT 1', 'Z I']);
  });

  it('of a session that is idle does nothing', async () => {
    await using client = await world.connect();
    await world.cancel(client);
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });
});

describe('the end of a session', () => {
  it('by Terminate is the client’s, and the server’s connection goes with it', async () => {
    const client = await world.connect();
    await client.ask(q('select 1'));
    client.send(terminate);
    expect(await client.rest()).toEqual([]);
    expect(await session().end).toEqual({ by: 'client', why: 'terminated' });
  });

  it('by a kill says why to the client, stops what runs at the server, within a second', async () => {
    const client = await world.connect();
    client.send(q('select pg_sleep(30)'));
    await expect.poll(async () => (await backends()).length).toBe(1);
    const began = performance.now();
    session().kill(refusal('closing', 'an operator has ended this session', 'r-1'));
    expect((await client.rest()).at(-1)).toBe('E 57P01 an operator has ended this session');
    expect(await session().end).toMatchObject({ by: 'killed' });
    expect(performance.now() - began).toBeLessThan(1000);
    await expect.poll(async () => (await backends()).length).toBe(0);
  });

  it('by a server that dies is told', async () => {
    const own = await startTarget('embedded', setup);
    await using near = await openWorld(own);
    const client = await near.connect();
    client.send(q('select pg_sleep(30)'));
    await expect.poll(() => near.door.latest().gate.permits.length).toBe(1);
    await own.server.kill9();
    expect((await client.rest()).at(-1)).toMatch(/^E (08001|57P01|57P02) /);
    expect(near.door.latest().gate.permits[0]?.settled[0]).toMatchObject({ status: expect.stringMatching(/lost|failed/) });
    await expect(near.connect()).rejects.toThrow(/E 08001 the target cannot be reached/);
    await own[Symbol.asyncDispose]();
  });

  it.each([
    ['a running read', q('select pg_sleep(0.2)')],
    ['a change that waits for its evidence', q('insert into entries values (1)')],
    ['an extended change that waits for its evidence', extended('insert into entries values (1)')],
    ['several statements of which one waits', q('select 1; insert into entries values (1); select 2')],
    ['a first statement for which the server is being asked', extended('select * from entries')],
    ['a COPY that waits for data', q('copy entries from stdin')],
  ])('by a client that vanishes in the middle of %s leaves no permit open', async (_what, bytes) => {
    world.next.autoDurable = false;
    const client = await world.connect();
    client.send(bytes);
    client.send(p('', 'select 1'), b('', ''), e(), h, s, writeCopyData(Buffer.from('1\tx\n')));
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.socket.destroy();
    expect(await session().end).toMatchObject({ by: 'client' });
    session().ports.settleEvidence();
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (const { spent, settled } of session().gate.permits) expect([spent <= 1, settled.length]).toEqual([true, 1]);
    expect((await target.server.sql('select * from ledger.entries')).length).toBe(0);
  });

  it('by a kill while people think leaves nothing waiting', async () => {
    world.next.decide = () => hold();
    const client = await world.connect();
    client.send(q('delete from entries'));
    await client.until('N');
    session().kill(refusal('closing', 'the gateway is stopping', 'r-2'));
    expect((await client.rest()).at(-1)).toBe('E 57P01 the gateway is stopping');
    await expect.poll(() => session().ports.withdrawn).toEqual(['approval-1']);
  });

  it('garbage after the login ends the session with a word', async () => {
    for (let i = 0; i < 20; i++) {
      const client = await world.connect();
      client.send(Buffer.from([0x51, 0, 0, 0, i % 4]), randomBytes(64));
      expect((await client.rest()).at(-1)).toMatch(/^E (0A000|54000|42601) /);
    }
  });
});
