-- The ledger of one tenant. Stored bytes are the truth; everything that can be rebuilt from them stands in tables of its own.
-- The service's role has no right on any table here: it may call the functions and read the views at the end.
-- Merkle leaves, tiles, checkpoints, retention and sinks come with later migrations.

-- include outbox

-- ---------------------------------------------------------------------------------------------------------------- what is kept

create table event_body (
  id          uuid        not null,
  received_at timestamptz not null default clock_timestamp(),
  body        bytea       not null,
  sha256      bytea       not null generated always as (sha256(body)) stored,
  constraint event_body_pk primary key (id, sha256)
) partition by range (id);
comment on table event_body is 'events as they were written, byte for byte; partitions are months of the UUIDv7';
comment on column event_body.sha256 is 'in the key, so that two different events of one id are both kept';
create table event_body_rest partition of event_body default;

create table blob (
  event_id  uuid  not null,
  ct_sha256 bytea not null,
  bytes     bytea not null,
  constraint blob_pk primary key (event_id, ct_sha256)
) partition by range (event_id);
comment on table blob is 'ciphertexts of events, by the hash that the event names';
create table blob_rest partition of blob default;

create table session_seq (
  sid      uuid   not null,
  seq      bigint not null,
  event_id uuid   not null,
  sha256   bytea  not null,
  constraint session_seq_pk primary key (sid, seq)
) partition by hash (sid);
comment on table session_seq is 'the first event that claimed a number of a chain';
create table session_seq_0 partition of session_seq for values with (modulus 4, remainder 0);
create table session_seq_1 partition of session_seq for values with (modulus 4, remainder 1);
create table session_seq_2 partition of session_seq for values with (modulus 4, remainder 2);
create table session_seq_3 partition of session_seq for values with (modulus 4, remainder 3);

create table producer_seq (
  producer text   not null,
  epoch    uuid   not null,
  pseq     bigint not null,
  event_id uuid   not null,
  constraint producer_seq_pk primary key (producer, epoch, pseq)
);
comment on table producer_seq is 'the first event that claimed a number of a producer';

create table ledger (
  at       bigint not null,
  event_id uuid   not null,
  sha256   bytea  not null,
  constraint ledger_pk primary key (at),
  constraint ledger_at_is_positive check (at > 0)
);
comment on table ledger is 'the order of the ledger: dense from 1, given by append alone';

create table quarantine (
  sha256      bytea       not null generated always as (sha256(message)) stored,
  received_at timestamptz not null default clock_timestamp(),
  subject     text        not null,
  reason      text        not null,
  message     bytea       not null,
  constraint quarantine_pk primary key (sha256)
);
comment on table quarantine is 'messages that are no events, kept as they came';

create table gap (
  producer  text        not null,
  epoch     uuid        not null,
  from_pseq bigint      not null,
  to_pseq   bigint      not null,
  found_at  timestamptz not null default clock_timestamp(),
  constraint gap_pk primary key (producer, epoch, from_pseq)
);
comment on table gap is 'numbers of producers that were missing for too long, as told by log.gap; they may have come later';

-- -------------------------------------------------------------------------------------------- what can be rebuilt from the above

create table event_idx (
  at       bigint      not null,
  event_id uuid        not null,
  sha256   bytea       not null,
  type     text        not null,
  sid      uuid        not null,
  seq      bigint      not null,
  who      text,
  target   text,
  wall     timestamptz not null,
  constraint event_idx_pk primary key (at)
);
comment on table event_idx is 'search columns of events; rebuildable';
create index event_idx_chain on event_idx (sid, seq, at);
-- Indexes for searches by type, person or target come with the searches: each costs every event.

create table session_idx (
  sid           uuid        not null,
  producer      text        not null,
  epoch         uuid        not null,
  state         text        not null default 'unopened',
  machine       text        not null default '',
  target        text        not null default '',
  protocol      text        not null default '',
  opened        timestamptz,
  closed        timestamptz,
  ended         text,
  commands      bigint      not null default 0,
  denied        bigint      not null default 0,
  held          bigint      not null default 0,
  rows          bigint      not null default 0,
  bytes         bigint      not null default 0,
  last_seq      bigint      not null,
  last_at       timestamptz not null default clock_timestamp(),
  abandoned_seq bigint,
  constraint session_idx_pk primary key (sid),
  constraint session_idx_state check (state in ('unopened', 'open', 'closed', 'refused', 'abandoned'))
) with (fillfactor = 70);
comment on table session_idx is 'one row for each session, for lists; rebuildable';
create index session_idx_open on session_idx (producer, epoch) where state in ('open', 'abandoned');

