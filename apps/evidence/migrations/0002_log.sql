-- The Merkle log over the ledger (RFC 6962). Leaf i is the event at ledger.at = i + 1: the order that `append` gives is the order of the log, and the
-- primary key of the ledger makes it impossible that two events have one place. Nothing here is secret; nothing here is trusted: whoever
-- holds a signed checkpoint can compute all of it again from the events.

alter table ledger add column leaf_hash bytea;
alter table ledger disable trigger forbid_change;
update ledger l set leaf_hash = sha256('\x00'::bytea || b.body) from event_body b where b.id = l.event_id and b.sha256 = l.sha256;
alter table ledger enable always trigger forbid_change;
alter table ledger alter column leaf_hash set not null;
comment on column ledger.leaf_hash is 'RFC 6962 leaf hash of the stored bytes as they were when they were added';

-- What the ledger has, the index need not have again: each column costs every event.
alter table event_idx drop column event_id, drop column sha256;

-- Adds a batch, in the order of its arrays, in one transaction. Event i is `p_lens[i]` bytes of `p_pack` from `p_offs[i]` (0 is the first); ids are
-- distinct within a batch. What is there already is passed over: the same id with the same bytes. Two different events that claim one
-- number of a chain or of a producer are both kept, and the answer names them:
-- {"added": n, "conflicts": [{"sid", "seq", "kept", "other"}], "producers": [{"producer", "epoch", "contiguous"}]}
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

  with incoming as (
    select * from unnest(p_ids, p_sids, p_seqs, p_producers, p_epochs, p_pseqs, p_types, p_whos, p_targets, p_walls, p_offs, p_lens, p_commands, p_denied, p_held, p_rows, p_bytes) with ordinality
      as u (id, sid, seq, producer, epoch, pseq, type, who, target, wall, off, len, commands, denied, held, rows, bytes, i)
  ), stored as (
    insert into event_body (id, body) select id, substring(p_pack from off + 1 for len) from incoming on conflict (id, sha256) do nothing returning id, sha256, sha256('\x00'::bytea || body) as leaf_hash
  ), fresh as materialized (
    select n.*, s.sha256, s.leaf_hash, head + row_number() over (order by n.i) as at from incoming n join stored s using (id)
  ), chained as (
    insert into session_seq (sid, seq, event_id, sha256) select f.sid, f.seq, f.id, f.sha256 from fresh f order by f.i on conflict do nothing returning event_id
  ), counted as (
    insert into producer_seq (producer, epoch, pseq, event_id) select f.producer, f.epoch, f.pseq, f.id from fresh f order by f.i on conflict do nothing returning event_id
  ), ordered as (
    insert into ledger (at, event_id, sha256, leaf_hash) select f.at, f.id, f.sha256, f.leaf_hash from fresh f
  ), indexed as (
    insert into event_idx (at, type, sid, seq, who, target, wall) select f.at, f.type, f.sid, f.seq, f.who, f.target, f.wall from fresh f
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


-- ------------------------------------------------------------------------------------------------------------------------------ tree

create table log_node (
  level smallint not null,
  index bigint   not null,
  hash  bytea    not null,
  constraint log_node_pk primary key (level, index),
  constraint log_node_level check (level between 1 and 7),
  constraint log_node_hash check (length(hash) = 32)
);
comment on table log_node is 'roots of full subtrees of 256^level leaves: the entries of the tiles above the lowest (C2SP tlog-tiles)';

create table log_state (
  one      boolean not null default true,
  size     bigint  not null default 0,
  frontier bytea   not null default '',
  constraint log_state_pk primary key (one),
  constraint log_state_one check (one)
);
comment on table log_state is 'how many leaves are in the tree, and the compact range over them';
insert into log_state default values;

create table log_epoch (
  epoch     int         not null,
  origin    text        not null,
  opened_at timestamptz not null default clock_timestamp(),
  why       text        not null,
  lost_size bigint,
  lost_root bytea,
  constraint log_epoch_pk primary key (epoch),
  constraint log_epoch_origin unique (origin)
);
comment on table log_epoch is 'names under which checkpoints are signed. A new one is opened when the database was found behind a checkpoint that had left it (lost_size, lost_root): a restored backup, for one';

create table checkpoint (
  epoch   int         not null,
  size    bigint      not null,
  root    bytea       not null,
  made_at timestamptz not null default clock_timestamp(),
  note    text,
  constraint checkpoint_pk primary key (epoch, size),
  constraint checkpoint_epoch foreign key (epoch) references log_epoch (epoch)
);
comment on table checkpoint is 'one root for each size of an epoch, for ever; written before it is signed';

create function forbid_shrink() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or new.size < old.size then
    raise exception 'the log only grows' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_shrink before update or delete on log_state for each row execute function forbid_shrink();
alter table log_state enable always trigger forbid_shrink;

create function forbid_resign() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or old.note is not null or (new.epoch, new.size, new.root, new.made_at) is distinct from (old.epoch, old.size, old.root, old.made_at) then
    raise exception 'a checkpoint is never changed' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_resign before update or delete on checkpoint for each row execute function forbid_resign();
alter table checkpoint enable always trigger forbid_resign;
create trigger forbid_truncate before truncate on checkpoint for each statement execute function forbid();
alter table checkpoint enable always trigger forbid_truncate;

select protect(t) from unnest(array['log_node', 'log_epoch']::regclass[]) t;

-- Puts leaves [p_from, p_to) into the tree. Refuses (55000) when the tree is not at p_from, so that two keepers cannot both do it.
create function log_extend(p_from bigint, p_to bigint, p_levels smallint[], p_indexes bigint[], p_hashes bytea[], p_frontier bytea) returns void language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  now_at bigint;
begin
  select size into now_at from log_state for update;
  if now_at <> p_from or p_to <= p_from or p_to > (select coalesce(max(at), 0) from ledger) then
    raise exception 'the tree has % leaves, not %', now_at, p_from using errcode = '55000';
  end if;
  insert into log_node (level, index, hash) select * from unnest(p_levels, p_indexes, p_hashes);
  update log_state set size = p_to, frontier = p_frontier;
end
$$;

create function log_open_epoch(p_epoch int, p_origin text, p_why text, p_lost_size bigint, p_lost_root bytea) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into log_epoch (epoch, origin, why, lost_size, lost_root) values (p_epoch, p_origin, p_why, p_lost_size, p_lost_root)
$$;

-- Writes a checkpoint down before it is signed. @returns the root that stands for this size: another one than given must not be signed.
create function checkpoint_intend(p_epoch int, p_size bigint, p_root bytea) returns bytea language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  stands bytea;
begin
  insert into checkpoint (epoch, size, root) values (p_epoch, p_size, p_root) on conflict do nothing;
  select root into stands from checkpoint where epoch = p_epoch and size = p_size;
  return stands;
end
$$;

create function checkpoint_signed(p_epoch int, p_size bigint, p_note text) returns void language sql security definer set search_path = evidence, pg_temp as $$
  update checkpoint set note = p_note where epoch = p_epoch and size = p_size and note is null
$$;

-- Asked by `at`, which has an index, and not by at - 1, which has none.
create view log_leaves as select at, leaf_hash as hash, event_id from ledger;
create view log_nodes as select level, index, hash from log_node;
create view log_states as select size, frontier from log_state;
create view log_epochs as select epoch, origin, opened_at, why, lost_size, lost_root from log_epoch;
create view checkpoints as select epoch, size, root, made_at, note from checkpoint;

revoke all on all functions in schema evidence from public;
grant execute on function log_extend(bigint, bigint, smallint[], bigint[], bytea[], bytea), log_open_epoch(int, text, text, bigint, bytea), checkpoint_intend(int, bigint, bytea), checkpoint_signed(int, bigint, text) to sallyport_evidence;
grant select on log_leaves, log_nodes, log_states, log_epochs, checkpoints to sallyport_evidence;
