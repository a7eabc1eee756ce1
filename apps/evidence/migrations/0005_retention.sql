-- How long evidence is kept, what keeps it longer, and what is done that it can be read no more. Everything that takes away is done by functions that only the role
-- sallyport_retention may call, which the service becomes for a transaction. What they check, they check here, by this database's clock, whatever the service says.

-- ------------------------------------------------------------------------------------------------------------------------- classes

create table retention_rule (
  at     bigint      not null generated always as identity,
  class  text        not null,
  days   int         not null,
  set_at timestamptz not null default clock_timestamp(),
  constraint retention_rule_pk primary key (at),
  constraint retention_rule_class check (class ~ '^[a-z][a-z0-9-]{0,30}$'),
  constraint retention_rule_days check (days between 1 and 36600)
);
comment on table retention_rule is 'days that a class is kept; the last one of a class counts. `events` is the class of the events themselves, the others are of texts';
select protect('retention_rule');

-- A shorter time counts a week after it was set: whoever would shorten it to be rid of something is seen first, and there is time for a hold. Null: not a class, kept for ever.
create function retention_days(p_class text) returns int language sql stable security definer set search_path = evidence, pg_temp as $$
  select max(r.days) from (select days, lead(set_at) over (order by at) as until from retention_rule where class = p_class) r
    where r.until is null or r.until > clock_timestamp() - interval '7 days'
$$;

-- @returns the days before, null for a new class
create function retention_set(p_class text, p_days int) returns int language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  was int;
begin
  perform pg_advisory_xact_lock(4611686018427387005);
  select days into was from retention_rule where class = p_class order by at desc limit 1;
  if was is distinct from p_days then
    insert into retention_rule (class, days) values (p_class, p_days);
  end if;
  return was;
end
$$;

-- --------------------------------------------------------------------------------------------------------------------------- holds

create table hold (
  id             uuid        not null,
  reason         text        not null,
  session        uuid,
  machine        text,
  target         text,
  from_at        timestamptz,
  to_at          timestamptz,
  placed_by      text        not null,
  placed_at      timestamptz not null default clock_timestamp(),
  release_by     text,
  release_at     timestamptz,
  release_reason text,
  released_by    text,
  released_at    timestamptz,
  constraint hold_pk primary key (id),
  constraint hold_range check (from_at is null or to_at is null or from_at < to_at),
  constraint hold_release check ((release_by is null) = (release_at is null) and (release_by is null) = (release_reason is null)),
  constraint hold_released check ((released_by is null) = (released_at is null)),
  constraint hold_two_people check (released_by is null or (release_by is not null and release_by <> released_by))
);
comment on table hold is 'what must not be purged or shredded. Absent parts of the scope mean all; a hold ends when two people have said so, and stays here';

create function forbid_hold() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or old.released_at is not null
    or (new.id, new.reason, new.placed_by, new.placed_at) is distinct from (old.id, old.reason, old.placed_by, old.placed_at)
    or (new.session, new.machine, new.target, new.from_at, new.to_at) is distinct from (old.session, old.machine, old.target, old.from_at, old.to_at) then
    raise exception 'a hold is only ever released' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_hold before update or delete on hold for each row execute function forbid_hold();
alter table hold enable always trigger forbid_hold;
create trigger forbid_truncate before truncate on hold for each statement execute function forbid();
alter table hold enable always trigger forbid_truncate;

create function hold_place(p_id uuid, p_reason text, p_session uuid, p_machine text, p_target text, p_from timestamptz, p_to timestamptz, p_by text) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into hold (id, reason, session, machine, target, from_at, to_at, placed_by) values (p_id, p_reason, p_session, p_machine, p_target, p_from, p_to, p_by)
$$;

-- @returns `unknown`, `released` (it was before), `same-person` (who asked already), `requested` (a second person must ask), or `ended`. A request counts for thirty days.
create function hold_release(p_id uuid, p_by text, p_reason text) returns text language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  h hold;
begin
  select * into h from hold where id = p_id for update;
  if not found then return 'unknown'; end if;
  if h.released_at is not null then return 'released'; end if;
  if h.release_by is null or h.release_at < clock_timestamp() - interval '30 days' then
    update hold set release_by = p_by, release_at = clock_timestamp(), release_reason = p_reason where id = p_id;
    return 'requested';
  end if;
  if h.release_by = p_by then return 'same-person'; end if;
  update hold set released_by = p_by, released_at = clock_timestamp() where id = p_id;
  return 'ended';
