\set VERBOSITY verbose
\set SHOW_CONTEXT always
select 1/0;
selec 1;
select * from shapes.nowhere;
select nocolumn from shapes.items;
select 'é' + 1;
insert into shapes.items (name) values ('item 1');
insert into shapes.items (name, price) values ('negative', -1);
insert into shapes.items (name) values (null);
insert into shapes.lines (item_id, amount) values (100000, 1);
select shapes.add('x', 1);
do $$ begin raise exception 'own code' using errcode = 'ZX001', hint = 'h', detail = 'd'; end $$;
select 1; select 1/0; select 3;
select 1 \; select 1/0 \; select 3;
\echo :SQLSTATE :ERROR :ROW_COUNT :LAST_ERROR_MESSAGE
begin;
select 1/0;
select 2;
rollback;
select 'alive';
