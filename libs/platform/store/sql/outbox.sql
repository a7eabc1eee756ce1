-- Events that this service has written and that the ledger has not yet confirmed. Written in the transaction of what they tell.
create table outbox (
  pseq  bigint not null,
  event bytea  not null,
  constraint outbox_pk primary key (pseq)
);
comment on table outbox is 'evidence events on their way to the ledger; a row goes when the ledger''s watermark covers it';
comment on column outbox.pseq is 'dense producer counter, from 1';
comment on column outbox.event is 'the stored bytes of the event, as they are hashed and kept';

-- Where the chain stands. Locked by each writer to its commit, so that events become visible in the order of their counter.
create table outbox_head (
  one   boolean not null default true,
  epoch uuid    not null default gen_random_uuid(),
  pseq  bigint  not null default 0,
  prev  text    not null default repeat('0', 64),
  constraint outbox_head_pk primary key (one),
  constraint outbox_head_is_one_row check (one),
  constraint outbox_head_prev_is_a_hash check (prev ~ '^[0-9a-f]{64}$')
);
comment on table outbox_head is 'one row: the producer''s epoch, its last counter and the hash of its last event';

insert into outbox_head default values;

do $$
begin
  execute format('grant select, insert, delete on outbox to %I', 'sallyport_' || current_schema());
  execute format('grant select, update (pseq, prev) on outbox_head to %I', 'sallyport_' || current_schema());
end
$$;
