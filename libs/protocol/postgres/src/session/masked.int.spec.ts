import type { MaskPlan } from '@sallyport/domain-model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { b, d, e, extended, p, q, s } from '../testing/wire-scripts.ts';
import { openWorld, startTarget, type Target18, type World } from '../testing/world.ts';
import { show, type WireClient } from '../testing/wire-client.ts';

const ssn = '078-05-1120';
const setup = `
  create schema ledger; create schema pub;
  create table ledger.customers (id int primary key, name text, ssn text unique check (ssn <> 'x'), born date, score numeric);
  insert into ledger.customers values (1, 'Ann Canary', '${ssn}', '1961-04-05', 987654.25), (2, null, '219-09-9999', null, null);
  create table pub.customers (id int, ssn text); insert into pub.customers values (7, 'public');
  create view ledger.people as select id, ssn as number, upper(ssn) as loud, id + 1 as next from ledger.customers;
  create table ledger.parent (id int, ssn text) partition by range (id);
  create table ledger.child partition of ledger.parent for values from (0) to (100);
  insert into ledger.parent values (1, '${ssn}');
  create table ledger.plain (id int, note text); insert into ledger.plain values (1, 'note');
  create function ledger.peek() returns text language sql as $$ select ssn from ledger.customers where id = 1 $$;
  create function ledger.tell() returns int language plpgsql as $$ declare v text; begin select c.ssn into v from ledger.customers c where c.id = 1; raise notice 'the number is "%"', v; return 1; end $$;
  create function ledger.set(text) returns int language plpgsql as $$ begin perform set_config($1, (select '<' || replace(c.ssn, '-', '') || '>0' from ledger.customers c where c.id = 1), false); return 1; end $$;
  create function ledger.swap(text) returns int language plpgsql as $$ declare c refcursor := $1; begin close c; open c for select c.ssn || '' from ledger.customers c; return 1; end $$;
  alter role svc_gateway_7f3 set search_path = ledger`;

const tag = (column: string, action: 'redact' | 'last4' | 'null' = 'redact') => ({ column, tag: 'us.ssn', action });
const plan: MaskPlan = {
  id: 'plan-1', target: 'ledger-db', detectors: [], large: [],
  columns: [tag('ledger.customers.ssn'), tag('ledger.customers.name', 'null'), tag('ledger.customers.born'), tag('ledger.customers.score'), tag('ledger.parent.ssn')],
};

