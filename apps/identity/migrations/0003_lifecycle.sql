-- What was told about people besides their documents: one row a word, never changed, never removed. The last word of a source about a person is what that source says.
create table person_word (
  id       bigint      not null generated always as identity,
  person   text        not null,
  source   text        not null,
  change   text        not null,
  at       timestamptz not null,
  told_by  text        not null,
  ref      text,
  reason   text        not null default '',
  recorded timestamptz not null default now(),
  constraint person_word_pk primary key (id),
  constraint person_word_source_known check (source in ('document', 'contract', 'scim', 'ssf', 'hr', 'directory', 'operator')),
  constraint person_word_change_known check (change in ('left', 'returned'))
);
comment on table person_word is 'who left and who is back, by whose word; somebody is here while no source says otherwise';
comment on column person_word.source is 'whose word it is: an operator may say that somebody is back in place of every source that says otherwise';
comment on column person_word.at is 'when they left or came back, as the source says';
comment on column person_word.told_by is 'who said it: the source itself, or person:NAME';
comment on column person_word.ref is 'the sender''s own id of it';
create index person_word_last on person_word (person, source, id desc);
create trigger person_word_is_append_only before update or delete on person_word for each row execute function refuse_change();
create trigger person_word_is_not_truncated before truncate on person_word for each statement execute function refuse_change();

-- What holds machines back besides their documents: one row a change, never changed, never removed. The last row of a cause is what stands.
create table machine_status (
  id       bigint      not null generated always as identity,
  machine  text        not null,
  cause    text        not null,
  state    text        not null,
  why      text        not null,
  since    timestamptz not null,
  until    timestamptz,
  person   text,
  set_by   text        not null,
  recorded timestamptz not null default now(),
  constraint machine_status_pk primary key (id),
  constraint machine_status_cause_known check (cause ~ '^[a-z][a-z-]{0,39}$'),
  constraint machine_status_state_known check (state in ('attention', 'suspended', 'retired', 'cleared')),
  constraint machine_status_until_of_attention check (until is null or state = 'attention')
);
comment on table machine_status is 'what holds machines back, by cause; a machine works by the most restrictive of its document and of what stands here';
comment on column machine_status.since is 'when the cause began';
comment on column machine_status.until is 'when attention becomes a suspension, unless somebody answers for the machine';
comment on column machine_status.person is 'whose leaving it follows from';
comment on column machine_status.set_by is 'identity, or person:NAME';
create index machine_status_last on machine_status (machine, cause, id desc);
create trigger machine_status_is_append_only before update or delete on machine_status for each row execute function refuse_change();
create trigger machine_status_is_not_truncated before truncate on machine_status for each statement execute function refuse_change();

-- Somebody is asked to answer for a machine from now on. A row stays when it has ended.
create table machine_transfer (
  id              uuid        not null,
  machine         text        not null,
  new_owner       text        not null,
  backup_owner    text,
  previous_owner  text        not null,
  reason          text        not null,
  requested_by    text,
  requested       timestamptz not null,
  state           text        not null default 'requested',
  accepted        timestamptz,
  ended           timestamptz,
  constraint machine_transfer_pk primary key (id),
  constraint machine_transfer_state_known check (state in ('requested', 'accepted', 'done', 'replaced', 'withdrawn')),
  constraint machine_transfer_accepted_when check ((state in ('accepted', 'done')) <= (accepted is not null)),
  constraint machine_transfer_ended_when check ((state in ('done', 'replaced', 'withdrawn')) = (ended is not null))
);
comment on table machine_transfer is 'who is asked to answer for a machine, who accepted, and what became of it';
comment on column machine_transfer.requested_by is 'null where it followed from somebody''s leaving';
comment on column machine_transfer.backup_owner is 'who stands in for the new owner; null: as the document has it';
create unique index machine_transfer_one_open on machine_transfer (machine) where state in ('requested', 'accepted');
create index machine_transfer_of_machine on machine_transfer (machine, requested desc);

create table transfer_agreement (
  transfer uuid        not null,
  person   text        not null,
  groups   text[]      not null,
  agreed   timestamptz not null,
  constraint transfer_agreement_pk primary key (transfer, person),
  constraint transfer_agreement_transfer_fk foreign key (transfer) references machine_transfer (id)
);
comment on table transfer_agreement is 'people besides the new owner who agree that the machine may work again';
comment on column transfer_agreement.groups is 'approver groups that the person was in then';

create table contract_warning (
  party    text        not null,
  name     text        not null,
  ends     date        not null,
  days     integer     not null,
  recorded timestamptz not null default now(),
  constraint contract_warning_pk primary key (party, name, ends, days),
  constraint contract_warning_party_known check (party in ('person', 'vendor'))
);
comment on table contract_warning is 'which warnings of an end of a contract were given, so that each is given once';

grant select, insert on person_word to sallyport_identity;
grant select, insert on machine_status to sallyport_identity;
grant select, insert, update (state, backup_owner, accepted, ended) on machine_transfer to sallyport_identity;
grant select, insert on transfer_agreement to sallyport_identity;
grant select, insert on contract_warning to sallyport_identity;
