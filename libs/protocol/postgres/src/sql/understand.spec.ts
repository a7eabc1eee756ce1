import { beforeAll, describe, expect, it } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.ts';
import { effectsOf, ledgerScope, makeReader, outputsOf, statements } from '../testing/reading.ts';
import { largestStatement, usualStatement } from './limits.ts';
import { isUnreadable, type StatementReader } from './understand.ts';

let reader: StatementReader;
beforeAll(async () => {
  reader = await makeReader();
});

const one = (text: string, scope = ledgerScope) => {
  const [statement] = statements(reader, text, scope);
  if (!statement) throw new Error('no statement');
  return statement;
};

describe('a text is taken apart into its statements', () => {
  it('gives each statement its own text, effects and control', () => {
    const set = statements(reader, " select 'é;' ; /* x */ delete from entries;; begin ; ");
    expect(set.map((each) => each.text)).toEqual(["select 'é;'", 'delete from entries', 'begin']);
    expect(set.map((each) => each.means.verb)).toEqual(['read', 'write', 'control']);
    expect(set[2]?.control.transaction).toBe('begin');
  });

  it('is empty for a text without a statement', () => {
    for (const text of ['', '  \n', ';;', '-- only a comment', '/* /* nested */ */']) expect(reader.read(text, ledgerScope)).toEqual([]);
  });

  it('is frozen, all through', () => {
    const { means, control } = one('select ssn from customers');
    for (const part of [means, means.effects, means.effects[0], means.effects[0]?.resource, means.facts, means.outputs, means.outputs?.[0], control]) expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('what cannot be read is refused without telling its text', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ['a NUL', 'select 1\0; drop table entries', 'unreadable'],
    ['a syntax error', "select 'topsecret' from where", 'unreadable'],
    ['an open string', "select 'topsecret", 'unreadable'],
    ['an open comment', 'select 1 /* topsecret', 'unreadable'],
    ['a lone surrogate', 'select \ud800', 'unreadable'],
    ['a deep nest of calls', `select ${'abs('.repeat(4_000)}1${')'.repeat(4_000)}`, 'unreadable'],
    ['a long sum', `select 1${'+1'.repeat(30_000)}`, 'unreadable'],
    ['a long union', `select 1${' union select 1'.repeat(8_000)}`, 'unreadable'],
    ['a run of operators', `select ${'+'.repeat(50_000)}1`, 'unreadable'],
    ['nested comments', `select 1 ${'/*'.repeat(50_000)}`, 'unreadable'],
    ['a huge text', `select '${'x'.repeat(largestStatement)}'`, 'too-large'],
    ['a long text', `select 1${', 1'.repeat(usualStatement / 3)}`, 'too-large'],
    ['a huge text of wide characters', `select '${'é'.repeat(largestStatement / 2)}'`, 'too-large'],
    ['thousands of statements', 'select 1;'.repeat(2_001), 'too-large'],
    ['many columns of many tables', `select ${'id,'.repeat(6_000)}id from ${Array.from({ length: 4_000 }, (_, i) => `customers a${i}`).join()}`, 'too-large'],
    ['stars of stars of stars', `select * from ${'(select *, * from '.repeat(40)}customers${Array.from({ length: 40 }, (_, i) => `) x${i}`).join('')}`, 'too-large'],
  ];
  it.each(refused)('%s', (_what, text, code) => {
    const started = performance.now();
    const answer = reader.read(text, ledgerScope);
    expect(isUnreadable(answer) && answer.code).toBe(code);
    expect(JSON.stringify(answer)).not.toContain('topsecret');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('goes on reading short statements while long ones overflow the engine, again and again', async () => {
    for (let round = 0; round < 12; round++) {
      const answer = reader.read(`select ${round}${' union select 1'.repeat(8_000)}`, ledgerScope);
      expect(isUnreadable(answer) && answer.code).toBe('unreadable');
      expect(effectsOf(one(`select * from entries where id = -${round}`).means)).toBe('read ledger.entries');
      if (round % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(effectsOf(one(`select * from entries where id in (77${', 1'.repeat(4_000)})`).means)).toBe('read ledger.entries');
  }, 30_000);

  it.each([
    ['+1', '1'], ['-', '1'], ['- ', '1'], ['not ', 'true'], ['(', '1'], ['[1]', 'a'], ['::int', '1'], [' union select 1', '1'], ['case when 1=1 then ', '1'], ['abs(', '1'], ['row(', '1'], ['array[', '1'],
    ['(select ', '1'], [' is null', '1'], ['||1', '1'], ['.a', 'a'], [' at time zone a', 'a'], [' collate a', 'a'], ["'a'\n", ''], [' or 1', '1'],
  ])('six thousand characters of %j overflow nothing', (piece, end) => {
    const body = piece.repeat(Math.floor(5_900 / piece.length));
    for (let round = 0; round < 3; round++) {
      for (const text of [`select ${body}${end}`, `select ${end}${body}`, `select ${body}${end}${')'.repeat(body.split('(').length - 1)}${']'.repeat(body.split('[').length - 1)}`]) {
        const answer = reader.read(`${text} -- ${round}`, ledgerScope);
        expect(isUnreadable(answer) && answer.say.includes('restarted')).toBe(false);
      }
    }
    expect(effectsOf(one('select * from entries').means)).toBe('read ledger.entries');
  });

  it('reads a thousand terms of AND and a list of ten thousand', () => {
    expect(effectsOf(one(`select id from entries where id = 1${' and amount > 1'.repeat(1_000)}`).means)).toBe('read ledger.entries');
    expect(effectsOf(one(`select id from entries where id in (1${', 2'.repeat(10_000)})`).means)).toBe('read ledger.entries');
  });
});

describe('unqualified names', () => {
  it('resolve along the path, first match wins', () => {
    expect(effectsOf(one('select * from entries').means)).toBe('read ledger.entries');
    expect(effectsOf(one('select * from entries', { ...ledgerScope, searchPath: ['pg_catalog', 'public', 'ledger'], version: 2 }).means)).toBe('read public.entries');
  });

  it('are nowhere with an unknown path, or when the snapshot is not complete', () => {
    expect(effectsOf(one('select * from entries', { ...ledgerScope, searchPath: null, version: 3 }).means)).toBe('read ?.entries');
    const cut = new Catalogue({ relations: [], routines: [], operators: [], schemas: [], path: [], complete: false });
    expect(effectsOf(one('select * from entries', { ...ledgerScope, catalogue: cut, version: 4 }).means)).toBe('read ?.entries');
  });

  it('of functions mean those of every schema when the path is unknown', () => {
    expect(effectsOf(one("select lower('A'), raise_salary(1)", { ...ledgerScope, searchPath: null, version: 3 }).means)).toBe('execute function:public.lower, execute function:hr.raise_salary');
  });

  it('find a temporary table before all others', () => {
    const oid = 900_000;
    const temp = { oid, schema: 'pg_temp', name: 'entries', kind: 'r' as const, columns: [], definition: null, parents: [], reacts: false };
    const with_ = new Catalogue({ relations: [temp], routines: [], operators: [], schemas: [], path: ['pg_temp_3', 'pg_catalog', 'ledger'], complete: true });
    const scope = { ...ledgerScope, catalogue: with_, searchPath: ['pg_temp_3', 'pg_catalog', 'ledger'], version: 5 };
    expect(effectsOf(one('select * from entries', scope).means)).toBe('read pg_temp.entries');
    expect(effectsOf(one('select * from pg_temp_3.entries', scope).means)).toBe('read pg_temp.entries');
  });
});

describe('what the session must follow', () => {
  it('a prepared statement means what it was prepared from, each time it is executed', () => {
    const { control, means } = one('prepare p(int) as update entries set memo = null where id = $1');
    expect(means.facts.kind).toBe('PREPARE');
    const inner = control.prepare?.means;
    expect(inner && effectsOf(inner)).toBe('write ledger.entries, read ledger.entries');
    const scope = { ...ledgerScope, prepared: (name: string) => (name === 'p' ? inner : undefined) };
    const executed = one('execute p(5)', scope);
    expect(effectsOf(executed.means)).toBe('control session:prepared-statement, write ledger.entries, read ledger.entries');
    expect(executed.means.facts).toMatchObject({ kind: 'EXECUTE', hasWhere: true });
    expect(executed.means.reading).toBe('whole');
    expect(one('execute p(5)').means.reading).toBe('opaque');
    expect(effectsOf(one('execute p(ledger.peek(1))', scope).means)).toContain('execute function:ledger.peek');
  });

  it('a prepared statement changes the session when it is executed', () => {
    const inner = one("prepare p as select set_config('search_path', 'x', false)").control.prepare?.means;
    expect(one('execute p', { ...ledgerScope, prepared: () => inner }).control).toMatchObject({ changesSettings: true, setsSearchPath: true });
  });

  it('a cursor gives what it was declared for', () => {
    const means = one('declare c cursor for select ssn, id from customers').control.declareCursor?.means;
    const fetched = one('fetch 10 from c', { ...ledgerScope, cursors: (name) => (name === 'c' ? means : undefined) });
    expect(outputsOf(fetched.means)).toEqual(['ledger.customers.ssn', 'ledger.customers.id']);
    expect(fetched.means.reading).toBe('whole');
    expect(fetched.control.fetch).toEqual({ cursor: 'c' });
    expect(one('fetch 10 from c').means.outputs).toBeNull();
  });

  it('COPY tells how its data is written', () => {
    expect(one("copy entries (id, memo) to stdout (format csv, header, delimiter ';', null '-', quote '|')").control.copy).toEqual({
      direction: 'out', relation: 'ledger.entries', columns: ['id', 'memo'], format: 'csv', delimiter: ';', nullString: '-', header: true, quote: '|', escape: '|', encoding: null, certain: true,
    });
    expect(one('copy entries from stdin binary').control.copy).toMatchObject({ direction: 'in', format: 'binary', certain: true });
    expect(one("copy entries to stdout (format csv, encoding 'latin1')").control.copy).toMatchObject({ encoding: 'latin1', certain: false });
    expect(one('copy entries to stdout (format mine)').control.copy?.certain).toBe(false);
    expect(one("copy entries to '/tmp/x'").control.copy).toBeNull();
  });

  it.each([
    ['set search_path = x', { setsSearchPath: true, changesSettings: true, changesCatalogue: false }],
    ['set application_name = x', { setsSearchPath: false, changesSettings: true }],
    ['rollback', { transaction: 'rollback', changesSettings: true }],
    ['commit', { transaction: 'commit' }],
    ['create table x (a int)', { changesCatalogue: true }],
    ['do $$ begin end $$', { changesCatalogue: true, changesSettings: true }],
    ['select ledger.peek(1)', { changesSettings: true, changesCatalogue: true }],
    ['discard all', { deallocate: { name: null }, closeCursor: { cursor: null }, changesSettings: true, changesCatalogue: true }],
    ['listen a', { listen: true }],
    ['select 1', { changesSettings: false, changesCatalogue: false, transaction: null, copy: null }],
  ])('%s', (text, control) => {
    expect(one(text).control).toMatchObject(control);
  });
});

describe('what is stored somewhere is told', () => {
  it.each([
    ['insert into entries (memo) select ssn from customers', ['ledger.customers.ssn'], true],
    ['update entries set memo = upper(c.email) from customers c', ['ledger.customers.email'], true],
    ['create table x as select id, card from customers', ['ledger.customers.id', 'ledger.customers.card'], true],
    ['select pg_notify(ssn, ssn) from customers', [], false],
    ['insert into entries (memo) select ledger.peek(1)', [], false],
    ["copy customers (ssn) to '/tmp/x'", ['ledger.customers.ssn'], true],
  ])('%s', (text, sources, proven) => {
    expect(one(text).means.stores).toEqual({ sources, proven });
  });

  it.each(["insert into entries (memo) values ('x', $1)", 'update entries set amount = amount + 1', 'delete from entries', 'select ssn from customers', 'copy entries to stdout'])('nothing: %s', (text) => {
    expect(one(text).means.stores).toBeUndefined();
  });
});
