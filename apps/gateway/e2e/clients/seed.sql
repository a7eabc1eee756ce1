-- What the clients of the differential test find: one of everything that a client's library treats in a way of its own.
create schema shapes;
create type shapes.mood as enum ('sad', 'ok', 'happy');
create domain shapes.percent as integer check (value between 0 and 100);
create type shapes.pair as (a integer, b text);

create table shapes.types (
  id integer primary key,
  small smallint, big bigint, num numeric(20, 5), r real, d double precision, flag boolean,
  t text, v varchar(20), c char(5), bytes bytea,
  day date, at timestamp, atz timestamptz, span interval, clock time,
  u uuid, j json, jb jsonb, ints integer[], words text[], box int4range, mood shapes.mood, part shapes.percent, pair shapes.pair, net inet, bits bit(4), x xml
);
insert into shapes.types values
  (1, -32768, 9223372036854775807, 12345.67890, 1.5, -2.25, true, 'plain', 'varying', 'ab', '\x00ff10', '2026-11-23', '2026-11-23 10:11:12.5', '2026-11-23 10:11:12.000001+00', '1 day 02:03:04', '23:59:59',
   '00000000-0000-4000-8000-000000000001', '{"a": [1, 2]}', '{"b": null}', '{1,NULL,3}', '{"a b","c,d","e\"f"}', '[1,5)', 'happy', 50, '(7,"x, y")', '10.0.0.0/8', '1010', '<a>b</a>'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (3, 0, 0, 'NaN', 'Infinity', '-Infinity', false, E'line\nbreak\ttab \\ "quote" ''single'' é 漢 🙂', '', '', '', 'infinity', '-infinity', '2026-01-01 00:00:00+05:30', '-1 mon', '00:00:00',
   'ffffffff-ffff-4fff-bfff-ffffffffffff', 'null', '[]', '{}', '{}', 'empty', 'sad', 0, '(,)', '::1', '0000', '<b/>');

create table shapes.items (id bigint generated always as identity primary key, name text not null unique, price numeric(10, 2) not null default 1 check (price >= 0));
insert into shapes.items (name, price) select 'item ' || n, n * 1.25 from generate_series(1, 500) n;

create table shapes.lines (
  id serial primary key,
  item_id bigint not null references shapes.items deferrable initially deferred,
  amount integer not null
);
create index lines_amount on shapes.lines (amount) where amount > 10;
comment on table shapes.lines is 'lines of items';

create table shapes.days (day date not null, n integer) partition by range (day);
create table shapes.days_2026 partition of shapes.days for values from ('2026-01-01') to ('2027-01-01');

create view shapes.cheap as select id, name from shapes.items where price < 10;
create materialized view shapes.totals as select count(*) as items, sum(price) as value from shapes.items;

create function shapes.add(a integer, b integer) returns integer language sql immutable as 'select a + b';
create function shapes.shout() returns trigger language plpgsql as $$
begin
  raise notice 'changed % to %', old.name, new.name using hint = 'a hint', detail = 'a detail';
  return new;
end $$;
create trigger items_shout before update of name on shapes.items for each row execute function shapes.shout();
create procedure shapes.rename_all(in word text, inout changed integer) language plpgsql as $$
begin
  update shapes.items set name = word || id where id <= 2;
  get diagnostics changed = row_count;
end $$;

alter schema shapes owner to ledger_app;
do $$
declare o record;
begin
  for o in select format('%I.%I', n.nspname, c.relname) as name, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'shapes' and c.relkind in ('r', 'p', 'v', 'm') loop
    execute format('alter %s %s owner to ledger_app', case o.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, o.name);
  end loop;
  for o in select p.oid::regprocedure as name, p.prokind from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'shapes' loop
    execute format('alter %s %s owner to ledger_app', case o.prokind when 'p' then 'procedure' else 'function' end, o.name);
  end loop;
  for o in select format('%I.%I', n.nspname, t.typname) as name, t.typtype from pg_type t join pg_namespace n on n.oid = t.typnamespace where n.nspname = 'shapes' and t.typtype in ('e', 'd') loop
    execute format('alter %s %s owner to ledger_app', case o.typtype when 'd' then 'domain' else 'type' end, o.name);
  end loop;
  alter type shapes.pair owner to ledger_app;
end $$;
