-- Every policy set that was ever in force, as it was applied: never changed, never removed.
create table policy_version (
  version integer     not null,
  digest  text        not null,
  files   text        not null,
  rules   integer     not null,
  author  text        not null,
  created timestamptz not null default now(),
  constraint policy_version_pk primary key (version),
  constraint policy_version_from_one check (version > 0),
  constraint policy_version_digest_is_a_hash check (digest ~ '^[0-9a-f]{64}$')
);
comment on table policy_version is 'policy sets by version; a return to an older set is a new version with its content';
comment on column policy_version.digest is 'SHA-256 over names and texts of the files, as the policy engine computes it';
comment on column policy_version.files is 'JSON list of {name, text}; text and not jsonb, so that it stays as it was applied';
comment on column policy_version.author is 'who applied it';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end
$$;
create trigger policy_version_is_append_only before update or delete on policy_version for each row execute function refuse_change();
create trigger policy_version_is_not_truncated before truncate on policy_version for each statement execute function refuse_change();

-- Which version is in force. Locked by each apply.
create table policy_state (
  one     boolean not null default true,
  version integer not null default 0,
  constraint policy_state_pk primary key (one),
  constraint policy_state_is_one_row check (one)
);
comment on table policy_state is 'one row: the version in force; 0 before the first apply, when nothing is permitted';
insert into policy_state default values;

grant select, insert on policy_version to sallyport_policy;
grant select, update (version) on policy_state to sallyport_policy;

-- include outbox
