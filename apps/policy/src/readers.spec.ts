import { beforeAll, describe, expect, it } from 'vitest';
import { effectName } from '@sallyport/engine-policy';
import type { ReadStatements } from './model/statements.ts';
import { statementReaders } from './readers.ts';

let read: ReadStatements;
beforeAll(async () => {
  const postgres = (await statementReaders()).get('postgres');
  if (postgres === undefined) throw new Error('no reader');
  read = postgres;
});
const effects = (text: string, path: readonly string[] | null = null) => read(text, path).map((means) => means.effects.map(effectName));

describe('reading PostgreSQL for an explanation', () => {
  it('tells each statement with what it does', () => {
    expect(effects('select name from ledger.customers; drop table ledger.customers')).toEqual([['read ledger.customers'], ['define ledger.customers']]);
  });

  it('takes an unqualified table to be in the first schema of the search path, and in none without a path', () => {
    expect(effects('delete from customers', ['ledger', 'public'])).toEqual([expect.arrayContaining(['write ledger.customers'])]);
    expect(effects('delete from customers')).toEqual([expect.arrayContaining(['write ?.customers'])]);
    expect(effects('select * from pg_class', ['ledger'])).toEqual([['read pg_catalog.pg_class']]);
  });

  it('says where a text cannot be read, and that an empty one says nothing', () => {
    expect(() => read('selec 1', null)).toThrow(expect.objectContaining({ code: 'ERR_UNREADABLE_TEXT', message: expect.stringMatching(/syntax error at character/) }));
    expect(() => read(' ; ', null)).toThrow(/no statement/);
  });
});
