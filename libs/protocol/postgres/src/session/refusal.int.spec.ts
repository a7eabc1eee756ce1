import { refusal, type Decision, type Understanding } from '@sallyport/domain-model';
import { allow, deny, hold } from '@sallyport/testing-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyDone, writeCopyData } from '../messages/index.ts';
import { Body } from '../messages/body.ts';
import { b, c, d, e, extended, p, q, s } from '../testing/wire-scripts.ts';
import { openWorld, startTarget, type Target18, type World } from '../testing/world.ts';
import { show, type WireClient } from '../testing/wire-client.ts';

const setup = `
  create schema ledger;
  create table ledger.entries (id int primary key, note text);
  insert into ledger.entries select n, 'note ' || n from generate_series(1, 5) n;
  create table ledger.secret (v text);
  insert into ledger.secret values ('hidden');
  create table ledger.many as select n from generate_series(1, 100000) n;
  alter role svc_gateway_7f3 set search_path = ledger, public`;

let target: Target18;
let world: World;
let client: WireClient;

const touches = (means: Understanding, name: string) => means.effects.some(({ resource }) => resource.name === name || resource.schema === '?');
/** Nobody reads `secret` or drops anything; deleting needs a person; nothing unknown. */
const policy = (means: Understanding): Decision => {
  if (means.verb === 'unknown' || means.verb === 'define' || touches(means, 'secret')) return deny();
  return means.facts.kind === 'DELETE' ? hold() : allow();
};
const denied = (kind: string) => `E 42501 ${kind} refused: no rule permits it`;
const entries = async () => (await target.server.sql('select count(*)::int as n from ledger.entries'))[0]?.['n'];
const session = () => world.door.latest();

beforeAll(async () => {
  target = await startTarget('embedded', setup);
  world = await openWorld(target);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});
beforeEach(async () => {
  world.next.decide = policy;
  client = await world.connect();
  return async () => {
    await client[Symbol.asyncDispose]();
    await session().end;
    for (const { spent, settled } of session().gate.permits) expect([spent <= 1, settled.length > 0]).toEqual([true, true]);
  };
});

describe('a refused statement', () => {
  it('gets the reason, the rule’s words, the request id, and the session goes on', async () => {
    expect(await client.ask(q('select v from secret'))).toEqual([denied('SELECT'), 'Z I']);
    const [said] = session().gate.refusals;
    expect(client.text).toContain(`request ${said?.requestId}`);
    expect(await client.ask(q('select 1'))).toEqual(['T ?column?', 'D 1', 'C SELECT 1', 'Z I']);
  });

  it('takes its whole query with it: nothing of it runs', async () => {
    expect(await client.ask(q('insert into entries values (6); select v from secret; select 1'))).toEqual([denied('SELECT'), 'Z I']);
    expect(await entries()).toBe(5);
    expect(session().gate.permits).toMatchObject([{ spent: 0, settled: [{ status: 'unsent' }] }]);
  });

  it('fails its transaction, as an error of the server does', async () => {
    await client.ask(q('begin'));
    expect(await client.ask(q('select v from secret'))).toEqual([denied('SELECT'), 'Z E']);
    expect(await client.ask(q('select 1'))).toEqual(['E 25P02 current transaction is aborted, commands ignored until end of transaction block', 'Z E']);
    expect(await client.ask(q('rollback'))).toEqual(['C ROLLBACK', 'Z I']);
  });

  it('in the middle of a pipeline undoes the implicit transaction and skips to Sync', async () => {
    const pipeline = Buffer.concat([
      p('', 'insert into entries values (7)'), b('', ''), e(), p('', 'select v from secret'), b('', ''), e(), p('', 'insert into entries values (8)'), b('', ''), e(), s, extended('select 1'),
    ]);
    expect(await client.ask(pipeline, 2)).toEqual(['1', '2', 'C INSERT 0 1', denied('SELECT'), 'Z I', '1', '2', 'T ?column?', 'D 1', 'C SELECT 1', 'Z I']);
    expect(await entries()).toBe(5);
  });

  it('may be asked for again and again, by Parse or by Query', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await client.ask(extended('drop table entries'))).toEqual([denied('DROP TABLE'), 'Z I']);
      expect(await client.ask(q('drop table entries'))).toEqual([denied('DROP TABLE'), 'Z I']);
    }
    expect(await entries()).toBe(5);
  });

  it('was prepared while it was allowed: it is decided when it runs', async () => {
    await client.ask(Buffer.concat([p('st', 'select note from entries'), s]));
    session().ports.decide = (means) => (touches(means, 'entries') ? deny() : policy(means));
    expect(await client.ask(Buffer.concat([b('', 'st'), e(), s]))).toEqual(['2', denied('SELECT'), 'Z I']);
  });

  it('hides in EXECUTE of SQL, in a cursor or in a prepared text: the same answer', async () => {
    expect(await client.ask(q('prepare x as select v from secret'))).toEqual([denied('PREPARE'), 'Z I']);
    expect(await client.ask(q('execute x'))).toEqual([denied('EXECUTE'), 'Z I']);
    await client.ask(q('begin'));
    expect(await client.ask(q('declare x cursor for select v from secret'))).toEqual([denied('DECLARE CURSOR'), 'Z E']);
  });
});

