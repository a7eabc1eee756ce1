import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDone, writeCopyData, writeCopyFail, writeParse } from '../messages/index.ts';
import { Body } from '../messages/body.ts';
import { b, c, d, e, extended, h, p, q, s } from '../testing/wire-scripts.ts';
import { direct, openWorld, startTarget, type Target18, type World } from '../testing/world.ts';
import type { WireClient } from '../testing/wire-client.ts';

const setup = `
  create schema ledger;
  create table ledger.entries (id int primary key, note text);
  insert into ledger.entries select n, 'note ' || n from generate_series(1, 5) n;
  create table ledger.later (id int references ledger.entries deferrable initially deferred);
  create function ledger.shout() returns int language plpgsql as $$ begin raise notice 'oh %', 1; return 1; end $$;
  alter role svc_gateway_7f3 set search_path = ledger, public`;

/** Each step is sent as one write, and heard up to so many ReadyForQuery. */
type Script = readonly (readonly [bytes: Buffer, ready: number])[];

const all = (...parts: Buffer[]) => Buffer.concat(parts);
const row = (text: string) => writeCopyData(Buffer.from(text));

/** What a client may say, and what must not be told apart from a server without us. */
const scripts: Readonly<Record<string, Script>> = {
  'one statement': [[q('select id, note from entries order by id limit 2'), 1]],
  'no statement': [[q(''), 1], [q(' ; -- nothing'), 1]],
  'several statements in one query': [[q('select 1 as a; insert into entries values (6, null); delete from entries where id = 6; select 2 as b'), 1]],
  'several statements of which the second fails': [[q('insert into entries values (7, null); select 1/0; select 2'), 1], [q('select count(*) from entries'), 1]],
  'a transaction and its states': [[q('begin'), 1], [q('select 1'), 1], [q('select 1/0'), 1], [q('select 1'), 1], [q('rollback'), 1]],
  'savepoints': [[q('begin; savepoint a'), 1], [q('select 1/0'), 1], [q('rollback to a'), 1], [q('select 1'), 1], [q('commit'), 1]],
  'a syntax error': [[q('selekt 1'), 1], [q('select 1'), 1]],
  'notices': [[q('select shout()'), 1], [q('drop table if exists nowhere_to_be_seen'), 1]],
  'two queries in one write': [[all(q('select 1'), q('select 2')), 2]],
  'the extended protocol': [[extended('select id, note from entries where id = $1', ['3']), 1]],
  'binary results': [[extended('select id, note from entries where id = 3', [], 'binary'), 1]],
  'an empty extended statement': [[all(p('', ''), b('', ''), d('P'), e(), s), 1]],
  'named statements and portals': [[all(p('st', 'select id from entries where id > $1 order by id'), b('po', 'st', ['2']), d('S', 'st'), d('P', 'po'), e('po'), c('P', 'po'), c('S', 'st'), s), 1]],
  'a statement used by many batches': [[all(p('many', 'select $1::int + 1'), s), 1], [all(b('', 'many', ['1']), e(), s, b('', 'many', ['2']), e(), s), 2], [all(c('S', 'many'), s), 1]],
  'a row limit, resumed': [[q('begin'), 1], [all(p('', 'select id from entries order by id'), b('', ''), e('', 2), e('', 2), e('', 2), s), 1], [q('commit'), 1]],
  'a row limit, resumed in another batch': [[q('begin'), 1], [all(p('', 'select id from entries order by id'), b('po', ''), e('po', 2), s), 1], [all(e('po', 2), s), 1], [all(e('po', 2), s), 1], [q('commit'), 1]],
  'an error in the middle of a pipeline': [[all(extended('select 1'), p('', 'select 1/0'), b('', ''), e(), p('', 'select 2'), b('', ''), e(), s, extended('select 3')), 3]],
  'an error in an implicit transaction undoes what came before': [
    [all(p('', 'insert into entries values (8, null)'), b('', ''), e(), p('', 'select 1/0'), b('', ''), e(), s), 1],
    [q('select count(*) from entries'), 1],
  ],
  'an error that is cleared only by Sync': [[all(p('', 'selekt'), q('select 1'), p('', 'select 2'), s, q('select 3')), 2]],
  'a deferred constraint that fails at Sync': [[all(p('', 'insert into later values (99)'), b('', ''), e(), s), 1], [q('select count(*) from later'), 1]],
  'closing what is not there': [[all(c('S', 'nothing'), c('P', 'nothing'), s), 1]],
  'a name that is taken': [[all(p('twice', 'select 1'), s, p('twice', 'select 2'), s, c('S', 'twice'), s), 3]],
  'a name that is taken and fails, then free again': [[all(p('again', 'select 1'), c('S', 'again'), p('again', 'select 2'), b('', 'again'), e(), c('S', 'again'), s), 1]],
  'a Close that was skipped leaves its statement': [[all(p('kept', 'select 1 as one'), s, p('', 'selekt'), c('S', 'kept'), s, b('', 'kept'), e(), c('S', 'kept'), s), 3]],
  'a Parse that failed leaves its name free': [[all(p('free', 'select nowhere from nothing'), s), 1], [all(p('free', 'select 1'), b('', 'free'), e(), c('S', 'free'), s), 1]],
  'cursors of SQL': [[q('begin'), 1], [q('declare cu cursor for select id from entries order by id'), 1], [q('fetch 2 from cu'), 1], [q('fetch all from cu'), 1], [q('close cu'), 1], [q('commit'), 1]],
  'prepared statements of SQL': [[q('prepare sp (int) as select id from entries where id = $1'), 1], [q('execute sp (2)'), 1], [q('deallocate sp'), 1]],
  'EXECUTE of what Parse has named': [[all(p('pp', 'select id from entries where id = 4'), s), 1], [q('execute pp'), 1], [q('deallocate pp'), 1]],
  'COPY out': [[q('copy (select id, note from entries order by id limit 2) to stdout'), 1], [q('copy entries to stdout (format csv, header)'), 1]],
  'COPY out in the extended protocol': [[all(p('', 'copy entries (id) to stdout'), b('', ''), e(), s), 1]],
  'COPY in with all its data at once': [[all(q('copy entries from stdin'), row('10\tten\n'), row('11\tele'), row('ven\n'), copyDone), 1], [q('select note from entries where id > 9 order by id; delete from entries where id > 9'), 1]],
  'COPY in with Sync before and behind the data': [
    [all(p('', 'copy entries from stdin'), b('', ''), e(), s, row('10\tten\n'), copyDone, s), 1],
    [q('delete from entries where id = 10'), 1],
  ],
  'COPY in that the client fails': [[all(q('copy entries from stdin'), row('12\ttwelve\n'), writeCopyFail('no more')), 1], [q('select count(*) from entries'), 1]],
  'COPY in that the server fails': [[all(q('copy entries from stdin'), row('no number\tx\n'), row('13\tx\n'), copyDone), 1], [q('select 1'), 1]],
  'COPY in that is refused by the server': [[all(q('copy entries (nothing) from stdin'), row('1\n'), copyDone, q('select 1')), 2]],
  'COPY in with Flush and Sync among its data': [[all(q('copy entries from stdin'), row('14\tx\n'), h, s, copyDone), 1], [q('delete from entries where id = 14'), 1]],
  'two COPYs in one query': [[all(q('copy entries from stdin; copy entries from stdin'), row('15\tx\n'), copyDone, row('16\tx\n'), copyDone), 1], [q('delete from entries where id > 9'), 1]],
  'COPY data outside of a COPY': [[all(row('x\n'), copyDone, q('select 1')), 1]],
  'LISTEN and its own NOTIFY': [[q('listen news'), 1], [q('select 1'), 1], [q('unlisten news'), 1]],
  'settings that are reported': [[q("set timezone = 'UTC'; set datestyle = 'SQL, DMY'"), 1], [q('reset all'), 1]],
  'SET LOCAL and its end': [[q('begin; set local search_path = public'), 1], [q('select count(*) from entries'), 1], [q('rollback'), 1], [q('select count(*) from entries'), 1]],
  'parameter types fixed by the client': [[all(writeParse('', 'select $1', [23]), b('', '', ['5']), d('P'), e(), s), 1]],
  'a NUL in a parameter name of nobody': [[all(b('', 'unheard-of'), s), 1]],
  'temporary tables': [[q('create temporary table mine (a int)'), 1], [q('insert into mine values (1)'), 1], [q('select a from mine'), 1], [q('drop table mine'), 1]],
  'a table that was made in the transaction': [[q('begin; create table fresh (a int)'), 1], [q('select * from fresh'), 1], [q('rollback'), 1]],
  'DISCARD ALL': [[q('discard all'), 1], [q('select count(*) from entries'), 1]],
  'pg_dump’s beginning': [[q("select pg_catalog.set_config('search_path', '', false)"), 1], [q('begin'), 1], [q('set transaction isolation level repeatable read, read only'), 1], [q('select count(*) from ledger.entries'), 1], [q('commit; reset search_path'), 1]],
};

