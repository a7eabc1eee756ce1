-- An approval is the fold of its events. Rows of `approval` are what is looked up by; state and expiry there repeat the events.
create table approval (
  id uuid constraint approval_pk primary key,
  session text not null,
  command text not null constraint approval_command_once unique,
  machine text not null,
  target text not null,
  state text not null constraint approval_state_known check (state in ('pending', 'approved', 'rejected', 'expired', 'withdrawn', 'consumed')),
  created timestamptz not null,
  expires timestamptz not null,
  text_sealed bytea not null,
  parameters_sealed bytea,
  announce_after timestamptz
);
comment on table approval is 'One held command that asks people for leave. Text and parameters are AES-256-GCM ciphertext.';
comment on column approval.announce_after is 'Set from a change of state until the bus was told of it: past this time it is told again.';

create index approval_by_state on approval (state, id desc);
create index approval_overdue on approval (expires) where state in ('pending', 'approved');
create index approval_unannounced on approval (announce_after) where announce_after is not null;

create table approval_event (
  approval uuid not null constraint approval_event_of references approval (id),
  seq integer not null,
  data jsonb not null,
  comment_sealed bytea,
  constraint approval_event_pk primary key (approval, seq)
);
comment on table approval_event is 'What approvals went through, in order. Rows are only ever added.';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end
$$;
create trigger approval_event_is_append_only before update or delete on approval_event for each row execute function refuse_change();
create trigger approval_event_is_not_truncated before truncate on approval_event for each statement execute function refuse_change();

create table notice (
  id uuid constraint notice_pk primary key,
  approval uuid not null constraint notice_of references approval (id),
  state text not null,
  body text not null,
  created timestamptz not null,
  attempts integer not null default 0,
  due timestamptz not null,
  ended timestamptz,
  ok boolean
);
comment on table notice is 'Webhook messages and how far they got. Bodies hold the shape of a statement, never its text.';

create index notice_due on notice (due) where ended is null;

grant select, insert, update on approval, notice to sallyport_approvals;
grant select, insert on approval_event to sallyport_approvals;

-- include outbox
