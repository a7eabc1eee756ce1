-- How far the service has read the ledger: what it concludes from leaves is written in the transaction that moves this on.
create table follow_cursor (
  one       boolean     not null default true,
  next_leaf bigint      not null default 0,
  moved_at  timestamptz not null default clock_timestamp(),
  constraint follow_cursor_pk primary key (one),
  constraint follow_cursor_one check (one)
);
insert into follow_cursor default values;

grant select, update on follow_cursor to sallyport_governance;

-- include outbox