end
$$;

-- Holds that keep a month of events. One of a session keeps the months in which it has events; one of a machine or target keeps every month of its time, since what
-- touches a machine is not in its sessions alone.
create function holds_over(p_from timestamptz, p_to timestamptz) returns setof uuid language sql stable set search_path = evidence, pg_temp as $$
  select h.id from hold h
    where h.released_at is null and (h.from_at is null or h.from_at < p_to) and (h.to_at is null or h.to_at > p_from)
      and (h.session is null or exists (select from session_seq q where q.sid = h.session and q.event_id >= uuid_from(p_from) and q.event_id < uuid_from(p_to)))
    order by h.placed_at
$$;

create function hold_matches(h hold, s session_idx) returns boolean language sql immutable set search_path = evidence, pg_temp as $$
  select h.released_at is null
    and (h.session is null or s.sid = h.session) and (h.machine is null or s.machine = h.machine) and (h.target is null or s.target = h.target)
    and (h.from_at is null or coalesce(s.closed, s.last_at) >= h.from_at) and (h.to_at is null or s.opened is null or s.opened < h.to_at)
$$;

create function holds_on_session(p_sid uuid) returns setof uuid language sql stable set search_path = evidence, pg_temp as $$
  select h.id from hold h join session_idx s on s.sid = p_sid and hold_matches(h, s) order by h.placed_at
$$;

-- Holds on any session whose key may be one of this day, of whatever class.
create function holds_on_day(p_day date) returns setof uuid language sql stable set search_path = evidence, pg_temp as $$
  select h.id from hold h
    where h.released_at is null and exists (
      select from session_idx s where s.sid >= uuid_from((p_day - 1)::timestamp at time zone 'UTC') and s.sid < uuid_from((p_day + 2)::timestamp at time zone 'UTC') and hold_matches(h, s))
    order by h.placed_at
$$;

-- ---------------------------------------------------------------------------------------------------------------------------- keys

create table sealing_key (
  id           text        not null,
  class        text        not null,
  day          date        not null,
  kind         text        not null,
  made_at      timestamptz not null default clock_timestamp(),
  destroyed_at timestamptz,
  event_id     uuid,
  constraint sealing_key_pk primary key (id),
  constraint sealing_key_kind check (kind in ('x25519', 'aes256')),
  constraint sealing_key_id check (id = class || '/' || day || '/' || right(id, 16)),
  constraint sealing_key_destroyed check ((destroyed_at is null) = (event_id is null))
);
comment on table sealing_key is 'which keys there were for the sessions of a day and class, and which are destroyed. The keys themselves are never in this database';
create index sealing_key_day on sealing_key (day, class);

create function forbid_revival() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or old.destroyed_at is not null or (new.id, new.class, new.day, new.kind, new.made_at) is distinct from (old.id, old.class, old.day, old.kind, old.made_at) then
    raise exception 'a key is only ever destroyed' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_revival before update or delete on sealing_key for each row execute function forbid_revival();
alter table sealing_key enable always trigger forbid_revival;
create trigger forbid_truncate before truncate on sealing_key for each statement execute function forbid();
alter table sealing_key enable always trigger forbid_truncate;

create table dek (
  event_id uuid  not null,
  sid      uuid  not null,
  key_id   text  not null,
  iv       bytea not null,
  wrapped  bytea not null,
  constraint dek_pk primary key (event_id),
  constraint dek_key foreign key (key_id) references sealing_key (id),
  constraint dek_wrapped check (length(wrapped) = 48 and length(iv) = 12)
);
comment on table dek is 'session keys of days on which a session was erased, sealed anew for the others. The only table of evidence whose rows are deleted: they are useless without their key, which goes first';
create index dek_of_key on dek (key_id);