create table producer_state (
  producer   text        not null,
  epoch      uuid        not null,
  contiguous bigint      not null default 0,
  max_seen   bigint      not null default 0,
  first_seen timestamptz not null default clock_timestamp(),
  last_seen  timestamptz not null default clock_timestamp(),
  constraint producer_state_pk primary key (producer, epoch)
) with (fillfactor = 50);
comment on table producer_state is 'how far each start of each producer is in the ledger; rebuildable but for the times';

-- ------------------------------------------------------------------------------------------------------------- nothing is changed

create function forbid() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  raise exception 'evidence is only ever added: % of % is refused', lower(tg_op), tg_table_name using errcode = '42501';
end
$$;
comment on function forbid() is 'against mistakes of the owner, too; whoever may disable triggers is found out by the chains and the Merkle log';

-- Row triggers of a partitioned table are cloned to its partitions, TRUNCATE triggers are not: each table gets its own.
-- ALWAYS: session_replication_role does not skip them.
create function protect(t regclass) returns void language plpgsql set search_path = evidence, pg_temp as $$
begin
  if not exists (select from pg_trigger where tgrelid = t and tgname = 'forbid_change') then
    execute format('create trigger forbid_change before update or delete on %s for each row execute function evidence.forbid()', t);
  end if;
  execute format('create trigger forbid_truncate before truncate on %s for each statement execute function evidence.forbid()', t);
  execute format('alter table %s enable always trigger forbid_change', t);
  execute format('alter table %s enable always trigger forbid_truncate', t);
end
$$;

select protect(t) from unnest(array[
  'event_body', 'event_body_rest', 'blob', 'blob_rest', 'session_seq', 'session_seq_0', 'session_seq_1', 'session_seq_2', 'session_seq_3',
  'producer_seq', 'ledger', 'quarantine', 'gap']::regclass[]) t;

-- --------------------------------------------------------------------------------------------------------------------- partitions

-- The least UUIDv7 of a time.
create function uuid_from(at timestamptz) returns uuid language sql immutable set search_path = evidence, pg_temp as $$
  select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the months around now. Events of other times go to the default partition; a month that has events there stays there.
create function ensure_partitions(before int, ahead int) returns int language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  month timestamp;
  parent text;
  name text;
  made int := 0;
begin
  for month in select date_trunc('month', now() at time zone 'UTC') + make_interval(months => n) from generate_series(-before, ahead) n loop
    foreach parent in array array['event_body', 'blob'] loop
      name := parent || '_' || to_char(month, 'YYYYMM');
      continue when to_regclass('evidence.' || name) is not null;
      begin
        execute format('create table evidence.%I partition of evidence.%I for values from (%L) to (%L)', name, parent,
          uuid_from(month at time zone 'UTC'), uuid_from((month + interval '1 month') at time zone 'UTC'));
        perform protect(('evidence.' || name)::regclass);
        made := made + 1;
      exception when check_violation then
        raise notice '% has events in the default partition already', name;
      end;
    end loop;
  end loop;
  return made;
end
$$;

select ensure_partitions(1, 3);

-- --------------------------------------------------------------------------------------------------------------------------- append

-- How far a producer's numbers are without a hole, from `done` on.
create function dense_until(p text, e uuid, done bigint) returns bigint language plpgsql stable set search_path = evidence, pg_temp as $$
declare
  piece constant int := 10000;
  found bigint;
begin
  loop
    select max(s.pseq) into found
      from (select pseq, row_number() over (order by pseq) as n from producer_seq where producer = p and epoch = e and pseq > done order by pseq limit piece) s
      where s.pseq = done + s.n;
    exit when found is null;
    if found < done + piece then return found; end if;
    done := found;
  end loop;
  return done;
end
$$;

