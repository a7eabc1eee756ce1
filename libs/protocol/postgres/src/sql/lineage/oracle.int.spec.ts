import * as fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from '@sallyport/testing-servers';
import { Catalogue, catalogueQueries, readCatalogue, readPath, type CatalogueQuery, type CatalogueRows, type Row } from '../../catalogue/index.ts';
import { bypasses } from '../../testing/bypass.ts';
import { makeReader } from '../../testing/reading.ts';
import { randomSelect } from '../../testing/random-select.ts';
import { isUnreadable, type StatementReader } from '../understand.ts';

/**
 * A real server says where its columns come from (RowDescription), and gives values that say it themselves: every cell of the tables
 * holds a text that names its column. A value of a column that is not among the proven sources of the output it appears in is a leak.
 */
const schema = `
create schema ledger; create schema hr;
create table ledger.customers (id text, name text, email text, ssn text, card text, city text);
create table ledger.customers_old (id text, name text, email text, ssn text, card text, city text) inherits (ledger.customers);
create table ledger.accounts (id text, customer_id text, iban text);
create table ledger.entries (id text, account_id text, booked_at text, amount text, memo text);
create table public.notes (id text, body text, author text);
create view ledger.contacts as select c.id, c.email as mail from ledger.customers c;
create view ledger.contact_mails as select mail from ledger.contacts;
create materialized view ledger.open_totals as select account_id, max(amount) as total from ledger.entries group by 1;
create table hr.parted (id text, x text) partition by list (id);
create table hr.part partition of hr.parted default;
alter table ledger.accounts add column gone text; alter table ledger.accounts drop column gone; alter table ledger.accounts add column late text;
create function ledger.peek(text) returns text language sql as 'select $1';
create table hr.watched (a text); create function hr.f() returns trigger language plpgsql as 'begin return new; end';
create trigger t before insert on hr.watched for each row execute function hr.f();
`;

const filled: Readonly<Record<string, readonly string[]>> = {
  customers: ['id', 'name', 'email', 'ssn', 'card', 'city'],
  customers_old: ['id', 'name', 'email', 'ssn', 'card', 'city'],
  accounts: ['id', 'customer_id', 'iban', 'late'],
  entries: ['id', 'account_id', 'booked_at', 'amount', 'memo'],
};

/** `QZcustomersXssnQZ`; upper case and letters only, so that upper(), json and row texts keep it whole. */
const canary = (table: string, column: string): string => `QZ${table.replaceAll('_', '').toUpperCase()}X${column.replaceAll('_', '').toUpperCase()}QZ`;

