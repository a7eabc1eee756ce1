-- Batches are noted before they are sent, so that the same one is sent again after a crash. Checkpoints have a cursor of their own. A ledger that was set back takes
-- cursors back with it: `turn` counts how often, and within one turn a cursor only moves on.
alter table sink_cursor
  add column batch_last       bigint,
  add column checkpoint_epoch integer not null default 0,
  add column checkpoint_size  bigint  not null default 0,
  add column turn             integer not null default 0,
  add constraint sink_cursor_batch check (batch_last is null or batch_last >= next_leaf);
comment on table sink_cursor is 'the leaf that each sink is given next; goes back only with a ledger that was set back, and then in a new turn';
comment on column sink_cursor.batch_last is 'the last leaf of the batch that is on its way; its first is next_leaf';
comment on column sink_cursor.checkpoint_size is 'the checkpoint that was delivered last, with its epoch';

create table sink_mark (
  name   text   not null,
  leaf   bigint not null,
  sha256 text   not null,
  constraint sink_mark_pk primary key (name, leaf)
);
comment on table sink_mark is 'hashes of some leaves that each sink has, the closer to its cursor the more of them: they show whether the ledger is still the one that was delivered';

create or replace function refuse_back() returns trigger language plpgsql as $$
begin
  if new.name <> old.name or new.turn < old.turn or (new.turn = old.turn and new.next_leaf < old.next_leaf) then
    raise exception 'the cursor of a sink only moves on';
  end if;
  return new;
end
$$;

grant select, insert, delete on sink_mark to sallyport_sinks;
