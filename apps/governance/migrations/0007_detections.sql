-- Sessions as far as detections look at them, and logins without one: who came by which binding, from which network, in which runtime; how commands followed each other.
-- `until` is infinity while the session is open. Networks are /24 and /56; runtime and token are hashes.
create table detect_session (
  session  text        not null,
  machine  text        not null,
  target   text        not null,
  client   text,
  binding  text        not null,
  network  text        not null,
  runtime  text        not null,
  token    text        not null,
  opened   boolean     not null,
  closed   boolean     not null,
  seen_at  timestamptz not null,
  until    timestamptz not null,
  shell    boolean     not null,
  terminal boolean     not null,
  odd_hour boolean     not null,
  unseen   integer     not null,
  steps    jsonb       not null,
  told     boolean     not null,
  constraint detect_session_pk primary key (session)
);
create index detect_session_of_binding on detect_session (machine, binding, until) where binding <> '';
create index detect_session_seen on detect_session (seen_at);
comment on table detect_session is 'sessions and logins of the last days, for detections';

-- What a machine's use of a target is like: since when, on how many days, how many commands, at which hours of the day (bits, UTC). `effects` and `statements` count its rows of detect_known.
create table detect_profile (
  machine    text        not null,
  target     text        not null,
  first_at   timestamptz not null,
  days       integer     not null,
  last_day   integer     not null,
  commands   bigint      not null,
  effects    integer     not null,
  statements integer     not null,
  hours      integer     not null,
  constraint detect_profile_pk primary key (machine, target)
);
create index detect_profile_last_day on detect_profile (last_day);
comment on table detect_profile is 'how machines use their targets';

-- What a machine did at a target before: hashes of effects (e) and of statements' shapes (s). Days are counted since 1970.
create table detect_known (
  machine  text    not null,
  target   text    not null,
  what     text    not null,
  last_day integer not null,
  constraint detect_known_pk primary key (machine, target, what)
);
create index detect_known_last_day on detect_known (last_day);
comment on table detect_known is 'effects and statements that are not new';

-- What looks wrong. One open row for each kind, machine and `what`; seen again it is counted up. `machine` is empty where none is meant. `items` (hashes) are what it was seen by, so that something else is told again.
create table detection (
  no           bigint      generated always as identity,
  id           uuid        not null,
  kind         text        not null,
  machine      text        not null,
  what         text        not null,
  session      text,
  say          text        not null,
  facts        text[]      not null,
  items        text[]      not null,
  first_at     timestamptz not null,
  last_at      timestamptz not null,
  count        bigint      not null,
  events       integer     not null,
  days         integer     not null,
  since        timestamptz not null,
  state        text        not null,
  dismissed_by text,
  dismissed_at timestamptz,
  reason       text,
  constraint detection_pk primary key (no),
  constraint detection_id_once unique (id),
  constraint detection_kind check (kind in ('human_use', 'shared_binding', 'replay', 'new_behaviour')),
  constraint detection_state check (state in ('open', 'dismissed')),
  constraint detection_dismissed_by_somebody check ((state = 'dismissed') = (dismissed_by is not null and dismissed_at is not null and reason is not null))
);
create unique index detection_open_once on detection (kind, machine, what) where state = 'open';
create index detection_of on detection (kind, machine, what, no);
create index detection_by_state on detection (state, no);
create index detection_by_machine on detection (machine, no);
comment on table detection is 'what looks wrong in what machines did';

grant select, insert, update, delete on detect_session, detect_profile, detect_known to sallyport_governance;
grant select, insert, update on detection to sallyport_governance;
