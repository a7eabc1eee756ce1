import { beforeAll, describe, expect, it } from 'vitest';
import { makeReader, outputsOf, statements } from '../../testing/reading.ts';
import type { StatementReader } from '../understand.ts';

let reader: StatementReader;
beforeAll(async () => {
  reader = await makeReader();
});

/** Columns in order; `c.` stands for `ledger.customers.`, `e.` for `ledger.entries.`; `?` for not proven, `-` for clean. */
function lineage(text: string): string | null {
  const means = statements(reader, text).at(-1)?.means;
  const columns = means ? outputsOf(means) : null;
  return columns?.map((column) => (column === '' ? '-' : column).replaceAll('ledger.customers.', 'c.').replaceAll('ledger.entries.', 'e.')).join(' | ') ?? null;
}

const table: Readonly<Record<string, readonly (readonly [string, string | null])[]>> = {
  'columns and stars': [
    ['select id, ssn from customers', 'c.id | c.ssn'],
    ['select c.ssn, ledger.customers.id from customers c, customers', 'c.ssn | c.id'],
    ['select * from customers', 'c.id | c.name | c.email | c.ssn | c.card | c.city'],
    ['select c.*, 1 from customers c', 'c.id | c.name | c.email | c.ssn | c.card | c.city | -'],
    ['select e.*, c.ssn from entries e join customers c on c.id = e.id', 'e.id | e.account_id | e.booked_at | e.amount | e.memo | c.ssn'],
    ['select * from nowhere', null],
    ['select *, 1 from entries, nowhere', null],
    ['select ctid, xmin, tableoid from customers', 'c.ctid | c.ctid | c.ctid'],
    ['select missing from customers', '?'],
    ['select x.id from customers c', '?'],
    ['select nowhere.x from nowhere', '?'],
  ],
  'expressions': [
    ["select 'x', $1, null, true, now(), current_user, default_value.a from (values (1)) as default_value(a)", '- | - | - | - | - | - | -'],
    ['select count(*), count(ssn), sum(id) filter (where ssn is null) from customers', '- | c.ssn | c.id'],
    ["select upper(ssn) || card, ssn::bytea, (ssn), -id, ssn is null, id between 1 and 2, ssn like 'x' from customers", 'c.ssn c.card | c.ssn | c.ssn | c.id | c.ssn | c.id | c.ssn'],
    ["select case when ssn = 'x' then city else name end, coalesce(email, city), nullif(id, 1), greatest(id, 2) from customers", 'c.ssn c.city c.name | c.email c.city | c.id | c.id'],
    ["select array[ssn, city], (array[ssn])[1], row(id, ssn), json_build_object('a', ssn), xmlelement(name x, ssn) from customers", 'c.ssn c.city | c.ssn | c.id c.ssn | c.ssn | c.ssn'],
    ['select string_agg(ssn, \',\' order by card), mode() within group (order by card), row_number() over (order by ssn), lag(ssn) over () from customers', 'c.ssn c.card | c.card | - | c.ssn'],
    ['select ssn collate "C", ssn at time zone \'x\', extract(year from booked_at) from customers, entries', 'c.ssn | c.ssn | e.booked_at'],
    ['select lower(name), ledger.peek(id), name <-> \'x\', id === 1 from customers', '?c.name | ?c.id | c.name | ?c.id'],
    ['select ssn::ledger.my_domain, ssn::regclass, ssn::text::varchar(5) from customers', '?c.ssn | ?c.ssn | c.ssn'],
    ['select c, c.city, (c).city, (c.city).upper, c.row_to_json, row_to_json(c) from customers c', [
      '?c.id c.name c.email c.ssn c.card c.city', 'c.city', '?c.id c.name c.email c.ssn c.card c.city', '?c.city', '?c.id c.name c.email c.ssn c.card c.city', '?c.id c.name c.email c.ssn c.card c.city',
    ].join(' | ')],
    ['select (c).* from customers c', null],
    ['select system_user, ssn from customers', '- | c.ssn'],
    ['select system_user from (select ssn as system_user from customers) x', 'c.ssn'],
  ],
  'sub-selects': [
    ['select x from (select ssn as x, id from customers) t', 'c.ssn'],
    ['select * from (select ssn as x, id from customers) as t(a)', 'c.ssn | c.id'],
    ['select a, id from (select ssn as x, id from customers) as t(a)', 'c.ssn | c.id'],
    ['select x from (select ssn as x, id from customers) as t(a)', '?'],
    ['select (select ssn from customers c where c.id = e.id), array(select card from customers), exists (select ssn from customers), id in (select id from customers) from entries e', 'c.ssn | c.card | - | e.id c.id'],
    ['select (select e.memo) from entries e', 'e.memo'],
    ['select t.memo from entries e, lateral (select e.memo) t', 'e.memo'],
    ['select t.memo from entries e, (select e.memo) t', '?'],
    ['select upper(name) from (select ssn as name from customers) t', 'c.ssn'],
    ['select id from customers where exists (select from entries where entries.id = customers.id)', 'c.id'],
  ],
  'common table expressions': [
    ['with t as (select ssn as x from customers) select x, t.x from t', 'c.ssn | c.ssn'],
    ['with t(y) as (select ssn from customers) select y from t as u', 'c.ssn'],
    ['with a as (select ssn from customers), b as (select ssn as z from a) select * from b', 'c.ssn'],
    ['with entries as (select ssn as memo from customers) select memo from entries', 'c.ssn'],
    ['with entries as (select ssn as memo from customers) select memo from ledger.entries', 'e.memo'],
    ['with customers as (select city as ssn from customers) select ssn from customers', 'c.city'],
    ['with recursive t(n, x) as (select id, ssn from customers union all select n + 1, x from t) select n, x from t', '?c.id | ?c.ssn'],
    ['with recursive t as (select id, ssn from customers) select * from t', 'c.id | c.ssn'],
    ['with recursive t(n) as (select 1 union all select n + 1 from t) select * from t', null],
    ['with t as (update customers set city = ssn returning city) select city from t', 'c.city c.ssn'],
    ['select (with t as (select ssn from customers) select ssn from t)', 'c.ssn'],
  ],
  'joins': [
    ['select * from (select id, ssn from customers) a join (select id, memo from entries) b using (id)', 'c.id e.id | c.ssn | e.memo'],
    ['select * from (select id, ssn from customers) a natural full join (select memo, id from entries) b', 'c.id e.id | c.ssn | e.memo'],
    ['select id, a.id, b.id from customers a join entries b using (id)', 'c.id e.id | c.id | e.id'],
    ['select j.ssn, j.memo from (customers c join entries e on true) as j', 'c.ssn | e.memo'],
    ['select c.ssn from (customers c join entries e on true) as j', '?'],
    ['select * from (select 1 as a) x cross join (select ssn from customers) y', '- | c.ssn'],
    ['select m.id from customers a join entries b using (id) as m', 'c.id e.id'],
    ['select ssn from nowhere n join customers c on true', '?c.ssn'],
    ['select c.ssn from nowhere n join customers c on true', 'c.ssn'],
  ],
  'set operations and values': [
    ["select id, ssn from customers union all select 1, 'x'", 'c.id | c.ssn'],
    ["select 1, 'x' union select id, ssn from customers intersect select id, memo from entries", 'c.id e.id | c.ssn e.memo'],
    ['values (1, (select ssn from customers)), (2, null)', '- | c.ssn'],
    ['select column2 from (values (1, (select ssn from customers))) t', 'c.ssn'],
    ['select y from (values (1, 2)) t(x, y)', '-'],
    ['select ssn from customers union select a, b from nowhere', null],
  ],
  'functions in FROM': [
    ["select p from customers c, regexp_split_to_table(c.ssn, '-') p", 'c.ssn'],
    ["select p.* from customers c, regexp_split_to_table(c.ssn, '-') p", 'c.ssn'],
    ['select value, key, j.value from customers c, json_each(row_to_json(c)) j', '?c.id c.name c.email c.ssn c.card c.city | ?c.id c.name c.email c.ssn c.card c.city | ?c.id c.name c.email c.ssn c.card c.city'],
    ["select a.n, c.city from customers c, json_to_record('{}') as a(n int, m text)", '- | c.city'],
    ['select n from generate_series(1, 5) n', '-'],
    ['select * from generate_series(1, 5) n', '-'],
    ['select * from unnest(array[1])', null],
    ['select x from ledger.peek(1) x', '?'],
    ['select a from ledger.peek(1) as x(a int)', '?'],
    ["select a from xmltable('/r' passing (select xmlagg(xmltext(ssn)) from customers) columns a text path 'a') x", 'c.ssn'],
    ["select x.pg_read_file from unnest(array['/etc/passwd']) x", '?'],
  ],
  'views, partitions and system tables': [
    ['select id, mail from contacts', 'ledger.contacts.id c.id | ledger.contacts.mail c.email'],
    ['select * from contact_mails', 'ledger.contact_mails.mail ledger.contacts.mail c.email'],
    ['select total from open_totals', 'ledger.open_totals.total e.amount'],
    ['select a from lost', '?ledger.lost.a'],
    ['select x from hidden_calls', '?ledger.hidden_calls.x'],
    ['select ssn from customers_old', 'ledger.customers_old.ssn c.ssn'],
    ['select most_common_vals from pg_stats', '?pg_catalog.pg_stats.most_common_vals'],
    ['select name from pg_class', 'pg_catalog.pg_class.name'],
    ['select table_name from information_schema.tables', 'information_schema.tables.table_name'],
  ],
  'RETURNING': [
    ['insert into entries (memo) select ssn from customers returning memo, id', 'e.memo c.ssn | e.id'],
    ["insert into entries (memo) values ('x') returning *", 'e.id | e.account_id | e.booked_at | e.amount | e.memo'],
    ['insert into entries select id, id, null, null, ssn from customers returning memo', 'e.memo c.ssn'],
    ['insert into entries (id) values (1) on conflict (id) do update set memo = (select ssn from customers) returning memo', 'e.memo c.ssn'],
    ["insert into entries (id, memo) select 1, ssn from customers on conflict (id) do update set amount = excluded.memo returning amount", 'e.amount e.memo c.ssn'],
    ['update entries e set memo = c.ssn from customers c returning memo, e.amount, c.card', 'e.memo c.ssn | e.amount | c.card'],
    ['update entries set (memo, amount) = (select ssn, id from customers) returning memo', 'e.memo c.ssn c.id'],
    ['update entries e set memo = null from customers c returning *', 'e.id | e.account_id | e.booked_at | e.amount | e.memo | c.id | c.name | c.email | c.ssn | c.card | c.city'],
    ['delete from customers c using entries e returning c.ssn, e.memo', 'c.ssn | e.memo'],
    ['delete from entries', ''],
    ['update customers set city = ssn returning old.city, new.city, new.*', 'c.city c.ssn | c.city c.ssn | c.id | c.name | c.email | c.ssn | c.card | c.city c.ssn'],
    ['update customers set city = ssn returning with (old as o, new as n) o.ssn, n.city', 'c.ssn | c.city c.ssn'],
    ['merge into entries e using customers c on c.id = e.id when matched then update set memo = c.ssn returning merge_action(), e.memo, c.card', '- | e.memo c.ssn | c.card'],
    ['merge into entries e using (select id from customers) c on c.id = e.id when not matched then insert (memo) values (c.id) returning *', 'c.id | e.id | e.account_id | e.booked_at | e.amount | e.memo c.id'],
    ['insert into audited values (1, 2) returning what', '?ledger.audited.what'],
  ],
  'other statements that give rows': [
    ['copy customers to stdout', 'c.id | c.name | c.email | c.ssn | c.card | c.city'],
    ['copy customers (ssn, id) to stdout', 'c.ssn | c.id'],
    ['copy (select upper(ssn), 1 from customers) to stdout', 'c.ssn | -'],
    ['copy (delete from customers returning ssn) to stdout', 'c.ssn'],
    ['copy nowhere to stdout', null],
    ['explain select ssn from customers', '?c.ssn'],
    ['explain analyze delete from customers', '?'],
    ['show search_path', '?'],
    ['call ledger.close_day()', null],
    ['create table x as select ssn from customers', ''],
    ['select ssn into x from customers', ''],
    ['set application_name = x', ''],
  ],
};

describe.each(Object.entries(table))('%s', (_section, cases) => {
  it.each(cases)('%s', (text, expected) => {
    expect(lineage(text)).toBe(expected);
  });
});
