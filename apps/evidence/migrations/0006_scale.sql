-- Lists of sessions that stay fast: an index for each way in which they are asked for, and exact totals that nobody has to count.

-- ------------------------------------------------------------------------------------------------------------------------ indexes

-- The order of lists is (opened, sid). `state` is beside the key, so that parts of days are counted out of the index alone.
create index session_idx_time on session_idx (opened, sid) include (state) where opened is not null;
create index session_idx_machine on session_idx (machine, opened, sid) include (state) where opened is not null;
create index session_idx_target on session_idx (target, opened, sid) include (state) where opened is not null;
create index session_idx_machine_target on session_idx (machine, target, opened, sid) include (state) where opened is not null;
-- Most sessions are closed: those that are not are found at once, also among others of the same machine or target.
create index session_idx_rare on session_idx (state, opened, sid) include (machine, target) where opened is not null and state <> 'closed';
create index session_idx_rare_machine on session_idx (machine, state, opened, sid) include (target) where opened is not null and state <> 'closed';
create index session_idx_rare_target on session_idx (target, state, opened, sid) include (machine) where opened is not null and state <> 'closed';

-- ------------------------------------------------------------------------------------------------------------------------- totals

create table session_count (
  scope   smallint not null,
  machine text     not null,
  target  text     not null,
  day     date     not null,
  state   text     not null,
  n       bigint   not null,
  constraint session_count_pk primary key (scope, machine, target, day, state),
  constraint session_count_scope check (scope between 0 and 3),
  constraint session_count_state check (state in ('closed', 'refused', 'abandoned')),
  constraint session_count_n check (n >= 0)
) partition by list (scope);
-- Apart, so that what is read together stands together.
create table session_count_all partition of session_count for values in (0) with (fillfactor = 80);
create table session_count_machine partition of session_count for values in (1) with (fillfactor = 80);
create table session_count_target partition of session_count for values in (2) with (fillfactor = 80);
create table session_count_both partition of session_count for values in (3) with (fillfactor = 80);
comment on table session_count is 'how many sessions began on a day (UTC) and have ended, by how; written with the change of session_idx, in its transaction. Open ones are few and counted where they stand';
comment on column session_count.scope is '0 all, 1 of a machine, 2 to a target, 3 of a machine to a target; names that are not told apart are empty';

create function session_counted(p_opened timestamptz, p_state text) returns boolean language sql immutable as $$
  select p_opened is not null and p_state in ('closed', 'refused', 'abandoned')
$$;

create function session_count_add(p_machine text, p_target text, p_opened timestamptz, p_state text, p_n bigint) returns void language plpgsql set search_path = evidence, pg_temp as $$
declare
  d constant date := (p_opened at time zone 'UTC')::date;
begin
  insert into session_count as c (scope, machine, target, day, state, n)
    values (0, '', '', d, p_state, p_n), (1, p_machine, '', d, p_state, p_n), (2, '', p_target, d, p_state, p_n), (3, p_machine, p_target, d, p_state, p_n)
    on conflict (scope, machine, target, day, state) do update set n = c.n + excluded.n;
end
$$;

create function session_changed() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'INSERT' and old.opened is not null and old.state in ('closed', 'refused', 'abandoned') then
    -- Not by an insert: what would become less than nothing was never counted.
    update session_count c set n = c.n - 1
      where c.day = (old.opened at time zone 'UTC')::date and c.state = old.state
        and (c.scope, c.machine, c.target) in ((0::smallint, '', ''), (1::smallint, old.machine, ''), (2::smallint, '', old.target), (3::smallint, old.machine, old.target));
  end if;
  if tg_op <> 'DELETE' and new.opened is not null and new.state in ('closed', 'refused', 'abandoned') then
    perform session_count_add(new.machine, new.target, new.opened, new.state, 1);
  end if;
  return null;
end
$$;

-- Not for each change of a session's sums, of which there is one in every batch: only for its coming and going.
create trigger session_changed after update of state, opened, machine, target on session_idx for each row
  when ((old.state, old.opened, old.machine, old.target) is distinct from (new.state, new.opened, new.machine, new.target)
    and (session_counted(old.opened, old.state) or session_counted(new.opened, new.state)))
  execute function session_changed();
create trigger session_gone after delete on session_idx for each row when (session_counted(old.opened, old.state)) execute function session_changed();

-- Sessions that come in as they ended: those of `append` do not, those of a rebuilt index do.
create function sessions_came() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  insert into session_count as c (scope, machine, target, day, state, n)
    select scope, case when scope & 1 = 1 then s.machine else '' end, case when scope & 2 = 2 then s.target else '' end, (s.opened at time zone 'UTC')::date, s.state, count(*)
      from came s cross join generate_series(0, 3) scope where session_counted(s.opened, s.state) group by 1, 2, 3, 4, 5
    on conflict (scope, machine, target, day, state) do update set n = c.n + excluded.n;
  return null;
end
$$;
create trigger sessions_came after insert on session_idx referencing new table as came for each statement execute function sessions_came();

create function sessions_gone() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  delete from session_count;
  return null;
end
$$;
create trigger sessions_gone after truncate on session_idx for each statement execute function sessions_gone();

alter table session_idx enable always trigger session_changed;
alter table session_idx enable always trigger session_gone;
alter table session_idx enable always trigger sessions_came;
alter table session_idx enable always trigger sessions_gone;

insert into session_count (scope, machine, target, day, state, n)
  select scope, case when scope & 1 = 1 then s.machine else '' end, case when scope & 2 = 2 then s.target else '' end, (s.opened at time zone 'UTC')::date, s.state, count(*)
    from session_idx s cross join generate_series(0, 3) scope where session_counted(s.opened, s.state) group by 1, 2, 3, 4, 5;

create view session_counts as select scope, machine, target, day, state, n from session_count;

revoke all on all functions in schema evidence from public;
grant select on session_counts to sallyport_evidence;

-- -------------------------------------------------------------------------------------------------------------------------- reading

-- One body for each place, looked up by its id in its month: however the planner judges how many there are, it cannot read the months from end to end. A body that was
-- altered no longer has the hash that the ledger noted: it is shown all the same, for the verifier to find.
create or replace view ledger_events as
  select l.at, l.event_id, b.received_at, b.body, l.sha256
    from ledger l cross join lateral (select e.received_at, e.body from event_body e where e.id = l.event_id order by e.sha256 = l.sha256 desc limit 1) b;
