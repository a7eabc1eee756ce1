-- Reviews of access. A campaign asks reviewers about every access of its machines until `due`; what nobody decided by `stops` ends.
create table review_campaign (
  id           uuid        not null,
  title        text        not null,
  state        text        not null,
  scope        jsonb       not null,
  scope_text   text        not null,
  schedule_key text,
  opened_by    text,
  opened       timestamptz not null,
  due          timestamptz not null,
  stops        timestamptz not null,
  grace_days   integer     not null,
  closed       timestamptz,
  constraint review_campaign_pk primary key (id),
  constraint review_campaign_schedule unique (schedule_key),
  constraint review_campaign_state check (state in ('opening', 'open', 'closed'))
);
create index review_campaign_state on review_campaign (state, due);
comment on table review_campaign is 'campaigns of access reviews';

-- Machines of a campaign whose items were not found yet.
create table review_pending (
  campaign uuid not null,
  machine  text not null,
  constraint review_pending_pk primary key (campaign, machine),
  constraint review_pending_campaign foreign key (campaign) references review_campaign (id) on delete cascade
);
create index review_pending_machine on review_pending (machine);
comment on table review_pending is 'machines whose access is still to be found';

-- What is decided about. No entitlement: policy alone governs it; no target either: the machine reaches nothing. `enforced` false: access has to end and has not yet.
create table review_item (
  id          uuid        not null,
  campaign    uuid        not null,
  state       text        not null,
  machine     text        not null,
  owner       text        not null,
  criticality text        not null,
  entitlement text,
  until       timestamptz,
  target      text,
  role        text,
  requester   text,
  granted     text[]      not null,
  unused      text[]      not null,
  used        jsonb       not null,
  used_count  bigint      not null,
  last_used   timestamptz,
  reviewers   text[]      not null,
  assigned    text,
  overdue     boolean     not null default false,
  decided     timestamptz,
  decided_by  text,
  reason      text,
  policy_name text,
  policy_text text,
  enforced    boolean,
  tried       timestamptz,
  constraint review_item_pk primary key (id),
  constraint review_item_campaign foreign key (campaign) references review_campaign (id) on delete cascade,
  constraint review_item_state check (state in ('waiting', 'kept', 'narrowed', 'revoked', 'stopped', 'gone')),
  constraint review_item_decided check ((state = 'waiting') = (decided is null))
);
create unique index review_item_once on review_item (campaign, machine, coalesce(entitlement, ''), coalesce(target, ''));
create index review_item_machine on review_item (campaign, machine, id);
create index review_item_state on review_item (campaign, state);
create index review_item_waiting on review_item (machine) where state = 'waiting';
create index review_item_entitlement on review_item (entitlement) where state = 'waiting' and entitlement is not null;
create index review_item_enforce on review_item (tried nulls first) where enforced = false;
comment on table review_item is 'accesses that are reviewed, and what was decided';

-- Since when governance knows a machine, and when its access was reviewed last: the next review follows from it.
create table review_machine (
  machine  text        not null,
  since    timestamptz not null,
  reviewed timestamptz,
  constraint review_machine_pk primary key (machine)
);
comment on table review_machine is 'when machines were reviewed last';

grant select, insert, update, delete on review_campaign, review_pending, review_item, review_machine to sallyport_governance;