describe.each(['embedded', 'debian15'] as const)('through the gateway it is as if it were not there: %s', (version) => {
  let target: Target18;
  let world: World;

  beforeAll(async () => {
    target = await startTarget(version, setup);
    world = await openWorld(target);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  });

  it.each(Object.keys(scripts))('%s', async (name) => {
    const script = scripts[name] ?? [];
    const expected = await play(await direct(target), script);
    expect(await play(await world.connect(), script)).toEqual(expected);
    const { gate, ports } = world.door.latest();
    expect(gate.permits.every(({ spent }) => spent === 1)).toBe(true);
    expect(settledOnce(gate.permits.map(({ command }) => command), ports.recorded)).toBe(true);
  });

  it('another session’s NOTIFY arrives while nothing is asked', async () => {
    const client = await world.connect();
    await client.ask(q('listen news'));
    await target.server.sql("notify news, 'hear'");
    expect((await client.until('A')).length).toBe(1);
    await client[Symbol.asyncDispose]();
  });

  it('the server’s own last words reach the client', async () => {
    const client = await world.connect();
    const [pid] = await client.ask(q('select pg_backend_pid()')).then((lines) => lines.filter((line) => line.startsWith('D ')));
    await target.server.sql(`select pg_terminate_backend(${pid?.slice(2)})`);
    expect(await client.rest()).toEqual(['E 57P01 terminating connection due to administrator command']);
    expect(await world.door.latest().end).toMatchObject({ by: 'target' });
  });

  it('another message within COPY FROM STDIN ends the session, and nothing of the COPY stays', async () => {
    const client = await world.connect();
    client.send(q('copy entries from stdin'), row('14\tx\n'), q('select 1'));
    expect(await client.rest()).toEqual(['G', 'E 0A000 message type 0x51 came within COPY FROM STDIN']);
    expect(await target.server.sql('select count(*)::int as n from ledger.entries')).toEqual([{ n: 5 }]);
  });

  it('a body that does not fill its message ends the session', async () => {
    const client = await world.connect();
    client.send(new Body().text('select 1').text('select 2').frame('Q'));
    expect(await client.rest()).toEqual(['E 0A000 a message is malformed']);
  });
});

async function play(client: WireClient, script: Script): Promise<string[]> {
  const lines: string[] = [];
  for (const [bytes, ready] of script) lines.push(...(await client.ask(bytes, ready)).map(comparable));
  await client[Symbol.asyncDispose]();
  return lines;
}

/** Words for what we refuse ourselves are our own; the SQLSTATE is the server's. */
function comparable(line: string): string {
  return /^E (42601|26000|34000|42P05)/.exec(line)?.[0] ?? line;
}

function settledOnce(commands: readonly string[], recorded: World['next']['recorded']): boolean {
  const settled = recorded.flatMap((one) => (one.what === 'settled' ? [one.result.command] : []));
  return commands.every((command) => settled.filter((one) => one === command).length === 1);
}
