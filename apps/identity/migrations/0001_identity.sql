-- The inventory as it was written: one row a version, never changed, never removed. The highest version of a name is what holds.
create table document (
  kind     text        not null,
  name     text        not null,
  version  integer     not null,
  change   text        not null,
  body     text,
  digest   text        not null,
  previous text,
  author   text        not null,
  created  timestamptz not null default now(),
  constraint document_pk primary key (kind, name, version),
  constraint document_version_from_one check (version > 0),
  constraint document_change_known check (change in ('created', 'updated', 'removed')),
  constraint document_body_unless_removed check ((body is null) = (change = 'removed')),
  constraint document_digest_is_a_hash check (digest ~ '^[0-9a-f]{64}$')
);
comment on table document is 'versions of the configuration documents that identity owns; a removal is a version without body';
comment on column document.body is 'the document as canonical JSON';
comment on column document.digest is 'SHA-256 of the body; of the empty text for a removal';
comment on column document.author is 'who applied it';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end
$$;
create trigger document_is_append_only before update or delete on document for each row execute function refuse_change();
create trigger document_is_not_truncated before truncate on document for each statement execute function refuse_change();

-- Counts applies. Locked by each apply, compared by each admission: a suspension works for the next token, in every process of the service.
create table inventory_state (
  one      boolean not null default true,
  revision bigint  not null default 0,
  constraint inventory_state_pk primary key (one),
  constraint inventory_state_is_one_row check (one)
);
comment on table inventory_state is 'one row: how often the inventory was changed';
insert into inventory_state default values;

create table token_use (
  binding      text        not null,
  token        bytea       not null,
  attempt      uuid        not null,
  first_source text        not null,
  first_seen   timestamptz not null default now(),
  expires      timestamptz not null,
  constraint token_use_pk primary key (binding, token),
  constraint token_use_token_is_a_hash check (length(token) = 32)
);
comment on table token_use is 'first use of each token by each binding, until the token expires: what makes a second use a replay';
comment on column token_use.token is 'SHA-256 of issuer and jti, or of the whole token where it has no jti';
comment on column token_use.attempt is 'the attempt that used it first';
create index token_use_expired on token_use (expires);

grant select, insert on document to sallyport_identity;
grant select, update (revision) on inventory_state to sallyport_identity;
grant select, insert, delete on token_use to sallyport_identity;

-- include outbox
