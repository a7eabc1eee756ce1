-- What is sensitive, as it was written: one row a version, never changed, never removed. The highest version of a name is what holds.
create table classification (
  name     text        not null,
  version  integer     not null,
  change   text        not null,
  target   text        not null,
  body     text,
  digest   text        not null,
  previous text,
  author   text        not null,
  created  timestamptz not null default now(),
  constraint classification_pk primary key (name, version),
  constraint classification_version_from_one check (version > 0),
  constraint classification_change_known check (change in ('created', 'updated', 'removed')),
  constraint classification_body_unless_removed check ((body is null) = (change = 'removed')),
  constraint classification_digest_is_a_hash check (digest ~ '^[0-9a-f]{64}$')
);
comment on table classification is 'versions of the Classification documents; a removal is a version without body';
comment on column classification.target is 'the target that it speaks of; of a removal, the one that it spoke of';
comment on column classification.body is 'the document as canonical JSON';
comment on column classification.digest is 'SHA-256 of the body; of the empty text for a removal';
comment on column classification.author is 'who applied it';

-- Evidence names plans by their id: what was in a plan must be found as long as the evidence is.
create table plan (
  id      text        not null,
  target  text        not null,
  body    text        not null,
  created timestamptz not null default now(),
  constraint plan_pk primary key (id),
  constraint plan_id_is_a_hash check (id ~ '^[0-9a-f]{64}$')
);
comment on table plan is 'every mask plan that was ever in force';
comment on column plan.id is 'SHA-256 of the body';
comment on column plan.body is 'target, columns, detectors and large tables as canonical JSON';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end
$$;
create trigger classification_is_append_only before update or delete on classification for each row execute function refuse_change();
create trigger classification_is_not_truncated before truncate on classification for each statement execute function refuse_change();
create trigger plan_is_append_only before update or delete on plan for each row execute function refuse_change();
create trigger plan_is_not_truncated before truncate on plan for each statement execute function refuse_change();

-- Locked by each apply: one after the other, in every process of the service.
create table classification_state (
  one      boolean not null default true,
  revision bigint  not null default 0,
  constraint classification_state_pk primary key (one),
  constraint classification_state_is_one_row check (one)
);
comment on table classification_state is 'one row: how often the classification was changed';
insert into classification_state default values;

grant select, insert on classification to sallyport_masking;
grant select, insert on plan to sallyport_masking;
grant select, update (revision) on classification_state to sallyport_masking;

-- include outbox
