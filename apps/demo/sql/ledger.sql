-- The demo's target: a small bank ledger with made-up people. Run by a superuser in the database `ledger`.
create schema ledger;

create table ledger.customers (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null,
  ssn text not null,
  card text not null,
  city text not null
);

create table ledger.accounts (
  id bigint generated always as identity primary key,
  customer_id bigint not null references ledger.customers,
  iban text not null,
  balance numeric(14, 2) not null check (balance >= 0),
  frozen boolean not null default false
);

create table ledger.entries (
  id bigint generated always as identity primary key,
  account_id bigint not null references ledger.accounts,
  booked_at timestamptz not null default now(),
  amount numeric(14, 2) not null,
  memo text not null
);

insert into ledger.customers (name, email, ssn, card, city) values
  ('Ada Quill', 'ada.quill@example.com', '219-09-9999', '4111 1111 1111 1111', 'Dayton'),
  ('Bruno Falk', 'bruno.falk@example.net', '457-55-5462', '5555 5555 5555 4444', 'Boise'),
  ('Chidi Okafor', 'chidi@example.org', '078-05-1120', '3782 822463 10005', 'Austin'),
  ('Dana Wren', 'dana.wren@example.com', '123-45-6789', '6011 1111 1111 1117', 'Salem'),
  ('Emre Tan', 'emre.tan@example.net', '536-22-8726', '4012 8888 8888 1881', 'Akron');

insert into ledger.accounts (customer_id, iban, balance)
select id, 'DE' || (10 + id) || '37040044053201' || lpad(id::text, 4, '0'), 1000 * id from ledger.customers;

insert into ledger.entries (account_id, amount, memo)
select a.id, round((random() * 200 - 100)::numeric, 2), 'opening day ' || n from ledger.accounts a, generate_series(1, 40) n;


-- The gateway's credential owns everything: what is stopped in the demo is stopped by policy, not by missing rights.
alter schema ledger owner to ledger_app;
alter table ledger.customers owner to ledger_app;
alter table ledger.accounts owner to ledger_app;
alter table ledger.entries owner to ledger_app;
