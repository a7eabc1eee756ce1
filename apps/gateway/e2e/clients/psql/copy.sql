copy shapes.types to stdout;
copy shapes.types to stdout with (format csv, header, force_quote *);
copy (select id, name from shapes.items where id <= 5 order by id) to stdout with (delimiter '|', null 'NULL');
\copy (select * from shapes.types order by id) to 'types.out'
\copy shapes.items (name, price) to 'items.csv' with (format csv, header)
create table public.copied (like shapes.types);
\copy public.copied from 'types.out'
select count(*), count(t) from public.copied;
create table public.items (name text, price numeric);
\copy public.items from 'items.csv' with (format csv, header)
select count(*), sum(price) from public.items;
copy public.items from stdin with (format csv);
from stdin,1.5
"quoted, ""comma""",2
\.
select * from public.items where price in (1.5, 2) and name !~ '^item' order by name;
copy public.items from stdin;
bad	number
\.
copy public.items from stdin;
too	1	many
\.
select count(*) from public.items;
begin;
copy public.items from stdin;
kept	7
\.
rollback;
select count(*) from public.items;
copy shapes.nowhere to stdout;
copy public.items (nocolumn) from stdin;
\.
copy public.items to stdout \; select 1;
drop table public.copied, public.items;
