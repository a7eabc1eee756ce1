import { beforeAll, describe, expect, it } from 'vitest';
import { effectName } from '@sallyport/engine-policy';
import type { ReadStatements } from './model/statements.ts';
import { columnNames } from './column-names.ts';
import { statementReaders } from './readers.ts';
import { plan } from './testing/documents.ts';

let read: ReadStatements;
beforeAll(async () => {
  const postgres = (await statementReaders()).get('postgres');
  if (postgres === undefined) throw new Error('no reader');
  read = postgres;
});
const effects = (text: string, path: readonly string[] | null = null) => read(text, path, null).map((means) => means.effects.map(effectName));

describe('reading PostgreSQL for an explanation', () => {
  it('tells each statement with what it does', () => {
    expect(effects('select name from ledger.customers; drop table ledger.customers')).toEqual([['read ledger.customers'], ['define ledger.customers']]);
  });

  it('takes an unqualified table to be in the first schema of the search path, and in none without a path', () => {
    expect(effects('delete from customers', ['ledger', 'public'])).toEqual([expect.arrayContaining(['write ledger.customers'])]);
    expect(effects('delete from customers')).toEqual([expect.arrayContaining(['write ?.customers'])]);
    expect(effects('select * from pg_class', ['ledger'])).toEqual([['read pg_catalog.pg_class']]);
  });

  it.each([
    ['a classified column', 'insert into ledger.copy select ssn from ledger.customers', { sources: ['ledger.customers.ssn'], proven: true }],
    ['another column', 'insert into ledger.copy select id, name from ledger.customers', { sources: ['ledger.customers.id', 'ledger.customers.name'], proven: true }],
    ['one by alias', 'create table ledger.copy as select c.ssn from ledger.customers as c join ledger.accounts a on a.owner = c.id', { sources: ['ledger.customers.ssn'], proven: true }],
    ['all of them', 'insert into ledger.copy select * from ledger.customers', { sources: expect.arrayContaining(['ledger.customers.ssn']), proven: expect.any(Boolean) }],
    ['the whole row by its alias', 'insert into ledger.copy select c from ledger.customers c', { sources: expect.anything(), proven: false }],
    ['the whole row by its name', 'insert into ledger.copy select customers from ledger.customers', { sources: expect.anything(), proven: false }],
    ['the whole row of a second table', 'insert into ledger.copy select x::text from ledger.accounts, ledger.customers x', { sources: expect.anything(), proven: false }],
  ])('knows what is stored: %s', (_name, text, stores) => {
    expect(read(text, null, plan())[0]?.stores).toEqual(stores);
  });

  it.each([['a', 'a'], ['blanks', ' '], ['quotes', '"'], ['commas', ', '], ['aliases', ',a a '], ['dots', 'a.'], ['froms', 'from ']])('looks for column names in linear time: %s', (_name, piece) => {
    const started = performance.now();
    columnNames(piece.repeat(65_536 / piece.length), new Set());
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('says where a text cannot be read, and that an empty one says nothing', () => {
    expect(() => read('selec 1', null, null)).toThrow(expect.objectContaining({ code: 'ERR_UNREADABLE_TEXT', message: expect.stringMatching(/syntax error at character/) }));
    expect(() => read(' ; ', null, null)).toThrow(/no statement/);
  });
});
