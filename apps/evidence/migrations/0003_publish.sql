-- How far the ledger is published to the stream EVIDENCE. The stream itself says where its publisher goes on; this is for when it is empty, and for those who ask.

create table publish_cursor (
  one              boolean     not null default true,
  next_leaf        bigint      not null default 0,
  checkpoint_epoch int         not null default -1,
  checkpoint_size  bigint      not null default -1,
  moved_at         timestamptz not null default clock_timestamp(),
  constraint publish_cursor_pk primary key (one),
  constraint publish_cursor_one check (one)
);
comment on table publish_cursor is 'the leaf that is published next, and the checkpoint that was published last; never goes back';
insert into publish_cursor default values;

create function forbid_back() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or new.next_leaf < old.next_leaf or (new.checkpoint_epoch, new.checkpoint_size) < (old.checkpoint_epoch, old.checkpoint_size) then
    raise exception 'the cursor of the publisher only moves on' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_back before insert or update or delete on publish_cursor for each row execute function forbid_back();
alter table publish_cursor enable always trigger forbid_back;
create trigger forbid_truncate before truncate on publish_cursor for each statement execute function forbid();
alter table publish_cursor enable always trigger forbid_truncate;

-- What is behind is passed over: a publisher that starts again on a stream that lost its end is behind for a while.
create function publish_moved(p_next bigint, p_epoch int, p_size bigint) returns void language sql security definer set search_path = evidence, pg_temp as $$
  update publish_cursor set
    next_leaf = greatest(next_leaf, p_next),
    checkpoint_epoch = case when (p_epoch, p_size) > (checkpoint_epoch, checkpoint_size) then p_epoch else checkpoint_epoch end,
    checkpoint_size = case when (p_epoch, p_size) > (checkpoint_epoch, checkpoint_size) then p_size else checkpoint_size end,
    moved_at = clock_timestamp()
$$;

-- A body that is gone leaves its leaf here, without a body; one that was altered is shown as it is, for the receiver to find. Asked by `at`, the leaf and one, which has the index.
create view publish_leaves as
  select l.at, l.event_id, l.sha256, b.received_at, b.body
    from ledger l left join lateral (select e.received_at, e.body from event_body e where e.id = l.event_id order by e.sha256 = l.sha256 desc limit 1) b on true;

create view publish_cursors as select next_leaf, checkpoint_epoch, checkpoint_size, moved_at from publish_cursor;

revoke all on all functions in schema evidence from public;
grant execute on function publish_moved(bigint, int, bigint) to sallyport_evidence;
grant select on publish_leaves, publish_cursors to sallyport_evidence;