create function to_state(m jsonb) returns void language sql set search_path = evidence, pg_temp as $$
  update session_idx set
    state = case when m->>'state' = 'open' and state in ('closed', 'abandoned') then state
                 when m->>'state' = 'abandoned' and state = 'closed' then state
                 else m->>'state' end,
    machine = coalesce(m->>'machine', machine),
    target = coalesce(m->>'target', target),
    protocol = coalesce(m->>'protocol', protocol),
    opened = coalesce((m->>'opened')::timestamptz, opened),
    closed = case when m->>'state' = 'abandoned' and state = 'closed' then closed else coalesce((m->>'closed')::timestamptz, closed) end,
    ended = case when m->>'state' = 'abandoned' and state = 'closed' then ended else coalesce(m->>'ended', ended) end,
    abandoned_seq = greatest(abandoned_seq, (m->>'abandoned_seq')::bigint)
  where sid = (m->>'sid')::uuid
$$;

-- Adds a batch, in the order of its arrays, in one transaction. Event i is `p_lens[i]` bytes of `p_pack` from `p_offs[i]` (0 is the first); ids are
-- distinct within a batch. What is there already is passed over: the same id with the same bytes. Two different events that claim one
-- number of a chain or of a producer are both kept, and the answer names them:
-- {"added": n, "conflicts": [{"sid", "seq", "kept", "other"}], "producers": [{"producer", "epoch", "contiguous"}]}
create function append(
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

  with incoming as (
    select * from unnest(p_ids, p_sids, p_seqs, p_producers, p_epochs, p_pseqs, p_types, p_whos, p_targets, p_walls, p_offs, p_lens, p_commands, p_denied, p_held, p_rows, p_bytes) with ordinality
      as u (id, sid, seq, producer, epoch, pseq, type, who, target, wall, off, len, commands, denied, held, rows, bytes, i)
  ), stored as (
    insert into event_body (id, body) select id, substring(p_pack from off + 1 for len) from incoming on conflict (id, sha256) do nothing returning id, sha256
  ), fresh as materialized (
    select n.*, s.sha256, head + row_number() over (order by n.i) as at from incoming n join stored s using (id)
  ), chained as (
    insert into session_seq (sid, seq, event_id, sha256) select f.sid, f.seq, f.id, f.sha256 from fresh f order by f.i on conflict do nothing returning event_id
  ), counted as (
    insert into producer_seq (producer, epoch, pseq, event_id) select f.producer, f.epoch, f.pseq, f.id from fresh f order by f.i on conflict do nothing returning event_id
  ), ordered as (
    insert into ledger (at, event_id, sha256) select f.at, f.id, f.sha256 from fresh f
  ), indexed as (
    insert into event_idx (at, event_id, sha256, type, sid, seq, who, target, wall) select f.at, f.id, f.sha256, f.type, f.sid, f.seq, f.who, f.target, f.wall from fresh f
  ), sealed as (
    insert into blob (event_id, ct_sha256, bytes)
      select f.id, sha256(substring(p_pack from b.off + 1 for b.len)), substring(p_pack from b.off + 1 for b.len)
      from unnest(p_blob_of, p_blob_offs, p_blob_lens) as b (i, off, len) join fresh f on f.i = b.i on conflict do nothing
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

  perform to_state(m) from jsonb_array_elements(p_states) m where (m->>'i')::int = any (added);

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

create function keep_aside(subject text, reason text, message bytea) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into quarantine (subject, reason, message) values (subject, reason, message) on conflict do nothing
$$;

-- ------------------------------------------------------------------------------------------------------------------------- watching

-- Holes whose next number has been here for longer than `older`, each told once. Looks at most 200,000 numbers past the first hole.
create function new_gaps(older interval) returns table (producer text, epoch uuid, from_pseq bigint, to_pseq bigint) language sql security definer set search_path = evidence, pg_temp as $$
  with holes as (
    select s.producer, s.epoch, n.prev + 1 as from_pseq, n.pseq - 1 as to_pseq, n.event_id
      from producer_state s cross join lateral (
        select q.pseq, q.event_id, lag(q.pseq, 1, s.contiguous) over (order by q.pseq) as prev
          from (select pseq, event_id from producer_seq where producer = s.producer and epoch = s.epoch and pseq > s.contiguous order by pseq limit 200000) q
      ) n
      where s.contiguous < s.max_seen and n.pseq > n.prev + 1
  )
  insert into gap (producer, epoch, from_pseq, to_pseq)
    select h.producer, h.epoch, h.from_pseq, h.to_pseq from holes h
      where exists (select from event_body b where b.id = h.event_id and b.received_at < clock_timestamp() - older)
    on conflict do nothing
    returning producer, epoch, from_pseq, to_pseq
$$;

-- A hole that was told this long ago holds the watermark no longer. Should its events come after all, they are taken.
create function give_up_gaps(older interval) returns table (producer text, epoch uuid, contiguous bigint) language sql security definer set search_path = evidence, pg_temp as $$
  update producer_state s set contiguous = greatest(s.contiguous, dense_until(s.producer, s.epoch, x.to_pseq))
    from gap x
    where x.producer = s.producer and x.epoch = s.epoch and x.from_pseq = s.contiguous + 1 and s.contiguous < s.max_seen and x.found_at < clock_timestamp() - older
    returning s.producer, s.epoch, s.contiguous
$$;

-- Open sessions whose producer has started anew for longer than `replaced`, or has been silent for longer than `silent`; and
-- those called abandoned that went on since. They are marked, so that each end is told once.
create function newly_abandoned(replaced interval, silent interval, most int) returns table (sid uuid, last_seq bigint, why text) language sql security definer set search_path = evidence, pg_temp as $$
  with dead as (
    select p.producer, p.epoch,
        case when exists (select from producer_state q where q.producer = p.producer and q.first_seen > p.first_seen and q.first_seen < clock_timestamp() - replaced) then 'its producer has started anew'
             when p.last_seen < clock_timestamp() - silent then 'its producer is silent' end as why
      from producer_state p where exists (select from session_idx s where s.producer = p.producer and s.epoch = p.epoch and s.state in ('open', 'abandoned'))
  ), gone as (
    select s.sid, d.why from session_idx s join dead d on d.producer = s.producer and d.epoch = s.epoch
      where d.why is not null and s.state in ('open', 'abandoned') and (s.abandoned_seq is null or s.abandoned_seq < s.last_seq) and s.last_at < clock_timestamp() - replaced
      limit most
  )
  update session_idx s set abandoned_seq = s.last_seq from gone g where s.sid = g.sid returning s.sid, s.last_seq, g.why
$$;

-- --------------------------------------------------------------------------------------------------------------------------- reading

-- A body that was altered no longer has the hash that the ledger noted: it is shown all the same, for the verifier to find.
create view ledger_events as
  select l.at, l.event_id, b.received_at, b.body, l.sha256
    from ledger l join event_body b on b.id = l.event_id
      and (b.sha256 = l.sha256 or not exists (select from event_body c where c.id = l.event_id and c.sha256 = l.sha256));
comment on view ledger_events is 'events in the order of the ledger, with the hash that was noted when they were added';

create view session_events as
  select i.sid, i.seq, e.at, e.event_id, e.received_at, e.body, e.sha256 from event_idx i join ledger_events e on e.at = i.at;

create view sessions as
  select sid, state, machine, target, protocol, opened, closed, ended, commands, denied, held, rows, bytes, last_seq from session_idx where opened is not null;
create view blobs as select event_id, ct_sha256, bytes from blob;
create view watermarks as select producer, epoch, contiguous, max_seen, last_seen from producer_state;

-- ---------------------------------------------------------------------------------------------------------------------------- rights

revoke all on all functions in schema evidence from public;
grant execute on function ensure_partitions(int, int), keep_aside(text, text, bytea), new_gaps(interval), give_up_gaps(interval), newly_abandoned(interval, interval, int),
  append(bytea, uuid[], uuid[], bigint[], text[], uuid[], bigint[], text[], text[], text[], timestamptz[], int[], int[], bigint[], bigint[], bigint[], bigint[], bigint[], int[], int[], int[], jsonb)
  to sallyport_evidence;
grant select on ledger_events, session_events, sessions, blobs, watermarks to sallyport_evidence;
