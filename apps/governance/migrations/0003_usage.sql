-- How large the ledger was when it was read last: what is behind the cursor, whichever process looks.
alter table follow_cursor add column ledger_size bigint not null default 0;

-- What was read, by the first eight bytes of each leaf's hash, in runs of leaves without gaps: when the ledger was set back (a restored backup), they tell from which leaf on it is another one.
create table follow_mark (
  first_leaf bigint not null,
  hashes     bytea  not null,
  constraint follow_mark_pk primary key (first_leaf),
  constraint follow_mark_whole check (length(hashes) > 0 and length(hashes) % 8 = 0)
);
comment on table follow_mark is 'hashes of leaves that were read';

-- Leaves that a reader could not take, or nobody (reader is then *): passed over, so that one of them does not stop all.
create table follow_skipped (
  leaf   bigint      not null,
  reader text        not null,
  why    text        not null,
  at     timestamptz not null default clock_timestamp(),
  constraint follow_skipped_pk primary key (leaf, reader)
);
comment on table follow_skipped is 'leaves that were passed over';

-- Open sessions: what their commands do not say themselves.
create table usage_session (
  session  text        not null,
  machine  text        not null,
  target   text        not null,
  role     text        not null,
  protocol text        not null,
  opened   timestamptz not null,
  constraint usage_session_pk primary key (session)
);
create index usage_session_opened on usage_session (opened);
comment on table usage_session is 'open sessions';

-- Who used what, by day (UTC). role is empty where none was asked for. Objects are rolled up (`file:/var/log/*`, `ledger.*`, `*`) where a day has too many.
create table usage_day (
  machine  text        not null,
  target   text        not null,
  role     text        not null,
  verb     text        not null,
  object   text        not null,
  day      date        not null,
  commands bigint      not null,
  allowed  bigint      not null,
  denied   bigint      not null,
  held     bigint      not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  constraint usage_day_pk primary key (machine, target, role, verb, object, day)
);
create index usage_day_day on usage_day (day);
comment on table usage_day is 'commands by machine, target, role, verb, object and day';

-- What was decided, without what differs between runs: a draft of a policy is tried on each of these once. `by_gate`: refused by the gateway's own rule, not by policy.
-- `rolled`: 0 whole; else effects stand for many objects, and nothing can be tried on them. `policy` is the last version that decided it.
create table decided_input (
  digest   bytea       not null,
  machine  text        not null,
  target   text        not null,
  role     text        not null,
  protocol text        not null,
  reading  text        not null,
  kind     text        not null,
  effects  text[]      not null,
  decision text        not null,
  by_gate  boolean     not null,
  rolled   smallint    not null,
  rules    text[]      not null,
  policy   bigint      not null,
  constraint decided_input_pk primary key (digest)
);
create index decided_input_machine on decided_input (machine, target);
comment on table decided_input is 'distinct decisions, for simulation and right-sizing';

create table decided_day (
  digest   bytea       not null,
  day      date        not null,
  commands bigint      not null,
  example  text        not null,
  last_at  timestamptz not null,
  constraint decided_day_pk primary key (digest, day),
  constraint decided_day_input foreign key (digest) references decided_input (digest) on delete cascade
);
create index decided_day_day on decided_day (day);
comment on table decided_day is 'how often and when a distinct decision was made';

-- How many rows one machine has for one target and day: what bounds the tables above.
create table usage_width (
  machine text   not null,
  target  text   not null,
  day     date   not null,
  objects bigint not null,
  inputs  bigint not null,
  constraint usage_width_pk primary key (machine, target, day)
);
create index usage_width_day on usage_width (day);
comment on table usage_width is 'rows by machine, target and day';

-- Entitlements as the ledger tells of them, and their use.
create table entitlement_seen (
  entitlement text        not null,
  kind        text        not null,
  machine     text        not null,
  target      text        not null,
  role        text        not null,
  granted     timestamptz not null,
  until       timestamptz not null,
  requester   text,
  approved_by text[]      not null,
  used        bigint      not null default 0,
  last_used   timestamptz,
  ended       timestamptz,
  ended_why   text,
  flagged     timestamptz,
  constraint entitlement_seen_pk primary key (entitlement)
);
create index entitlement_seen_machine on entitlement_seen (machine, entitlement) where ended is null;
create index entitlement_seen_unused on entitlement_seen (greatest(granted, last_used)) where ended is null and flagged is null;
comment on table entitlement_seen is 'entitlements and their use, from the ledger';

-- Who asked for what is not granted yet.
create table entitlement_asked (
  request   text        not null,
  requester text        not null,
  asked     timestamptz not null,
  constraint entitlement_asked_pk primary key (request)
);
create index entitlement_asked_asked on entitlement_asked (asked);
comment on table entitlement_asked is 'who asked for an entitlement that is not granted yet';

grant select, insert, update, delete on follow_mark, follow_skipped, usage_session, usage_day, decided_input, decided_day, usage_width, entitlement_seen, entitlement_asked to sallyport_governance;
