-- Changes that more than one person makes. What is to be changed never changes itself: who wants something else proposes something else.
create table change (
  id                uuid        not null,
  title             text        not null,
  ticket            text,
  author            text        not null,
  documents         text        not null,
  policies          text        not null,
  remove            text        not null,
  prune             boolean     not null,
  kinds             text[]      not null,
  count             integer     not null,
  digest            text        not null,
  rolls_back        uuid,
  state             text        not null default 'proposed',
  say               text        not null,
  round             integer     not null default 0,
  changed_decisions integer,
  activator         text,
  claimed           timestamptz,
  created           timestamptz not null,
  changed           timestamptz not null,
  constraint change_pk primary key (id),
  constraint change_rolls_back_one foreign key (rolls_back) references change (id),
  constraint change_state_known check (state in ('proposed', 'waiting', 'approved', 'rejected', 'activating', 'activated', 'withdrawn')),
  constraint change_digest_is_a_hash check (digest ~ '^[0-9a-f]{64}$')
);
comment on table change is 'what people want changed, and how far that is; the newest round of change_part is what was tested last';
comment on column change.activator is 'JSON of who activated it, as the console named them: what is half done is carried on under the same name';
comment on column change.claimed is 'when somebody last worked on its activation';

create index change_by_state on change (state, id desc);
create index change_open on change (changed) where state in ('proposed', 'waiting', 'approved', 'activating');
create unique index change_rolled_back_once on change (rolls_back) where rolls_back is not null and state not in ('rejected', 'withdrawn');

-- What one service has to do of a change, as one test found it.
create table change_part (
  change         uuid    not null,
  round          integer not null,
  owner          text    not null,
  steps          text    not null,
  warnings       text    not null,
  kinds          text[]  not null,
  approvers      text    not null,
  binding        text    not null,
  text           text    not null,
  before         text    not null,
  approval       text,
  approval_state text,
  approved_by    text[]  not null default '{}',
  applied        boolean not null default false,
  constraint change_part_pk primary key (change, round, owner),
  constraint change_part_of foreign key (change) references change (id),
  constraint change_part_binding_is_a_hash check (binding ~ '^[0-9a-f]{64}$')
);
comment on table change_part is 'one service''s part of a change in one round of testing; its approval is bound to it';
comment on column change_part.steps is 'JSON list: what each document becomes';
comment on column change_part.before is 'JSON list: the documents that it replaces or removes, as they stood: what a roll back is made of';
comment on column change_part.text is 'what people read before they approve it';

create unique index change_part_approval on change_part (approval) where approval is not null;
create index change_part_asking on change_part (change) where approval_state in ('pending', 'approved');

create function refuse_removal() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never removed', tg_table_name;
end
$$;
create trigger change_is_kept before delete on change for each row execute function refuse_removal();
create trigger change_is_not_truncated before truncate on change for each statement execute function refuse_removal();
create trigger change_part_is_kept before delete on change_part for each row execute function refuse_removal();
create trigger change_part_is_not_truncated before truncate on change_part for each statement execute function refuse_removal();

grant select, insert, update (state, say, round, changed_decisions, activator, claimed, changed) on change to sallyport_governance;
grant select, insert, update (approval, approval_state, approved_by, applied) on change_part to sallyport_governance;