describe.each(['debian15', 'embedded'] as const)('against a real server (%s)', (version) => {
  let server: PostgresServer;
  let client: pg.Client;
  let reader: StatementReader;
  let catalogue: Catalogue;
  let path: readonly string[];
  let canaries: ReadonlyMap<string, string>;

  const rows = async (text: string): Promise<readonly Row[]> => {
    const result = await client.query<(string | null)[]>({ text, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } });
    return result.rows;
  };

  beforeAll(async () => {
    server = await startPostgres({ version });
    client = new pg.Client({ connectionString: server.dsn() });
    await client.connect();
    await client.query(schema);
    const found = new Map<string, string>();
    for (const [table, columns] of Object.entries(filled)) {
      await client.query(`insert into ledger.${table} (${columns.join(', ')}) values (${columns.map((column) => `'${canary(table, column)}'`).join(', ')})`);
      for (const column of columns) found.set(canary(table, column), `ledger.${table}.${column}`);
    }
    canaries = found;
    await client.query('refresh materialized view ledger.open_totals; set search_path = ledger, public; set jit = off');
    const read: Partial<Record<CatalogueQuery, readonly Row[]>> = {};
    for (const [name, text] of Object.entries(catalogueQueries)) read[name as CatalogueQuery] = await rows(text);
    catalogue = readCatalogue(read as CatalogueRows);
    path = readPath(await rows(catalogueQueries.path));
    reader = await makeReader();
  });

  afterAll(async () => {
    await client.end();
    await server[Symbol.asyncDispose]();
  });

  /** Runs a query and compares; false when the server does not take it. */
  async function compare(text: string): Promise<boolean> {
    let result: pg.QueryArrayResult;
    // Rolled back: a value that one statement stored elsewhere would refute the lineage of the next.
    await client.query('begin');
    try {
      result = await client.query({ text, rowMode: 'array' });
    } catch {
      return false;
    } finally {
      await client.query('rollback');
    }
    const set = reader.read(text, { catalogue, searchPath: path, version: version === 'embedded' ? 18 : 15 });
    if (isUnreadable(set)) throw new Error(`${text}: ${set.say}`);
    const outputs = set[0]?.means.outputs;
    if (!outputs) return true;
    expect(outputs.length, text).toBe(result.fields.length);
    for (const [at, output] of outputs.entries()) {
      const field = result.fields[at];
      const origin = field && field.tableID > 0 && field.columnID > 0 ? catalogue.origin(field.tableID, field.columnID) : null;
      if (origin !== null && output.proven) expect(output.sources, text).toContain(origin);
      if (!output.proven) continue;
      for (const row of result.rows) {
        for (const [value] of String(JSON.stringify(row[at])).toUpperCase().matchAll(/QZ[A-Z]+?QZ/g)) {
          const column = canaries.get(value);
          if (column !== undefined) expect(covers(output.sources, column), `${text}\ncolumn ${at}: ${column} is not among ${output.sources.join(', ')}`).toBe(true);
        }
      }
    }
    return true;
  }

  /** A row of a child that is read through its parent counts as the parent's. */
  const covers = (sources: readonly string[], column: string): boolean => sources.includes(column) || sources.includes(column.replace('customers_old', 'customers'));

  it('takes a snapshot that knows tables, views, partitions, dropped columns, functions and triggers', () => {
    expect(catalogue.complete).toBe(true);
    expect(path).toEqual(['pg_catalog', 'ledger', 'public']);
    expect(catalogue.find('ledger', 'accounts')?.columns.map((column) => `${column.attnum} ${column.name}`)).toEqual(['1 id', '2 customer_id', '3 iban', '5 late']);
    const contacts = catalogue.find('ledger', 'contacts');
    expect(contacts?.kind).toBe('v');
    expect(contacts?.definition).toContain('customers c');
    const part = catalogue.find('hr', 'part');
    expect(part && catalogue.ancestors(part).map((each) => each.name)).toEqual(['parted']);
    expect(catalogue.find('hr', 'watched')?.reacts).toBe(true);
    expect(catalogue.find('ledger', 'entries')?.reacts).toBe(false);
    expect(catalogue.routines('peek')).toMatchObject([{ schema: 'ledger', volatility: 'v', language: 'sql', extension: null }]);
    expect(catalogue.find('pg_catalog', 'pg_class')?.columns.length).toBeGreaterThan(20);
    expect(catalogue.find('pg_toast', 'x')).toBeUndefined();
  });

  const corpus = [
    'select id, ssn from customers', 'select * from customers', 'table entries', 'select c.*, a.* from customers c cross join accounts a', 'select ssn as x from customers',
    'select x.y from (select ssn as y from customers) x', 'with t(q) as (select card from customers) select q from t', 'with t as materialized (select card as q from customers) select * from t',
    'select * from customers c join accounts a using (id)', 'select * from customers natural join accounts', 'select * from customers c full join entries e using (id)',
    'select l.z from customers c, lateral (select c.ssn as z) l', 'select distinct on (ssn) ssn, name from customers', 'select ssn from customers group by ssn', 'select * from contacts', 'select * from contact_mails',
    'select * from open_totals', 'select * from customers_old', 'select * from only customers', 'select j.* from (customers c cross join accounts a) as j', 'select ssn::text, (ssn) from customers',
    'select name from customers as c(a, b, name)', 'select * from (values (1, 2), (3, 4)) v', 'select * from generate_series(1, 2) g', "select * from json_each_text('{\"a\":1}') j", "select p.* from customers c, regexp_split_to_table(ssn, 'X') p",
    'select * from accounts', 'select id from customers union select iban from accounts', 'select * from customers except select * from customers_old', 'select (select ssn from customers limit 1), array(select card from customers)',
    'select c from customers c', 'select row_to_json(c) from customers c', 'select c.ctid, c.tableoid from customers c', 'select k, v from (select id as k, ssn as v from customers) s order by v', 'select * from pg_class limit 3', 'select relname from pg_class limit 1',
    "insert into entries (id, memo) select 'n', ssn from customers returning *", "update entries set memo = c.card from customers c returning entries.*, c.name", 'delete from entries using customers c returning memo, c.city',
    'with w as (update accounts set late = ssn from customers returning late, accounts.id) select * from w', 'explain select ssn from customers', 'show search_path', 'select max(ssn), string_agg(card, email) from customers', 'select lag(ssn) over (order by id) from customers',
    'with recursive r(n, x) as (select 1, ssn from customers union all select n + 1, x from r where n < 3) select * from r', 'select x from customers c, json_to_record(row_to_json(c)) as r(ssn text), lateral (select r.ssn as x) q', 'select (c).ssn from customers c', 'select id from peek(1::text) as id',
  ];

  it.each(corpus)('%s', async (text) => {
    expect(await compare(text)).toBe(true);
  });

  it('leaks nothing in the statements of the bypass list that must be masked', async () => {
    let ran = 0;
    for (const { text } of bypasses.filter((each) => each.must === 'mask' && !each.text.startsWith('copy'))) if (await compare(text)) ran++;
    expect(ran).toBeGreaterThan(45);
  });

  it('proves no lineage of a random query that the values refute', async () => {
    let ran = 0;
    await fc.assert(fc.asyncProperty(randomSelect, async (text) => {
      if (await compare(text)) ran++;
    }), { numRuns: Number(process.env['SALLYPORT_RUNS'] ?? 500), interruptAfterTimeLimit: 60_000 });
    expect(ran).toBeGreaterThan(100);
  }, 120_000);
});
