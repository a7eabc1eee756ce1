-- In which revision of the inventory a version was written: what changed since some moment is found without reading all of it.
alter table document add column revision bigint not null default 0;
alter table document alter column revision drop default;
comment on column document.revision is 'the revision of the inventory that it is of; 0 for what was written before this was kept';
create index document_since on document (revision);

-- Leave of a machine to reach a target in a role, until a moment. A row stays when it has ended, and only its end and its uses are written into it.
create table entitlement (
  id               uuid        not null,
  kind             text        not null,
  machine          text        not null,
  target           text        not null,
  role             text,
  document         text,
  document_version integer,
  request          uuid,
  approval         text,
  approved_by      text[]      not null default '{}',
  reason           text        not null,
  starts           timestamptz not null,
  until            timestamptz not null,
  limited_by       text,
  uses             integer,
  used             integer     not null default 0,
  last_used        timestamptz,
  ended            timestamptz,
  why              text,
  ended_say        text,
  constraint entitlement_pk primary key (id),
  constraint entitlement_kind_known check (kind in ('standing', 'jit', 'break-glass')),
  constraint entitlement_of_document_or_request check ((kind = 'standing') = (document is not null and document_version is not null) and (kind = 'standing') = (request is null)),
  constraint entitlement_once_for_a_request unique (request),
  constraint entitlement_ends_after_it_starts check (until > starts),
  constraint entitlement_uses_within check (used >= 0 and (uses is null or (uses > 0 and used <= uses))),
  constraint entitlement_why_known check ((ended is null) = (why is null) and why in ('time', 'revoked', 'superseded'))
);
comment on table entitlement is 'leave of machines to reach targets: standing (of a document), just in time and in emergencies (of a request)';
comment on column entitlement.document is 'name of the Entitlement document';
comment on column entitlement.until is 'the least of what was asked for and what limits it; nothing lasts longer';
comment on column entitlement.limited_by is 'what made until earlier than was asked for';
comment on column entitlement.uses is 'sessions; null for any number';
comment on column entitlement.why is 'time: until has come; revoked: by people, a review, or a suspension; superseded: its document says something else now';
create unique index entitlement_standing_once on entitlement (document, machine, coalesce(role, '')) where ended is null and kind = 'standing';
create index entitlement_live on entitlement (machine, target) where ended is null;
create index entitlement_live_of_target on entitlement (target, id desc) where ended is null;
create index entitlement_due on entitlement (until) where ended is null;
create index entitlement_asked_live on entitlement (id) where ended is null and kind <> 'standing';
create index entitlement_of_document on entitlement (document, document_version);
create index entitlement_of_machine on entitlement (machine, id desc);
create index entitlement_of_target on entitlement (target, id desc);
create index entitlement_last_used on entitlement ((coalesce(last_used, starts))) where ended is null;

create table entitlement_use (
  session     text        not null,
  entitlement uuid        not null,
  at          timestamptz not null,
  constraint entitlement_use_pk primary key (session, entitlement),
  constraint entitlement_use_of_one foreign key (entitlement) references entitlement (id)
);
comment on table entitlement_use is 'which session came by which entitlement: one row is one use, however often it is asked for';
create index entitlement_use_of on entitlement_use (entitlement, at desc);

create table entitlement_state (
  one      boolean not null default true,
  revision bigint  not null default 0,
  constraint entitlement_state_pk primary key (one),
  constraint entitlement_state_is_one_row check (one)
);
comment on table entitlement_state is 'one row: the revision of the inventory that standing entitlements agree with';
insert into entitlement_state (revision) select revision from inventory_state;

-- Somebody asks for access that a machine does not have.
create table access_request (
  id            uuid        not null,
  kind          text        not null,
  path          text        not null,
  path_version  integer     not null,
  machine       text        not null,
  target        text        not null,
  role          text,
  seconds       integer     not null,
  uses          integer,
  reason        text        not null,
  requester     text        not null,
  source        text        not null,
  by_connecting boolean     not null default false,
  poll          bytea,
  state         text        not null default 'pending',
  approval      text,
  url           text,
  created       timestamptz not null,
  expires       timestamptz not null,
  decided       timestamptz,
  code          text,
  say           text,
  constraint access_request_pk primary key (id),
  constraint access_request_kind_known check (kind in ('jit', 'break-glass')),
  constraint access_request_state_known check (state in ('pending', 'granted', 'rejected', 'expired', 'withdrawn', 'refused')),
  constraint access_request_decided check ((state = 'pending') = (decided is null)),
  constraint access_request_for_some_time check (seconds > 0 and (uses is null or uses > 0)),
  constraint access_request_poll_is_a_hash check (poll is null or length(poll) = 32)
);
comment on table access_request is 'who asked for access that a machine does not have, by which AccessPath, and what became of it';
comment on column access_request.requester is 'machine:NAME or person:NAME';
comment on column access_request.poll is 'SHA-256 of what the asking machine may look at it with; null where people asked';
create unique index access_request_one_open on access_request (machine, target, coalesce(role, '')) where state = 'pending';
create index access_request_pending on access_request (created) where state = 'pending';
create index access_request_of_machine on access_request (machine, created desc);
create index access_request_newest on access_request (id desc);

create table glass_review (
  entitlement uuid        not null,
  machine     text        not null,
  requester   text        not null,
  barred      text[]      not null,
  opened      timestamptz not null,
  due         timestamptz not null,
  reviewer    text,
  reviewed    timestamptz,
  finding     text,
  say         text,
  constraint glass_review_pk primary key (entitlement),
  constraint glass_review_of_one foreign key (entitlement) references entitlement (id),
  constraint glass_review_whole check ((reviewer is null) = (reviewed is null) and (reviewer is null) = (finding is null) and (reviewer is null) = (say is null)),
  constraint glass_review_finding_known check (finding in ('justified', 'not-justified')),
  constraint glass_review_by_another check (reviewer is null or not (reviewer = any (barred)))
);
comment on table glass_review is 'the review of each access in an emergency: open until somebody who had no part in it has written a finding';
comment on column glass_review.barred is 'people who may not review it: who asked, who said yes, and the owner where the machine itself asked';
create index glass_review_open on glass_review (due) where reviewer is null;

create function refuse_second_review() returns trigger language plpgsql as $$
begin
  if old.reviewer is not null then raise exception 'a review is written once'; end if;
  return new;
end
$$;
create trigger glass_review_once before update on glass_review for each row execute function refuse_second_review();

create function refuse_revival() returns trigger language plpgsql as $$
begin
  if old.ended is not null then raise exception 'what has ended does not begin again'; end if;
  return new;
end
$$;
create trigger entitlement_ends_once before update on entitlement for each row execute function refuse_revival();

grant select, insert, update (used, last_used, ended, why, ended_say) on entitlement to sallyport_identity;
grant select, insert, delete on entitlement_use to sallyport_identity;
grant select, update (revision) on entitlement_state to sallyport_identity;
grant select, insert, update (state, approval, url, decided, code, say) on access_request to sallyport_identity;
grant select, insert, update (reviewer, reviewed, finding, say) on glass_review to sallyport_identity;