describe.each(['embedded', 'debian15'] as const)('on a target with a mask plan: %s', (version) => {
  let target: Target18;
  let world: World;
  let client: WireClient;
  const rows = (lines: readonly string[]) => lines.filter((line) => line.startsWith('D ') || line.startsWith('d '));
  const ask = async (bytes: Buffer, ready = 1) => rows(await client.ask(bytes, ready));

  beforeAll(async () => {
    target = await startTarget(version, setup);
    world = await openWorld(target, plan);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    client = await world.connect();
    return async () => {
      for (const canary of [ssn, '078-05', 'Canary', '987654', Buffer.from([0, 15, 66, 66]).toString('latin1')]) expect(client.text).not.toContain(canary);
      await client[Symbol.asyncDispose]();
      await world.door.latest().end;
    };
  });

  it('tagged columns are masked, the rest is not, and the client is told once', async () => {
    const first = await client.ask(q('select id, name, ssn, born from customers order by id'));
    expect(first).toEqual([
      'N 00000 some values in the results of this session are masked', 'T id,name,ssn,born', expect.stringMatching(/^D 1,\\N,\[masked\],(?!1961)/), expect.stringMatching(/^D 2,\\N,\[masked\],\\N/), 'C SELECT 2', 'Z I',
    ]);
    expect((await client.ask(q('select ssn from customers'))).some((line) => line.startsWith('N '))).toBe(false);
  });

  it('what was masked is counted, never named by value', async () => {
    await client.ask(q('select ssn from customers'));
    const [masked] = world.door.latest().ports.recorded.flatMap((one) => (one.what === 'masked' ? [one.columns] : []));
    expect(masked).toEqual([{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact', layer: 'origin', cells: 2 }]);
    expect(JSON.stringify(world.door.latest().ports.recorded)).not.toContain('078-05');
  });

  it('in the binary format too', async () => {
    expect(await ask(extended('select ssn, id from customers where id = 1', [], 'binary'))).toEqual([expect.stringMatching(/^D \[masked\],/)]);
    await client.ask(extended('select born, score from customers where id = 1', [], 'binary'));
  });

  it('without a Describe of the client: one is asked, and its answer is not the client’s', async () => {
    expect(await client.ask(Buffer.concat([p('', 'select ssn from plain, customers'), b('', ''), e(), s]))).toEqual([
      '1', '2', 'N 00000 some values in the results of this session are masked', 'D [masked]', 'D [masked]', 'C SELECT 2', 'Z I',
    ]);
  });

  it('with a description that is stale: the portal’s own counts', async () => {
    await client.ask(q('set search_path = pub'));
    await client.ask(Buffer.concat([p('st', 'select ssn from customers'), d('S', 'st'), s]));
    expect(await ask(Buffer.concat([b('', 'st'), e(), s]))).toEqual(['D public']);
    await client.ask(q('set search_path = ledger'));
    expect(await ask(Buffer.concat([b('', 'st'), e(), s]))).toEqual(['D [masked]', 'D [masked]']);
  });

  it('EXECUTE of a statement whose names have moved is read with the new ones', async () => {
    await client.ask(q('set search_path = pub'));
    await client.ask(Buffer.concat([p('pp', 'select ssn || $$$$ as x from customers'), s]));
    await client.ask(q('prepare sp as select ssn || $$$$ as x from customers'));
    await client.ask(q('set search_path = ledger'));
    expect(await ask(q('execute pp'))).toEqual(['D [masked]', 'D [masked]']);
    expect(await ask(q('execute sp'))).toEqual(['D [masked]', 'D [masked]']);
  });

  it('a SET LOCAL that is over is over for us too', async () => {
    await client.ask(q('begin'));
    await client.ask(q('set local search_path = pub'));
    expect(await ask(q('select ssn from customers'))).toEqual(['D public']);
    await client.ask(q('commit'));
    await client.ask(q('select ssn || $$$$ from customers'));
    const [last] = world.door.latest().ports.recorded.flatMap((one) => (one.what === 'decided' ? [one.data['effects']] : [])).slice(-1);
    expect(last).toContain('read ledger.customers');
  });

  it('computed columns are masked whole, proven ones pass', async () => {
    expect(await ask(q("select substr(ssn, 1, 3) as a, md5(ssn) as b, id + 1 as c, count(*) over () as n from customers where id = 1"))).toEqual(['D [masked],[masked],2,2'.replace(',2,2', ',2,1')]);
    expect(await ask(q('select row_to_json(c) from customers c where id = 1'))).toEqual([expect.not.stringContaining('078')]);
  });

  it('through a view', async () => {
    expect(await ask(q('select * from people where id = 1'))).toEqual(['D 1,[masked],[masked],2']);
    expect(await ask(q('copy (select * from people where id = 1) to stdout'))).toEqual(['d 1\t[masked]\t[masked]\t2\n']);
  });

  it('in a partition by its own name', async () => {
    expect(await ask(q('select ssn from child'))).toEqual(['D [masked]']);
    expect(await ask(q('copy child to stdout'))).toEqual(['d 1\t[masked]\n']);
  });

  it('through a function that is not seen', async () => {
    expect(await ask(q('select peek()'))).toEqual(['D [masked]']);
  });

  it('in COPY, text and csv, with a header and an own form', async () => {
    expect(await ask(q('copy customers (ssn, id) to stdout'))).toEqual(['d [masked]\t1\n', 'd [masked]\t2\n']);
    expect(await ask(q("copy customers (id, ssn, name) to stdout (format csv, header, delimiter ';', force_quote *)"))).toEqual(['d id;ssn;name\n', 'd 1;[masked];\n', 'd 2;[masked];\n']);
    expect(await ask(q('copy (select ssn, id from customers) to stdout (format csv)'))).toEqual(['d [masked],1\n', 'd [masked],2\n']);
  });

  it.each(['binary', "text, encoding 'SJIS'"])('COPY in a form that cannot be masked is refused: %s', async (form) => {
    expect(await client.ask(q(`copy customers to stdout (format ${form})`))).toEqual(['E 42501 this form of COPY … TO STDOUT cannot be masked', 'Z I']);
  });

  it('in cursors of SQL, and in portals helping by helping', async () => {
    await client.ask(q('begin; declare cu cursor for select ssn, id from customers order by id'));
    await client.ask(q('declare cu cursor for select ssn || $$$$ as x, id from customers order by id'));
    await client.ask(q('rollback'));
    await client.ask(q('begin'));
    await client.ask(q('declare cu cursor for select ssn || $$$$ as x, id from customers order by id'));
    expect(await ask(q('fetch 1 from cu'))).toEqual(['D [masked],1']);
    expect(await ask(Buffer.concat([p('', 'select ssn, id from customers order by id'), b('po', ''), e('po', 1), e('po', 1), s]))).toEqual(['D [masked],1', 'D [masked],2']);
  });

  it('a portal that was closed and opened as another by code is not taken for the old one', async () => {
    await client.ask(q('begin'));
    await client.ask(Buffer.concat([p('', 'select id from customers order by id'), b('po', ''), d('P', 'po'), e('po', 1), s]));
    await client.ask(q("select swap('po')"));
    expect((await client.ask(Buffer.concat([e('po'), s])))[0]).toBe('E 34000 this portal is not known in this session');
    await client.ask(q('rollback'));
    await client.ask(q('begin'));
    await client.ask(Buffer.concat([p('', 'select id from customers order by id'), b('po', ''), d('P', 'po'), e('po', 1), s]));
    await client.ask(q('close po'));
    await client.ask(q('declare po cursor for select ssn || $$$$ from customers'));
    expect((await client.ask(Buffer.concat([e('po'), s])))[0]).toBe('E 34000 this portal is not known in this session');
  });

  it('EXECUTE and FETCH that were parsed or bound before their name got another meaning', async () => {
    await client.ask(q('prepare a as select id + 0 as n from customers'));
    await client.ask(Buffer.concat([p('x', 'execute a'), s]));
    await client.ask(q('begin'));
    await client.ask(Buffer.concat([b('po', 'x'), s]));
    await client.ask(q('deallocate a'));
    await client.ask(q('prepare a as select replace(ssn, $$-$$, $$$$)::bigint::int as n from customers'));
    expect((await client.ask(Buffer.concat([e('po'), s])))[0]).toBe('E 34000 what this portal runs has changed since it was bound');
    await client.ask(q('rollback'));
    // A number has no masked form: it is NULL.
    expect(await ask(Buffer.concat([b('', 'x'), e(), s]))).toEqual(['D \\N', 'D \\N']);

    await client.ask(q('begin'));
    await client.ask(q('declare cu cursor for select id + 0 as n from customers'));
    await client.ask(Buffer.concat([p('y', 'fetch all from cu'), b('po', 'y'), s]));
    await client.ask(q('close cu'));
    await client.ask(q('declare cu cursor for select substr(ssn, 1, 3)::int as n from customers'));
    expect((await client.ask(Buffer.concat([e('po'), s])))[0]).toBe('E 34000 what this portal runs has changed since it was bound');
    await client.ask(q('rollback'));
    await client.ask(q('begin'));
    await client.ask(q('declare cu cursor for select substr(ssn, 1, 3) as n from customers'));
    expect(await ask(Buffer.concat([b('', 'y'), e(), s]))).toEqual(['D [masked]', 'D [masked]']);
  });

  it('in the texts of errors and notices', async () => {
    const lines = [
      ...(await client.ask(q('select ssn::int from customers'))),
      ...(await client.ask(q(`insert into customers (id, ssn) values (3, '${ssn.slice(0, 6)}' || '${ssn.slice(6)}')`))),
      ...(await client.ask(q('select tell()'))),
      ...(await client.ask(q("update customers set ssn = 'x' where id = 1"))),
    ];
    expect(lines.filter((line) => line.startsWith('E ')).map((line) => line.slice(0, 7))).toEqual(['E 22P02', 'E 23505', 'E 23514']);
    expect(lines.some((line) => line.startsWith('N 00000 the number is'))).toBe(true);
  });

  it('in settings that the server reports, and in notifications', async () => {
    for (const setting of ['application_name', 'TimeZone', 'search_path']) await client.ask(q(`select ledger.set('${setting}')`));
    await client.ask(q('listen news'));
    await target.server.sql(`notify news, '${ssn}'`);
    expect((await client.until('A')).map(show)).toContain('A news [masked]');
    await client.ask(q("set timezone = 'Europe/Berlin'"));
    expect(client.text).toContain('Europe/Berlin');
  });

  it('a session that may see a column sees it', async () => {
    world.next.unmasked = new Set(['ledger.customers.born']);
    await using seeing = await world.connect();
    expect((await seeing.ask(q('select born, ssn from customers where id = 1'))).slice(1)).toEqual(['T born,ssn', 'D 1961-04-05,[masked]', 'C SELECT 1', 'Z I']);
  });

  it('columns of a table that nobody has classified pass, computed or not', async () => {
    expect(await ask(q('select id + 1, note, upper(note) from plain'))).toEqual(['D 2,note,NOTE']);
  });

  it('what another session renames is followed; what is not committed stays its own', async () => {
    await using other = await world.connect();
    await other.ask(q('begin'));
    await other.ask(q('alter table customers rename to clients; create table customers (id int, ssn text)'));
    await other.ask(q('select * from customers'));
    await other.ask(q('rollback'));
    expect(await ask(q('select ssn from customers where id = 1'))).toEqual(['D [masked]']);
  });

  it('a change that another session has not committed holds nobody up; views are unknown meanwhile', async () => {
    await using other = await world.connect();
    await other.ask(q('begin'));
    await other.ask(q('alter table customers add column extra int'));
    const began = performance.now();
    expect(await ask(q('select id, note from plain'))).toEqual(['D 1,note']);
    expect(performance.now() - began).toBeLessThan(2000);
    await other.ask(q('rollback'));
  });

  it('a temporary table that takes a tagged one’s name does so for its own session only', async () => {
    await using other = await world.connect();
    await other.ask(q("create temporary table customers as select 1 as id, 'mine'::text as ssn"));
    expect(rows(await other.ask(q('select ssn from customers')))).toEqual(['D mine']);
    expect(rows(await other.ask(q('select ssn from ledger.customers where id = 1')))).toEqual(['D [masked]']);
    expect(await ask(q('select ssn from customers where id = 1'))).toEqual(['D [masked]']);
  });
});
