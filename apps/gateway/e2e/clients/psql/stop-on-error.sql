\set ON_ERROR_STOP on
select 'before';
begin;
insert into shapes.items (name) values ('never');
select 1/0;
select 'not reached';