create table erasure (
  sid          uuid        not null,
  reason       text        not null,
  requested_by text        not null,
  requested_at timestamptz not null default clock_timestamp(),
  confirmed_by text,
  confirmed_at timestamptz,
  done_at      timestamptz,
  constraint erasure_pk primary key (sid),
  constraint erasure_confirmed check ((confirmed_by is null) = (confirmed_at is null)),
  constraint erasure_two_people check (confirmed_by is null or confirmed_by <> requested_by),
  constraint erasure_done check (done_at is null or confirmed_at is not null)
);
comment on table erasure is 'sessions whose texts two people have ordered to be made unreadable';

create function forbid_unerase() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or old.done_at is not null or (old.confirmed_at is not null and (new.sid, new.reason, new.requested_by, new.requested_at, new.confirmed_by, new.confirmed_at)
      is distinct from (old.sid, old.reason, old.requested_by, old.requested_at, old.confirmed_by, old.confirmed_at)) then
    raise exception 'an erasure is not taken back' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_unerase before update or delete on erasure for each row execute function forbid_unerase();
alter table erasure enable always trigger forbid_unerase;
create trigger forbid_truncate before truncate on erasure for each statement execute function forbid();
alter table erasure enable always trigger forbid_truncate;

create function sealing_key_made(p_id text, p_class text, p_day date, p_kind text) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into sealing_key (id, class, day, kind) values (p_id, p_class, p_day, p_kind) on conflict do nothing
$$;

-- @returns `held`, `confirmed` (it was before), `same-person`, `requested` (a second person must ask), or `ordered`. A request counts for thirty days.
create function erasure_order(p_sid uuid, p_by text, p_reason text) returns text language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  e erasure;
begin
  select * into e from erasure where sid = p_sid for update;
  if e.confirmed_at is not null then return 'confirmed'; end if;
  if exists (select from holds_on_session(p_sid)) then return 'held'; end if;
  if e.sid is null then
    insert into erasure (sid, reason, requested_by) values (p_sid, p_reason, p_by);
    return 'requested';
  end if;
  if e.requested_at < clock_timestamp() - interval '30 days' then
    update erasure set reason = p_reason, requested_by = p_by, requested_at = clock_timestamp() where sid = p_sid;
    return 'requested';
  end if;
  if e.requested_by = p_by then return 'same-person'; end if;
  update erasure set confirmed_by = p_by, confirmed_at = clock_timestamp() where sid = p_sid;
  return 'ordered';
end
$$;

-- A session may run for a day after the one on whose key its texts are.
create function sealing_key_due(p_class text, p_day date) returns date language sql stable security definer set search_path = evidence, pg_temp as $$
  select p_day + 2 + retention_days(p_class)
$$;

-- Events that are sealed to a day's key may be on their way this long: a gateway's journal waits for a bus that is away.
create function sealing_key_quiet(p_day date) returns date language sql immutable set search_path = evidence, pg_temp as $$
  select p_day + 4
$$;

create function today() returns date language sql volatile set search_path = evidence, pg_temp as $$
  select (clock_timestamp() at time zone 'UTC')::date
$$;

-- The data of an event of the ledger; refuses (55000) when it is not there or of another type.
create function said(p_event uuid, p_type text) returns jsonb language plpgsql stable set search_path = evidence, pg_temp as $$
declare
  e jsonb;
begin
  select convert_from(body, 'UTF8')::jsonb into e from event_body where id = p_event;
  if e is null or e->>'type' is distinct from p_type then
    raise exception 'the ledger does not say so yet' using errcode = '55000';
  end if;
  return e->'d';
end
$$;

