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

-- Each for a whole statement, so that a batch of events counts once, however many sessions end in it.
create function sessions_came() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  insert into session_count as c (scope, machine, target, day, state, n)
    select scope, case when scope & 1 = 1 then s.machine else '' end, case when scope & 2 = 2 then s.target else '' end, (s.opened at time zone 'UTC')::date, s.state, count(*)
      from came s cross join generate_series(0, 3) scope where session_counted(s.opened, s.state) group by 1, 2, 3, 4, 5
    on conflict (scope, machine, target, day, state) do update set n = c.n + excluded.n;
  return null;
end
$$;

create function sessions_went() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  update session_count c set n = c.n - d.n
    from (select scope, case when scope & 1 = 1 then s.machine else '' end as machine, case when scope & 2 = 2 then s.target else '' end as target, (s.opened at time zone 'UTC')::date as day, s.state, count(*) as n
      from was s cross join generate_series(0, 3) scope where session_counted(s.opened, s.state) group by 1, 2, 3, 4, 5) d
    where c.scope = d.scope and c.machine = d.machine and c.target = d.target and c.day = d.day and c.state = d.state;
  return null;
end
$$;

-- Most changes are of a session's sums and count nothing; an end that is taken back for another (abandoned, then closed after all) is rare.
create function sessions_changed() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  insert into session_count as c (scope, machine, target, day, state, n)
    select scope, case when scope & 1 = 1 then s.machine else '' end, case when scope & 2 = 2 then s.target else '' end, (s.opened at time zone 'UTC')::date, s.state, count(*)
      from (select n.* from came n join was o on o.sid = n.sid
        where session_counted(n.opened, n.state) and (o.state, o.opened, o.machine, o.target) is distinct from (n.state, n.opened, n.machine, n.target)) s cross join generate_series(0, 3) scope
      group by 1, 2, 3, 4, 5
    on conflict (scope, machine, target, day, state) do update set n = c.n + excluded.n;
  if exists (select from was o where session_counted(o.opened, o.state)) then
    update session_count c set n = c.n - d.n
      from (select scope, case when scope & 1 = 1 then s.machine else '' end as machine, case when scope & 2 = 2 then s.target else '' end as target, (s.opened at time zone 'UTC')::date as day, s.state, count(*) as n
        from (select o.* from was o join came n on n.sid = o.sid
          where session_counted(o.opened, o.state) and (o.state, o.opened, o.machine, o.target) is distinct from (n.state, n.opened, n.machine, n.target)) s cross join generate_series(0, 3) scope
        group by 1, 2, 3, 4, 5) d
      where c.scope = d.scope and c.machine = d.machine and c.target = d.target and c.day = d.day and c.state = d.state;
  end if;
  return null;
end
$$;

create trigger sessions_came after insert on session_idx referencing new table as came for each statement execute function sessions_came();
create trigger sessions_changed after update on session_idx referencing old table as was new table as came for each statement execute function sessions_changed();
create trigger sessions_went after delete on session_idx referencing old table as was for each statement execute function sessions_went();

create function sessions_gone() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  delete from session_count;
  return null;
end
$$;
create trigger sessions_gone after truncate on session_idx for each statement execute function sessions_gone();

alter table session_idx enable always trigger sessions_came;
alter table session_idx enable always trigger sessions_changed;
alter table session_idx enable always trigger sessions_went;
alter table session_idx enable always trigger sessions_gone;

insert into session_count (scope, machine, target, day, state, n)
  select scope, case when scope & 1 = 1 then s.machine else '' end, case when scope & 2 = 2 then s.target else '' end, (s.opened at time zone 'UTC')::date, s.state, count(*)
    from session_idx s cross join generate_series(0, 3) scope where session_counted(s.opened, s.state) group by 1, 2, 3, 4, 5;

-- --------------------------------------------------------------------------------------------------------------------------- append

-- What the events of a batch say of how sessions stand: the first word of every session at once, then the second of those that have one, and so on.
create type session_word as (i int, sid uuid, state text, machine text, target text, protocol text, opened timestamptz, closed timestamptz, ended text, abandoned_seq bigint, n bigint);

create function to_states(p_states jsonb, p_added int[]) returns void language plpgsql set search_path = evidence, pg_temp as $$
declare
  words session_word[];
