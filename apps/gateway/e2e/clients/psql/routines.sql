select shapes.add(1, 2), shapes.add(b => 1, a => 5);
select * from shapes.add(3, 4) as sum;
call shapes.rename_all('called ', 0);
do $$ begin raise notice 'from do'; raise warning 'a warning'; end $$;
create function pg_temp.twice(text) returns text language sql as 'select $1 || $1';
select pg_temp.twice('ab');