describe('names that are not known yet', () => {
  it('are asked for before a batch that begins with BEGIN, as JDBC sends it first of all', async () => {
    expect(await client.ask(Buffer.concat([p('', 'begin'), b('', ''), e(), p('', 'select id from entries where id = 1'), b('', ''), e(), s]))).toEqual(['1', '2', 'C BEGIN', '1', '2', 'D 1', 'C SELECT 1', 'Z T']);
  });

  it('are not asked for between BEGIN and SET TRANSACTION, which must come before any query', async () => {
    await client.ask(q('begin'));
    expect(await client.ask(extended('set transaction isolation level serializable, read only'))).toEqual(['1', '2', 'n', 'C SET', 'Z T']);
    expect(await client.ask(q('select id from entries where id = 1'))).toContain('D 1');
  });

  it('are waited for behind a pipeline that moves them', async () => {
    const lines = await client.ask(Buffer.concat([q('set search_path = public'), q('set search_path = ledger'), q('select id from entries where id = 1')]), 3);
    expect(lines.slice(-4)).toEqual(['T id', 'D 1', 'C SELECT 1', 'Z I']);
  });

  it('in the same query as what moves them are refused', async () => {
    expect(await client.ask(q('set search_path = ledger; select id from entries'))).toEqual([denied('SELECT'), 'Z I']);
  });
});