-- Notes that a key whose class has run out is destroyed, which the ledger has said. The service then destroys the key itself.
create function sealing_key_expire(p_id text, p_event uuid) returns void language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  k sealing_key;
begin
  select * into k from sealing_key where id = p_id and destroyed_at is null for update;
  if not found then raise exception 'there is no such key' using errcode = '55000'; end if;
  if sealing_key_due(k.class, k.day) > today() or retention_days(k.class) is null then raise exception '% is kept until %', p_id, sealing_key_due(k.class, k.day) using errcode = '55000'; end if;
  if exists (select from holds_on_day(k.day)) then raise exception '% is held', p_id using errcode = '55000'; end if;
  if said(p_event, 'key.destroyed')->>'key' is distinct from p_id then raise exception 'the ledger does not say so' using errcode = '55000'; end if;
  delete from dek where key_id = p_id;
  update sealing_key set destroyed_at = clock_timestamp(), event_id = p_event where id = p_id;
  update erasure set done_at = clock_timestamp() where confirmed_at is not null and done_at is null and sid in (select s::uuid from jsonb_array_elements_text(said(p_event, 'key.destroyed')->'sessions') s);
end
$$;

-- Puts the sessions of a key, but for the erased ones, under another, and notes that the first is destroyed, which the ledger has said.
create function sealing_key_replace(p_old text, p_new text, p_event uuid, p_events uuid[], p_sids uuid[], p_ivs bytea[], p_wrapped bytea[]) returns void language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  k sealing_key;
  d jsonb := said(p_event, 'key.destroyed');
  erased uuid[];
begin
  select * into k from sealing_key where id = p_old and destroyed_at is null for update;
  if not found then raise exception 'there is no such key' using errcode = '55000'; end if;
  if not exists (select from sealing_key n where n.id = p_new and n.kind = 'aes256' and n.class = k.class and n.day = k.day and n.destroyed_at is null) then
    raise exception 'there is no such key to follow it' using errcode = '55000';
  end if;
  if sealing_key_quiet(k.day) > today() then raise exception 'what is sealed to % may be on its way until %', p_old, sealing_key_quiet(k.day) using errcode = '55000'; end if;
  if d->>'key' is distinct from p_old or d->>'next' is distinct from p_new then raise exception 'the ledger does not say so' using errcode = '55000'; end if;
  select array_agg(s::uuid) into erased from jsonb_array_elements_text(d->'sessions') s;
  if erased is null or exists (select from unnest(erased) s where not exists (select from erasure e where e.sid = s and e.confirmed_at is not null)) then
    raise exception 'nobody has ordered that' using errcode = '55000';
  end if;
  if exists (select from unnest(erased) s cross join lateral holds_on_session(s)) then raise exception '% is held', p_old using errcode = '55000'; end if;
  if p_sids && erased then raise exception 'an erased session is among those that are kept' using errcode = '55000'; end if;
  delete from dek where key_id = p_old;
  insert into dek (event_id, sid, key_id, iv, wrapped) select u.event_id, u.sid, p_new, u.iv, u.wrapped from unnest(p_events, p_sids, p_ivs, p_wrapped) as u (event_id, sid, iv, wrapped);
  update sealing_key set destroyed_at = clock_timestamp(), event_id = p_event where id = p_old;
  update erasure set done_at = clock_timestamp() where sid = any (erased) and done_at is null;
end
$$;

-- --------------------------------------------------------------------------------------------------------------------------- purge

create table pruned (
  one    boolean        not null default true,
  leaves int8multirange not null default '{}',
  constraint pruned_pk primary key (one),
  constraint pruned_one check (one)
);
comment on table pruned is 'leaves whose events were purged by policy: each of them is named by the newest retention.purged of the ledger. A leaf without an event that is not here is missing';
insert into pruned default values;

create function forbid_unprune() returns trigger language plpgsql set search_path = evidence, pg_temp as $$
begin
  if tg_op <> 'UPDATE' or not new.leaves @> old.leaves then
    raise exception 'what was purged stays purged' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger forbid_unprune before insert or update or delete on pruned for each row execute function forbid_unprune();
alter table pruned enable always trigger forbid_unprune;
create trigger forbid_truncate before truncate on pruned for each statement execute function forbid();
alter table pruned enable always trigger forbid_truncate;

