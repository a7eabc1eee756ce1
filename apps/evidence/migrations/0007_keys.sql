-- Keys of producers, producers that fell silent, and how the log's key was followed by another.

create table producer_key (
  producer   text        not null,
  epoch      uuid        not null,
  vkey       text        not null,
  public_key text,
  why        text,
  other      text,
  claimed_at timestamptz not null default clock_timestamp(),
  constraint producer_key_pk primary key (producer, epoch, vkey),
  constraint producer_key_why check (why in ('other-producer', 'other-key', 'not-its-own'))
);
comment on table producer_key is 'what key.created said, once for each start of a producer; `why` is set where it was not taken for granted, and key.conflict told it';
create index producer_key_public on producer_key (public_key) where public_key is not null;
select protect('producer_key');

-- Notes that a producer names a key. @returns null, or what is wrong with it and whose it is, once: {"why", "other"}
create function claim_key(p_producer text, p_epoch uuid, p_vkey text, p_public text) returns jsonb language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  found_why text;
  found_other text;
begin
  if p_public is null then
    found_why := 'not-its-own';
  else
    select 'other-producer', k.producer into found_why, found_other from producer_key k where k.public_key = p_public and k.producer <> p_producer order by k.claimed_at limit 1;
    if found_why is null then
      select 'other-key', k.vkey into found_why, found_other
        from (select * from producer_key l where l.producer = p_producer and l.public_key is not null order by l.claimed_at desc limit 1) k where k.public_key <> p_public;
    end if;
  end if;
  insert into producer_key (producer, epoch, vkey, public_key, why, other) values (p_producer, p_epoch, p_vkey, p_public, found_why, found_other) on conflict do nothing;
  return case when found and found_why is not null then jsonb_build_object('why', found_why, 'other', found_other) end;
end
$$;

create table silence (
  producer  text        not null,
  epoch     uuid        not null,
  last_pseq bigint      not null,
  since     timestamptz not null,
  told_at   timestamptz not null default clock_timestamp(),
  heard_at  timestamptz,
  constraint silence_pk primary key (producer, epoch, last_pseq)
);
comment on table silence is 'producers of which nothing came, as told by producer.silent, and when they were heard again';

-- The type of a stored event. Producers write it third, and nothing before it is of their choosing.
create function type_of(p_body bytea) returns text language sql immutable set search_path = evidence, pg_temp as $$
  select substring(encode(substring(p_body from 1 for 160), 'escape') from '^\{"v":1,"id":"[0-9a-f-]{36}","type":"([a-z_]+\.[a-z_]+)"')
$$;

-- Starts of producers of which nothing came for so long, though they did not say that they stop and none has followed them; each silence once. A start with a single event is one of the ledger's own words.
create function newly_silent(quiet interval) returns table (producer text, epoch uuid, last_pseq bigint, since timestamptz) language sql security definer set search_path = evidence, pg_temp as $$
  insert into silence as s (producer, epoch, last_pseq, since)
    select p.producer, p.epoch, p.max_seen, p.last_seen from producer_state p
      where p.last_seen < clock_timestamp() - quiet and p.last_seen > clock_timestamp() - interval '7 days' and p.max_seen > 1
        and not exists (select from producer_state q where q.producer = p.producer and q.first_seen > p.first_seen and q.max_seen > 1)
        and not exists (select from producer_seq n join event_body b on b.id = n.event_id where n.producer = p.producer and n.epoch = p.epoch and n.pseq = p.max_seen and type_of(b.body) = 'service.stopped')
    on conflict do nothing
    returning s.producer, s.epoch, s.last_pseq, s.since
$$;

-- Silences that are over.
create function newly_heard() returns table (producer text, epoch uuid, last_pseq bigint, seconds bigint) language sql security definer set search_path = evidence, pg_temp as $$
  update silence s set heard_at = clock_timestamp() from producer_state p
    where s.heard_at is null and p.producer = s.producer and p.epoch = s.epoch and p.max_seen > s.last_pseq
    returning s.producer, s.epoch, s.last_pseq, extract(epoch from clock_timestamp() - s.since)::bigint
$$;

create table log_key_rotation (
  n       int         not null generated always as identity,
  old     text        not null,
  new     text        not null,
  note    text        not null,
  made_at timestamptz not null default clock_timestamp(),
  constraint log_key_rotation_pk primary key (n),
  constraint log_key_rotation_once unique (old, new)
);
comment on table log_key_rotation is 'statements that one key of the log follows another, signed by both; each is a leaf too (key.rotated)';
select protect('log_key_rotation');

-- @returns whether it is new
create function log_key_rotated(p_old text, p_new text, p_note text) returns boolean language plpgsql security definer set search_path = evidence, pg_temp as $$
begin
  insert into log_key_rotation (old, new, note) values (p_old, p_new, p_note) on conflict do nothing;
  return found;
end
$$;
create view log_key_rotations as select n, old, new, note, made_at from log_key_rotation;

revoke all on all functions in schema evidence from public;
grant execute on function claim_key(text, uuid, text, text), newly_silent(interval), newly_heard(), log_key_rotated(text, text, text) to sallyport_evidence;
grant select on log_key_rotations to sallyport_evidence;
