-- Leave is asked for other things than held commands: access, a manifest of statements, a change.
alter table approval
  alter column session drop not null,
  alter column command drop not null,
  alter column machine drop not null,
  alter column target drop not null,
  add column subject_kind text constraint approval_subject_known check (subject_kind in ('access', 'manifest', 'change')),
  add column subject_id text,
  add column binding text,
  add constraint approval_is_of_one check (
    (subject_kind is null and subject_id is null and session is not null and command is not null and machine is not null and target is not null)
    or (subject_kind is not null and subject_id is not null and binding is not null and session is null and command is null)
  );
comment on table approval is 'One thing that people are asked to give leave for: a held command, or what the subject says. Text and parameters are AES-256-GCM ciphertext.';
comment on column approval.subject_id is 'The asking service''s own id of what it asks for; of a manifest its digest, under which it may be asked for again when it has ended.';

create unique index approval_subject_once on approval (subject_kind, subject_id, binding) where subject_kind in ('access', 'change');
create index approval_manifests_alive on approval (subject_id) where subject_kind = 'manifest' and state in ('pending', 'approved');
create index approval_by_kind on approval (subject_kind, id desc);
create index approval_live_by_machine on approval (machine) where state in ('pending', 'approved');

-- One yes for a list of statements. Each may then run as often as it says, counted here.
create table manifest (
  approval uuid constraint manifest_pk primary key constraint manifest_of references approval (id),
  machine text not null,
  target text not null,
  role text,
  slice text not null,
  uses_left integer not null constraint manifest_uses_counted check (uses_left >= 0)
);
comment on table manifest is 'The list of statements that an approval is for. Their texts are in the approval''s sealed text.';
comment on column manifest.slice is 'Digest of the policy slice under which people were asked. Under another one nothing of it matches.';

create table manifest_statement (
  approval uuid not null constraint manifest_statement_of references manifest (approval),
  place integer not null constraint manifest_statement_placed check (place >= 1),
  statement text,
  shape text not null,
  times integer not null constraint manifest_statement_runs check (times >= 1),
  used integer not null default 0 constraint manifest_statement_counted check (used between 0 and times),
  constraint manifest_statement_pk primary key (approval, place)
);
comment on column manifest_statement.statement is 'Hash of what a gateway must show; null for a statement that policy allows anyway.';
create index manifest_statement_by_hash on manifest_statement (statement) where statement is not null;

create table manifest_use (
  approval uuid not null,
  place integer not null,
  use integer not null constraint manifest_use_numbered check (use >= 1),
  session text not null,
  command text not null constraint manifest_use_command_once unique,
  at timestamptz not null,
  constraint manifest_use_pk primary key (approval, place, use),
  constraint manifest_use_of foreign key (approval, place) references manifest_statement (approval, place)
);
comment on table manifest_use is 'Which command ran under which statement of a manifest. Rows are only ever added.';
create trigger manifest_use_is_append_only before update or delete on manifest_use for each row execute function refuse_change();
create trigger manifest_use_is_not_truncated before truncate on manifest_use for each statement execute function refuse_change();

grant select, insert on manifest, manifest_statement, manifest_use to sallyport_approvals;
grant update (uses_left) on manifest to sallyport_approvals;
grant update (used) on manifest_statement to sallyport_approvals;