begin
  select array_agg(row(w.i, w.sid, w.state, w.machine, w.target, w.protocol, w.opened, w.closed, w.ended, w.abandoned_seq, n)::session_word) into words
    from (select s.*, row_number() over (partition by s.sid order by s.i) as n from jsonb_populate_recordset(null::session_word, p_states) s where s.i = any (p_added)) w (i, sid, state, machine, target, protocol, opened, closed, ended, abandoned_seq, ignored, n);
  for round in 1 .. coalesce((select max(w.n) from unnest(words) w), 0) loop
    update session_idx s set
        state = case when w.state = 'open' and s.state in ('closed', 'abandoned') then s.state
                     when w.state = 'abandoned' and s.state = 'closed' then s.state
                     else w.state end,
        machine = coalesce(w.machine, s.machine),
        target = coalesce(w.target, s.target),
        protocol = coalesce(w.protocol, s.protocol),
        opened = coalesce(w.opened, s.opened),
        closed = case when w.state = 'abandoned' and s.state = 'closed' then s.closed else coalesce(w.closed, s.closed) end,
        ended = case when w.state = 'abandoned' and s.state = 'closed' then s.ended else coalesce(w.ended, s.ended) end,
        abandoned_seq = greatest(s.abandoned_seq, w.abandoned_seq)
      from unnest(words) w where w.n = round and s.sid = w.sid;
  end loop;
end
$$;

-- As it was (0002) but for two things, each told at its place.
create or replace function append(
  p_pack bytea, p_ids uuid[], p_sids uuid[], p_seqs bigint[], p_producers text[], p_epochs uuid[], p_pseqs bigint[], p_types text[], p_whos text[], p_targets text[], p_walls timestamptz[],
  p_offs int[], p_lens int[], p_commands bigint[], p_denied bigint[], p_held bigint[], p_rows bigint[], p_bytes bigint[],
  p_blob_of int[], p_blob_offs int[], p_blob_lens int[], p_states jsonb
) returns jsonb language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  head bigint;
  added int[];
  clashes jsonb;
  conflicts jsonb := '[]';
  clash jsonb;
  kept uuid;
  p record;
  was producer_state;
  answer jsonb := '[]';
