-- Whose sessions were revoked: one row a word, never changed, never removed. The latest moment of a person counts.
create table login_revocation (
  id       bigint      not null generated always as identity,
  person   text        not null,
  before   timestamptz not null,
  source   text        not null,
  told_by  text        not null,
  ref      text,
  reason   text        not null default '',
  recorded timestamptz not null default now(),
  constraint login_revocation_pk primary key (id),
  constraint login_revocation_source_known check (source in ('scim', 'ssf', 'hr', 'directory', 'operator'))
);
comment on table login_revocation is 'who has to log in anew: tokens of the person that were issued before are refused, and so is what machines hold by them';
comment on column login_revocation.told_by is 'who said it: the source itself, or person:NAME';
comment on column login_revocation.ref is 'the sender''s own id of it';
create index login_revocation_last on login_revocation (person, before desc);
create trigger login_revocation_is_append_only before update or delete on login_revocation for each row execute function refuse_change();
create trigger login_revocation_is_not_truncated before truncate on login_revocation for each statement execute function refuse_change();
grant select, insert on login_revocation to sallyport_identity;

alter table ticket add column behalf_since timestamptz;
comment on column ticket.behalf_since is 'when the person on whose behalf had logged in, as the exchanged token said; null: not known, or no person''s';
