select * from shapes.types order by id;
\x on
select * from shapes.types order by id;
\x off
\gdesc
select id, t, num from shapes.types order by id \gdesc
select 1 as a; select 2 as b, 'x' as c; select;
select 1 \; select 2 \; select 3;
;
select (select count(*) from shapes.items), array(select id from shapes.items where id < 4 order by id);
with gone as (delete from shapes.items where id = 500 returning *) select * from gone;
insert into shapes.items (name, price) values ('new', 3), ('newer', 4) returning id, name;
update shapes.items set name = 'renamed' where id = 7;
values (1, 'a'), (2, null);
table shapes.cheap;
explain (costs off) select * from shapes.items where id = 3;
prepare p(int) as select name from shapes.items where id = $1;
execute p(3);
deallocate p;
create temp table scratch as select n, n * n as square from generate_series(1, 5) n;
select * from scratch order by n;
drop table scratch;
set search_path to shapes, public;
select count(*) from items;
show search_path;
reset search_path;
select count(*) from items;
select current_user, session_user, current_schema, inet_server_port() > 0;
\pset format csv
select * from shapes.types order by id;
\pset format unaligned
\pset null '<null>'
select id, t, words from shapes.types order by id;
\set FETCH_COUNT 7
select id, name from shapes.items where id between 1 and 30 order by id;
\unset FETCH_COUNT
select generate_series(1, 3) as n \gset
\echo :n
select 'select ' || n || ' as made' from generate_series(1, 3) n \gexec
\crosstabview