begin
  -- One writer at a time: `at` stays dense, and a reader that has seen `at` will never see a smaller one appear.
  perform pg_advisory_xact_lock(4611686018427387001);
  select coalesce(max(l.at), 0) into head from ledger l;

  -- Looked up first and then added, not `on conflict do nothing`: nobody else writes meanwhile, and what is guarded row by row costs twice as much. `offset 0` keeps each look-up one by the key: the
  -- planner would read the table from end to end instead. Two events of one
  -- batch that claim one number make it fail (23505); the caller then tries again with less, at last with single events.
  with incoming as materialized (
    select * from unnest(p_ids, p_sids, p_seqs, p_producers, p_epochs, p_pseqs, p_types, p_whos, p_targets, p_walls, p_offs, p_lens, p_commands, p_denied, p_held, p_rows, p_bytes) with ordinality
      as u (id, sid, seq, producer, epoch, pseq, type, who, target, wall, off, len, commands, denied, held, rows, bytes, i)
  ), stored as (
    insert into event_body (id, body) select u.id, substring(p_pack from u.off + 1 for u.len) from incoming u
      where not exists (select from event_body b where b.id = u.id and b.body = substring(p_pack from u.off + 1 for u.len) offset 0)
      returning id, sha256, sha256('\x00'::bytea || body) as leaf_hash
  ), fresh as materialized (
    select n.*, s.sha256, s.leaf_hash, head + row_number() over (order by n.i) as at from incoming n join stored s using (id)
  ), chained as (
    insert into session_seq (sid, seq, event_id, sha256) select f.sid, f.seq, f.id, f.sha256 from fresh f
      where not exists (select from session_seq q where q.sid = f.sid and q.seq = f.seq offset 0) returning event_id
  ), counted as (
    insert into producer_seq (producer, epoch, pseq, event_id) select f.producer, f.epoch, f.pseq, f.id from fresh f
      where not exists (select from producer_seq q where q.producer = f.producer and q.epoch = f.epoch and q.pseq = f.pseq offset 0) returning event_id
  ), ordered as (
    insert into ledger (at, event_id, sha256, leaf_hash) select f.at, f.id, f.sha256, f.leaf_hash from fresh f
  ), indexed as (
    insert into event_idx (at, type, sid, seq, who, target, wall) select f.at, f.type, f.sid, f.seq, f.who, f.target, f.wall from fresh f
  ), sealed as (
    insert into blob (event_id, ct_sha256, bytes)
      select distinct on (c.id, c.ct_sha256) c.id, c.ct_sha256, c.bytes
      from (select f.id, sha256(substring(p_pack from b.off + 1 for b.len)) as ct_sha256, substring(p_pack from b.off + 1 for b.len) as bytes from unnest(p_blob_of, p_blob_offs, p_blob_lens) as b (i, off, len) join fresh f on f.i = b.i) c
      where not exists (select from blob k where k.event_id = c.id and k.ct_sha256 = c.ct_sha256 offset 0)
  ), summed as (
    insert into session_idx as s (sid, producer, epoch, commands, denied, held, rows, bytes, last_seq)
      select f.sid, min(f.producer), (array_agg(f.epoch))[1], sum(f.commands), sum(f.denied), sum(f.held), sum(f.rows), sum(f.bytes), max(f.seq)
      from fresh f where f.sid <> f.epoch group by f.sid
      on conflict (sid) do update set
        commands = s.commands + excluded.commands, denied = s.denied + excluded.denied, held = s.held + excluded.held,
        rows = s.rows + excluded.rows, bytes = s.bytes + excluded.bytes, last_seq = greatest(s.last_seq, excluded.last_seq), last_at = clock_timestamp()
  )
  select coalesce(array_agg(f.i), '{}'), coalesce(jsonb_agg(jsonb_build_object('sid', f.sid, 'seq', f.seq, 'producer', f.producer, 'epoch', f.epoch, 'pseq', f.pseq, 'other', f.id))
      filter (where f.id not in (select event_id from chained) or f.id not in (select event_id from counted)), '[]')
    into added, clashes from fresh f;

  -- For all sessions of the batch at once.
  perform to_states(p_states, added);

  for clash in select * from jsonb_array_elements(clashes) loop
    select event_id into kept from session_seq where sid = (clash->>'sid')::uuid and seq = (clash->>'seq')::bigint;
    if kept = (clash->>'other')::uuid then
      select event_id into kept from producer_seq where producer = clash->>'producer' and epoch = (clash->>'epoch')::uuid and pseq = (clash->>'pseq')::bigint;
    end if;
    conflicts := conflicts || jsonb_build_object('sid', clash->'sid', 'seq', clash->'seq', 'kept', kept, 'other', clash->'other');
  end loop;

  for p in
    select u.producer, u.epoch, min(u.pseq) as low, max(u.pseq) as high, count(distinct u.pseq) as n
      from unnest(p_producers, p_epochs, p_pseqs) as u (producer, epoch, pseq) group by 1, 2
  loop
    insert into producer_state (producer, epoch) values (p.producer, p.epoch) on conflict do nothing;
    select * into was from producer_state s where s.producer = p.producer and s.epoch = p.epoch;
    update producer_state s set
        contiguous = case when was.max_seen = was.contiguous and p.low = was.contiguous + 1 and p.n = p.high - p.low + 1 then p.high
                          else dense_until(p.producer, p.epoch, was.contiguous) end,
        max_seen = greatest(was.max_seen, p.high), last_seen = clock_timestamp()
      where s.producer = p.producer and s.epoch = p.epoch returning s.contiguous into was.contiguous;
    answer := answer || jsonb_build_object('producer', p.producer, 'epoch', p.epoch, 'contiguous', was.contiguous);
  end loop;

  return jsonb_build_object('added', coalesce(array_length(added, 1), 0), 'conflicts', conflicts, 'producers', answer);
end
$$;

drop function to_state(jsonb);

create view session_counts as select scope, machine, target, day, state, n from session_count;

revoke all on all functions in schema evidence from public;
grant select on session_counts to sallyport_evidence;

-- -------------------------------------------------------------------------------------------------------------------------- reading

-- One body for each place, looked up by its id in its month: however the planner judges how many there are, it cannot read the months from end to end. A body that was
-- altered no longer has the hash that the ledger noted: it is shown all the same, for the verifier to find.
create or replace view ledger_events as
  select l.at, l.event_id, b.received_at, b.body, l.sha256
    from ledger l cross join lateral (select e.received_at, e.body from event_body e where e.id = l.event_id order by e.sha256 = l.sha256 desc limit 1) b;
