-- Who tells us that people come and go: directories by SCIM, transmitters of security events. Their tokens are kept by hash alone.
create table directory (
  name       text        not null,
  kind       text        not null,
  token_hash bytea       not null,
  added_at   timestamptz not null,
  added_by   text        not null,
  revoked_at timestamptz,
  seen_at    timestamptz,
  issuer     text,
  jwks_uri   text,
  audience   text,
  authority  text,
  poll       text,
  credential text,
  constraint directory_pk primary key (name),
  constraint directory_kind check (kind in ('scim', 'ssf')),
  constraint directory_token_once unique (token_hash),
  constraint directory_token_is_a_hash check (octet_length(token_hash) = 32),
  constraint directory_of_events_has_an_issuer check ((kind = 'ssf') = (issuer is not null and jwks_uri is not null and audience is not null))
);
comment on table directory is 'who may tell us of people; token_hash is SHA-256 of its bearer token';

-- What directories keep with us by SCIM: ids and whether they are active. No names, no addresses.
create table directory_user (
  id          uuid        not null default gen_random_uuid(),
  directory   text        not null,
  user_name   text        not null,
  user_key    text        not null,
  external_id text,
  active      boolean     not null,
  created_at  timestamptz not null,
  changed_at  timestamptz not null,
  constraint directory_user_pk primary key (id),
  constraint directory_user_of foreign key (directory) references directory (name),
  constraint directory_user_name_once unique (directory, user_key)
);
create index directory_user_by_external_id on directory_user (directory, external_id);
comment on table directory_user is 'users of a directory; user_key is user_name in lower case, which it is compared by (RFC 7643, 4.1.1)';

create table directory_group (
  id           uuid        not null default gen_random_uuid(),
  directory    text        not null,
  display_name text        not null,
  display_key  text        not null,
  external_id  text,
  created_at   timestamptz not null,
  changed_at   timestamptz not null,
  constraint directory_group_pk primary key (id),
  constraint directory_group_of foreign key (directory) references directory (name),
  constraint directory_group_name_once unique (directory, display_key)
);
create index directory_group_by_external_id on directory_group (directory, external_id);
comment on table directory_group is 'groups of a directory, kept so that it can read what it wrote; nothing follows from them';

create table directory_member (
  group_id uuid not null,
  user_id  uuid not null,
  constraint directory_member_pk primary key (group_id, user_id),
  constraint directory_member_of foreign key (group_id) references directory_group (id) on delete cascade,
  constraint directory_member_is foreign key (user_id) references directory_user (id) on delete cascade
);
create index directory_member_by_user on directory_member (user_id);
comment on table directory_member is 'members of groups';

-- Whoever is gone, by each origin that says so and the hash of each id that it knew them by: what it said stays true when the user itself was deleted there.
create table departure (
  origin  text        not null,
  id_hash bytea       not null,
  left_at timestamptz not null,
  person  text,
  constraint departure_pk primary key (origin, id_hash)
);
create index departure_by_id on departure (id_hash);
create index departure_unmatched on departure (origin) where person is null;
comment on table departure is 'who left, by SHA-256 of an id; person is whom of the inventory identity was told of, null where nobody has that id';

-- What identity is told. Written in the transaction of what it follows from; told until identity has answered.
create table signal (
  no          bigint      generated always as identity,
  id          uuid        not null,
  source      text        not null,
  origin      text        not null,
  kind        text        not null,
  subject     bytea       not null,
  ids         text[]      not null,
  happened_at timestamptz not null,
  ref         text,
  reason      text        not null,
  made_at     timestamptz not null,
  due_at      timestamptz not null,
  attempts    int         not null default 0,
  told_at     timestamptz,
  person      text,
  suspended   int         not null default 0,
  attention   int         not null default 0,
  outcome     text        not null default 'waits',
  once        text,
  constraint signal_pk primary key (no),
  constraint signal_id_once unique (id),
  constraint signal_once unique (once),
  constraint signal_kind check (kind in ('left', 'returned'))
);
create index signal_pending on signal (no) where told_at is null;
create index signal_pending_of_subject on signal (subject, no) where told_at is null;
comment on table signal is 'words to identity, in their order; subject is the hash of what they are about, ids are emptied once it was told';

-- Security events that were taken already, so that none counts twice (RFC 8417, jti).
create table security_event (
  directory text        not null,
  jti_hash  bytea       not null,
  until     timestamptz not null,
  constraint security_event_pk primary key (directory, jti_hash),
  constraint security_event_of foreign key (directory) references directory (name)
);
create index security_event_until on security_event (until);
comment on table security_event is 'hashes of the jti of security events that were taken, for as long as one of that age would be taken';

-- Last days that are to come, from the HR file.
create table last_day (
  id_hash bytea  not null,
  id      text   not null,
  day     date   not null,
  constraint last_day_pk primary key (id_hash)
);
create index last_day_by_day on last_day (day);
comment on table last_day is 'people of the HR file whose last day is still to come; the row goes when it is over';

grant select, insert, update on directory to sallyport_governance;
grant select, insert, update, delete on directory_user, directory_group, departure to sallyport_governance;
grant select, insert, delete on directory_member, security_event to sallyport_governance;
grant select, insert, update, delete on last_day to sallyport_governance;
grant select, insert, update on signal to sallyport_governance;