-- Months of events and of ciphertexts: until when each is kept, and by which holds beyond that. Ciphertexts go by the class of texts that is kept the longest.
create function retention_tables() returns table (name text, class text, from_at timestamptz, to_at timestamptz, due date, holds uuid[]) language sql stable security definer set search_path = evidence, pg_temp as $$
  select c.relname::text, k.class, m.from_at, m.to_at, (m.to_at at time zone 'UTC')::date + k.days, array(select holds_over(m.from_at, m.to_at))
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
      cross join lateral (select to_date(right(c.relname, 6), 'YYYYMM')::timestamp as month) f
      cross join lateral (select f.month at time zone 'UTC' as from_at, (f.month + interval '1 month') at time zone 'UTC' as to_at) m
      cross join lateral (
        select r.class, retention_days(r.class) as days from (select distinct r.class from retention_rule r) r
          where (r.class = 'events') = (i.inhparent = 'event_body'::regclass) order by 2 desc, 1 limit 1
      ) k
    where i.inhparent in ('event_body'::regclass, 'blob'::regclass) and c.relname ~ '^(event_body|blob)_[0-9]{6}$'
    order by m.from_at, c.relname
$$;

-- Why a month stays: `unknown`, `not-due`, `held`, `undelivered` (a required sink or the stream has not got all of it, or it is not known), `late` (some of it came when its time was almost over).
-- Nothing: it may go. @param p_delivered leaves before it are with every required sink
create function purge_blocks(p_table text, p_delivered bigint) returns text[] language plpgsql stable security definer set search_path = evidence, pg_temp as $$
declare
  t record;
  blocks text[] := '{}';
  n bigint;
begin
  select * into t from retention_tables() r where r.name = p_table;
  if not found then return '{unknown}'; end if;
  if t.due is null or t.due > today() then return '{not-due}'; end if;
  if cardinality(t.holds) > 0 then blocks := blocks || 'held'::text; end if;
  if p_table like 'event_body%' then
    select least(p_delivered, next_leaf) into n from publish_cursor;
    if p_delivered is null or exists (select from ledger where at > n and event_id >= uuid_from(t.from_at) and event_id < uuid_from(t.to_at)) then blocks := blocks || 'undelivered'::text; end if;
    -- Not by the ids alone: they are the producers' clocks.
    if exists (select from event_body where id >= uuid_from(t.from_at) and id < uuid_from(t.to_at) and received_at > clock_timestamp() - make_interval(days => retention_days('events'))) then
      blocks := blocks || 'late'::text;
    end if;
  end if;
  return blocks;
end
$$;

-- All leaves that are without an event by policy once this month is gone, as [[from, to], …]; nothing for a month of ciphertexts.
create function purge_leaves(p_table text) returns jsonb language sql stable security definer set search_path = evidence, pg_temp as $$
  with month as (
    select uuid_from(from_at) as low, uuid_from(to_at) as high from retention_tables() where name = p_table and name like 'event_body%'
  ), islands as (
    select min(x.at) - 1 as low, max(x.at) as high
      from (select l.at, l.at - row_number() over (order by l.at) as island from ledger l join month m on l.event_id >= m.low and l.event_id < m.high) x group by x.island
  ), together as (
    select unnest((select leaves from pruned) + coalesce((select range_agg(int8range(low, high)) from islands), '{}')) as leaves where exists (select from month)
  )
  select coalesce(jsonb_agg(jsonb_build_array(lower(leaves), upper(leaves)) order by lower(leaves)), '[]') from together
$$;

-- Drops a month, after the ledger has said which leaves lose their events by it: `p_events` are those retention.purged, in the order of their parts.
create function purge_partition(p_table text, p_delivered bigint, p_events uuid[]) returns void language plpgsql security definer set search_path = evidence, pg_temp as $$
declare
  t record;
  blocks text[];
  head bigint;
  gone jsonb;
  told jsonb;
