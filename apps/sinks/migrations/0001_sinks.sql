-- Where evidence goes, as it was written: one row a version, never changed, never removed. The highest version of a name is what holds.
create table sink (
  name     text        not null,
  version  integer     not null,
  change   text        not null,
  body     text,
  digest   text        not null,
  previous text,
  author   text        not null,
  created  timestamptz not null default now(),
  constraint sink_pk primary key (name, version),
  constraint sink_version_from_one check (version > 0),
  constraint sink_change_known check (change in ('created', 'updated', 'removed')),
  constraint sink_body_unless_removed check ((body is null) = (change = 'removed')),
  constraint sink_digest_is_a_hash check (digest ~ '^[0-9a-f]{64}$')
);
comment on table sink is 'versions of the Sink documents; a removal is a version without body';

-- Kept when a sink is removed: one of the same name goes on where it was.
create table sink_cursor (
  name       text        not null,
  next_leaf  bigint      not null default 0,
  told_leaf  bigint      not null default 0,
  delivered  bigint      not null default 0,
  filtered   bigint      not null default 0,
  stalled_at timestamptz,
  attempts   integer     not null default 0,
  last_code  text,
  moved_at   timestamptz not null default now(),
  constraint sink_cursor_pk primary key (name),
  constraint sink_cursor_from_zero check (next_leaf >= 0 and told_leaf between 0 and next_leaf)
);
comment on table sink_cursor is 'the leaf that each sink is given next; never goes back';
comment on column sink_cursor.told_leaf is 'up to where sink.watermark has told; delivered and filtered count since then';

create table sink_state (
  one      boolean not null default true,
  revision bigint  not null default 0,
  constraint sink_state_pk primary key (one),
  constraint sink_state_is_one_row check (one)
);
comment on table sink_state is 'one row, locked by each apply: one after the other, in every process of the service';
insert into sink_state default values;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end
$$;
create trigger sink_is_append_only before update or delete on sink for each row execute function refuse_change();
create trigger sink_is_not_truncated before truncate on sink for each statement execute function refuse_change();

create function refuse_back() returns trigger language plpgsql as $$
begin
  if new.next_leaf < old.next_leaf or new.name <> old.name then
    raise exception 'the cursor of a sink only moves on';
  end if;
  return new;
end
$$;
create trigger sink_cursor_moves_on before update on sink_cursor for each row execute function refuse_back();

grant select, insert on sink to sallyport_sinks;
grant select, insert, update on sink_cursor to sallyport_sinks;
grant select, update (revision) on sink_state to sallyport_sinks;

-- include outbox
