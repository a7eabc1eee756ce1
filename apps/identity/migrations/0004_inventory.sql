-- What is known of machines besides their documents: when and from where they came, who came that nobody knows, where they were imported from, what was said of them already.
create table machine_use (
  machine    text        not null,
  binding    text        not null,
  first_used timestamptz not null,
  last_used  timestamptz not null,
  sources    text[]      not null default '{}',
  doors      text[]      not null default '{}',
  clients    text[]      not null default '{}',
  constraint machine_use_pk primary key (machine, binding),
  constraint machine_use_in_order check (first_used <= last_used),
  constraint machine_use_bounded check (cardinality(sources) <= 16 and cardinality(doors) <= 16 and cardinality(clients) <= 16)
);
comment on table machine_use is 'first and last admission of each machine by each of its trust bindings; written at most once a minute unless something is new, and kept when the machine is gone';
comment on column machine_use.sources is 'addresses that it came from, the newest first';
comment on column machine_use.doors is 'where it came in: postgres, ssh, token-exchange';
comment on column machine_use.clients is 'what its clients called themselves before they were let in; many protocols tell that later or never';

-- The newest first, each once, so many at most.
create function newest_first(fresh text[], known text[], most integer) returns text[] language sql immutable strict parallel safe as $$
  select array(select value from unnest(fresh || known) with ordinality as listed (value, place) group by value order by min(place) limit most)
$$;

create table candidate (
  id         uuid        not null,
  issuer     text        not null,
  key        bytea       not null,
  iss        text        not null,
  audience   text        not null,
  claims     text        not null,
  seen       text        not null,
  state      text        not null default 'open',
  first_seen timestamptz not null,
  last_seen  timestamptz not null,
  attempts   bigint      not null default 1,
  sources    text[]      not null default '{}',
  doors      text[]      not null default '{}',
  machine    text,
  decided    timestamptz,
  decided_by text,
  reason     text,
  constraint candidate_pk primary key (id),
  constraint candidate_key_unique unique (issuer, key),
  constraint candidate_key_is_a_hash check (length(key) = 32),
  constraint candidate_state_known check (state in ('open', 'adopted', 'blocked', 'dismissed')),
  constraint candidate_bounded check (cardinality(sources) <= 16 and cardinality(doors) <= 16 and length(claims) <= 32000 and length(seen) <= 32000)
);
comment on table candidate is 'workloads that came with a genuine token of a trusted issuer and that no trust binding names; so many undecided ones of each issuer';
comment on column candidate.issuer is 'name of the Issuer document';
comment on column candidate.key is 'SHA-256 of provider, iss and the immutable claims';
comment on column candidate.claims is 'the immutable claims, as JSON: what a binding of it must match';
comment on column candidate.seen is 'the claims of its last token that go into evidence, as JSON';
comment on column candidate.machine is 'the machine that it was adopted as';
create index candidate_undecided on candidate (issuer, last_seen) where state = 'open';

create table inventory_mark (
  machine text        not null,
  mark    text        not null,
  about   text        not null,
  marked  timestamptz not null,
  constraint inventory_mark_pk primary key (machine, mark),
  constraint inventory_mark_known check (mark in ('stale-flag', 'orphan'))
);
comment on table inventory_mark is 'what was said of a machine already, so that it is said once';
comment on column inventory_mark.about is 'of which idleness (the moment since when, RFC 3339), or of which owner';

create table machine_origin (
  source   text        not null,
  stable   text        not null,
  machine  text        not null,
  first    timestamptz not null,
  constraint machine_origin_pk primary key (source, stable),
  constraint machine_origin_bounded check (length(source) <= 32 and length(stable) <= 300)
);
comment on table machine_origin is 'what a directory or a file calls a machine by an id that never changes, so that a second import finds it again';
create index machine_origin_of_machine on machine_origin (machine);

grant select, insert, update on machine_use to sallyport_identity;
grant select, insert, update, delete on candidate to sallyport_identity;
grant select, insert, update, delete on inventory_mark to sallyport_identity;
grant select, insert, update on machine_origin to sallyport_identity;