begin
  perform pg_advisory_xact_lock(4611686018427387006);
  select coalesce(max(at), 0) into head from ledger;
  blocks := purge_blocks(p_table, p_delivered);
  if cardinality(blocks) > 0 then raise exception '% stays: %', p_table, array_to_string(blocks, ', ') using errcode = '55000'; end if;
  select * into t from retention_tables() r where r.name = p_table;
  gone := purge_leaves(p_table);
  select coalesce(jsonb_agg(run.value order by e.part, run.n), '[]') into told
    from unnest(p_events) with ordinality as e (id, part) cross join lateral jsonb_array_elements(said(e.id, 'retention.purged')->'leaves') with ordinality as run (value, n);
  if coalesce(cardinality(p_events), 0) = 0 or told <> gone
    or exists (select from unnest(p_events) e where said(e, 'retention.purged')->>'table' is distinct from p_table or (said(e, 'retention.purged')->>'parts')::int is distinct from cardinality(p_events)) then
    raise exception 'the ledger does not say what is purged' using errcode = '55000';
  end if;
  execute format('lock table evidence.%I in access exclusive mode', case when p_table like 'event_body%' then 'event_body' else 'blob' end);
  if exists (select from ledger where at > head and event_id >= uuid_from(t.from_at) and event_id < uuid_from(t.to_at)) then
    raise exception '% has just got another event', p_table using errcode = '55000';
  end if;
  execute format('alter table evidence.%I detach partition evidence.%I', case when p_table like 'event_body%' then 'event_body' else 'blob' end, p_table);
  execute format('drop table evidence.%I', p_table);
  if p_table like 'event_body%' then
    update pruned p set leaves = p.leaves + coalesce((select range_agg(int8range((run->>0)::bigint, (run->>1)::bigint)) from jsonb_array_elements(told) run), '{}');
  end if;
end
$$;

-- --------------------------------------------------------------------------------------------------------------------------- reading

-- Holds on the sessions of a day, or on one session.
create function holds_held(p_day date, p_session uuid) returns setof uuid language sql stable security definer set search_path = evidence, pg_temp as $$
  select * from holds_on_day(p_day) where p_session is null
  union all
  select * from holds_on_session(p_session) where p_session is not null
$$;

create view holds as select id, reason, session, machine, target, from_at, to_at, placed_by, placed_at, release_by, release_at, release_reason, released_by, released_at from hold;
create view erasures as select sid, reason, requested_by, requested_at, confirmed_by, confirmed_at, done_at from erasure;
create view sealing_keys as
  select id, class, day::text as day, kind, made_at, destroyed_at, event_id, sealing_key_due(class, day)::text as due, sealing_key_quiet(day)::text as quiet from sealing_key;
create view deks as select event_id, sid, key_id, iv, wrapped from dek;
create view retention_classes as
  select distinct on (class) class, days, retention_days(class) as effective_days from retention_rule order by class, at desc;
create view pruned_leaves as select lower(r) as from_leaf, upper(r) as to_leaf from (select unnest(leaves) as r from pruned) p;

-- How sessions were opened, for who must know what their keys are sealed to.
create view session_openings as
  select i.sid, l.event_id, b.body from event_idx i join ledger l on l.at = i.at join event_body b on b.id = l.event_id and b.sha256 = l.sha256 where i.type = 'session.opened';

-- Places of the ledger that have no event any more; asked by ranges. The limit keeps it to one look by the key for each place.
create view ledger_absences as
  select l.at from ledger l left join lateral (select true as there from event_body b where b.id = l.event_id limit 1) b on true where b.there is null;
create view session_absences as
  select i.sid, i.seq, i.at from event_idx i join ledger l on l.at = i.at left join lateral (select true as there from event_body b where b.id = l.event_id limit 1) b on true where b.there is null;

revoke all on all functions in schema evidence from public;
grant execute on function retention_set(text, int), hold_place(uuid, text, uuid, text, text, timestamptz, timestamptz, text), hold_release(uuid, text, text), sealing_key_made(text, text, date, text),
  erasure_order(uuid, text, text), retention_tables(), purge_blocks(text, bigint), holds_held(date, uuid), retention_days(text), sealing_key_due(text, date), sealing_key_quiet(date) to sallyport_evidence;
grant select on holds, erasures, sealing_keys, deks, retention_classes, pruned_leaves, session_openings, ledger_absences, session_absences to sallyport_evidence;
grant execute on function purge_leaves(text), purge_partition(text, bigint, uuid[]), sealing_key_expire(text, uuid), sealing_key_replace(text, text, uuid, uuid[], uuid[], bytea[], bytea[]) to sallyport_retention;