describe('what never becomes a command', () => {
  it('text that cannot be parsed is not sent', async () => {
    expect(await client.ask(q('selekt'))).toEqual(['E 42601 the statement cannot be parsed: syntax error at character 1', 'Z I']);
    expect(await client.ask(extended('selekt'))).toEqual(['E 42601 the statement cannot be parsed: syntax error at character 1', 'Z I']);
    expect(session().gate.submitted).toEqual([]);
  });

  it('a text of several statements cannot be prepared', async () => {
    expect(await client.ask(extended('select 1; select 2'))).toEqual(['E 42601 a prepared statement holds one command only', 'Z I']);
  });

  it('a text over the limit is refused, the session alive', async () => {
    const text = `select '${'x'.repeat(1100 * 1024)}'`;
    const said = 'E 54000 the statement is longer than 1048576 bytes: send rows with COPY or in smaller batches, large values as parameters';
    expect(await client.ask(q(text))).toEqual([said, 'Z I']);
    expect(await client.ask(extended(text))).toEqual([said, 'Z I']);
    const rows = `select 1${', 1'.repeat(50_000)}`;
    expect(await client.ask(q(rows))).toEqual([`E 54000 the statement has ${rows.length} bytes besides long literals and comments, 131072 are read: send rows with COPY or in smaller batches, large values as parameters`, 'Z I']);
    expect((await client.ask(q(`select length('${'x'.repeat(1000 * 1024)}')`))).at(1)).toBe('D 1024000');
    expect((await client.ask(extended('select length($1)', ['x'.repeat(1100 * 1024)]))).at(-3)).toBe('D 1126400');
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it('FunctionCall is refused, the session alive', async () => {
    expect(await client.ask(new Body().int32(1598).int16(0).int16(0).int16(0).frame('F'))).toEqual(['E 0A000 function calls outside of SQL are not supported', 'Z I']);
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it.each(['p', 'K', '~', '\u0001'])('a message of type %j ends the session with a word', async (type) => {
    client.send(q('select 1'), new Body().int32(1).frame(type), q('select 2'));
    expect((await client.rest()).at(-1)).toMatch(/^E 0A000 message type 0x[0-9a-f]+ is not supported$/);
    expect(session().gate.submitted).toEqual(['select 1']);
  });

  it('names that nobody has given are refused with the server’s own codes', async () => {
    expect(await client.ask(Buffer.concat([b('', 'nobody'), s]))).toEqual(['E 26000 this prepared statement is not known in this session', 'Z I']);
    expect(await client.ask(Buffer.concat([e('nobody'), s]))).toEqual(['E 34000 this portal is not known in this session', 'Z I']);
    expect(await client.ask(Buffer.concat([d('S', 'nobody'), s]))).toEqual(['E 26000 this prepared statement is not known in this session', 'Z I']);
    expect(await client.ask(Buffer.concat([p('st', 'select 1'), p('st', 'select 2'), s]))).toEqual(['1', 'E 42P05 a prepared statement of this name exists', 'Z I']);
  });

  it('what was only bound is not run by FETCH or MOVE, which could be before its approval', async () => {
    await client.ask(q('begin'));
    await client.ask(Buffer.concat([p('', 'delete from entries returning id'), b('po', ''), s]));
    expect(await client.ask(q('move all in po'))).toEqual(['E 0A000 portals made by Bind cannot be used by FETCH or MOVE', 'Z E']);
    await client.ask(q('rollback; begin'));
    await client.ask(Buffer.concat([p('', 'delete from entries returning id'), b('po', ''), s]));
    expect((await client.ask(q('fetch all in po')))[0]).toMatch(/^E (0A000|42501)/);
    expect(await entries()).toBe(5);
  });

  it('a setting on which our reading rests is noticed when it has changed', async () => {
    session().ports.decide = () => allow();
    client.send(q('set standard_conforming_strings = off'));
    expect((await client.rest()).at(-1)).toMatch(/^E 0A000 the setting standard_conforming_strings has been changed/);
  });
});

describe('a held statement', () => {
  it('says so at once, and runs on the same connection when approved', async () => {
    client.send(q('delete from entries where id = 5'));
    expect((await client.until('N')).map(show)).toEqual(['N 00000 approval approval-1 is needed: a person must agree']);
    expect(client.text).toContain('https://console.test/a/1');
    expect(await entries()).toBe(5);
    session().ports.answer?.(true);
    expect(await client.ask(Buffer.alloc(0))).toEqual(['C DELETE 1', 'Z I']);
    await target.server.sql("insert into ledger.entries values (5, 'note 5')");
  });

  it.each(['rejected', 'expired'] as const)('fails with 42501 when %s, the session alive', async (code) => {
    client.send(q('delete from entries'));
    await client.until('N');
    session().ports.answer?.(refusal(code, `the request was ${code}`, 'r'));
    expect(await client.ask(Buffer.alloc(0))).toEqual([`E 42501 the request was ${code}`, 'Z I']);
    expect(await client.ask(q('select 1'))).toContain('D 1');
    expect(await entries()).toBe(5);
  });

  it('in the extended protocol waits at Execute, with what was pipelined behind it', async () => {
    client.send(extended('delete from entries where id = 5'), extended('select 1'));
    await client.until('N');
    session().ports.answer?.(true);
    expect(await client.ask(Buffer.alloc(0), 2)).toEqual(['1', '2', 'n', 'C DELETE 1', 'Z I', '1', '2', 'T ?column?', 'D 1', 'C SELECT 1', 'Z I']);
    await target.server.sql("insert into ledger.entries values (5, 'note 5')");
  });

  it('is withdrawn when the client cancels, the session alive', async () => {
    client.send(q('delete from entries'));
    await client.until('N');
    await world.cancel(client);
    expect(await client.ask(Buffer.alloc(0))).toEqual(['E 42501 the request for approval was withdrawn', 'Z I']);
    expect(session().ports.withdrawn).toEqual(['approval-1']);
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it('is withdrawn when the client goes away', async () => {
    client.send(q('delete from entries'));
    await client.until('N');
    client.socket.destroy();
    expect(await session().end).toMatchObject({ by: 'client' });
    await expect.poll(() => session().ports.withdrawn).toEqual(['approval-1']);
    expect(await entries()).toBe(5);
  });

  it('behind a running statement whose batch fails is dropped with it', async () => {
    client.send(p('', 'select pg_sleep(0.3), 1/0 from entries'), b('', ''), e(), p('', 'delete from entries'), b('', ''), e(), s);
    await client.until('E');
    session().ports.answer?.(true);
    expect(await client.ask(Buffer.alloc(0))).toEqual(['Z I']);
    expect(await entries()).toBe(5);
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });
});

describe('a limit', () => {
  it.each([['rows', { maxRows: 10 }, '10 rows'], ['bytes', { maxBytes: 100 }, '100 bytes']] as const)('of %s cuts a simple result with an error', async (_what, obligations, words) => {
    session().ports.decide = () => allow(obligations);
    const lines = await client.ask(q('select n from many'));
    expect(lines.slice(-2)).toEqual([`E 53400 the result was cut off: policy allows ${words}`, 'Z I']);
    expect(lines.filter((line) => line.startsWith('D ')).length).toBeLessThanOrEqual(14);
    expect(session().gate.permits.at(-1)?.settled[0]).toMatchObject({ status: 'cut' });
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it('cuts an extended result and a COPY', async () => {
    session().ports.decide = () => allow({ maxRows: 10 });
    const lines = await client.ask(extended('select n from many'));
    expect(lines.slice(-2)).toEqual(['E 53400 the result was cut off: policy allows 10 rows', 'Z I']);
    expect(lines.filter((line) => line.startsWith('D ')).length).toBe(10);
    const copied = await client.ask(q('copy many to stdout'));
    expect(copied.filter((line) => line.startsWith('d ')).length).toBe(10);
    expect(copied.slice(-2)).toEqual(['E 53400 the result was cut off: policy allows 10 rows', 'Z I']);
  });

  it('holds for a portal as a whole, however small the helpings', async () => {
    session().ports.decide = () => allow({ maxRows: 10 });
    await client.ask(q('begin'));
    const lines = await client.ask(Buffer.concat([p('', 'select n from many'), b('po', ''), e('po', 6), s]));
    expect(lines.slice(-2)).toEqual(['s', 'Z T']);
    const more = await client.ask(Buffer.concat([e('po', 6), s]));
    expect(more.filter((line) => line.startsWith('D ')).length).toBe(4);
    expect(more.slice(-2)[0]).toBe('E 53400 the result was cut off: policy allows 10 rows');
  });

  it('leaves what fits alone', async () => {
    session().ports.decide = () => allow({ maxRows: 5 });
    expect((await client.ask(q('select id from entries'))).slice(-2)).toEqual(['C SELECT 5', 'Z I']);
  });
});

describe('evidence', () => {
  it('of a change comes before the change; of a read before its result', async () => {
    const { ports } = session();
    ports.autoDurable = false;
    client.send(q('insert into entries values (9)'));
    await expect.poll(() => ports.recorded.length).toBe(1);
    expect(await entries()).toBe(5);
    ports.settleEvidence();
    expect(await client.ask(Buffer.alloc(0))).toEqual(['C INSERT 0 1', 'Z I']);
    client.send(q("select note from entries where id = 1"));
    await expect.poll(() => ports.recorded.some((one) => one.what === 'settled' && one.result.rows === 1 && one.result.status === 'ok')).toBe(true);
    expect(client.text).not.toContain('note 1');
    ports.autoDurable = true;
    ports.settleEvidence();
    expect(await client.ask(Buffer.alloc(0))).toContain('D note 1');
    await target.server.sql('delete from ledger.entries where id = 9');
  });

  it('that cannot be had refuses, the session alive', async () => {
    session().ports.refusing = 'the journal is full';
    expect((await client.ask(q('select 1')))[0]).toMatch(/^E 58030 /);
    session().ports.refusing = null;
    expect(await client.ask(q('select 1'))).toContain('D 1');
  });

  it('that fails under a running read ends the session, without the result', async () => {
    const { ports } = session();
    ports.autoDurable = false;
    client.send(q("select note from entries where id = 1"));
    await expect.poll(() => ports.recorded.some((one) => one.what === 'settled')).toBe(true);
    ports.settleEvidence(new Error('disk'));
    expect((await client.rest()).at(-1)).toMatch(/^E 58030 /);
    expect(client.text).not.toContain('note 1');
  });

  it('of a COPY FROM STDIN comes before its first byte', async () => {
    const { ports } = session();
    ports.autoDurable = false;
    client.send(q('copy entries from stdin'), writeCopyData(Buffer.from('20\tx\n')), copyDone);
    await expect.poll(() => ports.recorded.length).toBe(1);
    expect(await target.server.sql("select count(*)::int as n from pg_stat_activity where query like 'copy%'")).toEqual([{ n: 0 }]);
    ports.autoDurable = true;
    ports.settleEvidence();
    expect(await client.ask(Buffer.alloc(0))).toEqual(['G', 'C COPY 1', 'Z I']);
    expect(await client.ask(Buffer.concat([c('S', ''), s]))).toEqual(['3', 'Z I']);
    await target.server.sql('delete from ledger.entries where id = 20');
  });
});
