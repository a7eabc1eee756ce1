-- Under which changes this service has written what it owns: one row in the transaction that wrote, so that an approved change is written once, whatever process dies when.
create table applied_change (
  change   uuid        not null,
  round    integer     not null,
  approval text,
  binding  text        not null,
  applied  timestamptz not null default now(),
  constraint applied_change_pk primary key (change, round),
  constraint applied_change_approval_once unique (approval),
  constraint applied_change_binding_is_a_hash check (binding ~ '^[0-9a-f]{64}$')
);
comment on table applied_change is 'changes of governance that were applied here; rows are only ever added';

create trigger applied_change_is_append_only before update or delete on applied_change for each row execute function refuse_change();
create trigger applied_change_is_not_truncated before truncate on applied_change for each statement execute function refuse_change();

do $$
begin
  execute format('grant select, insert on applied_change to %I', 'sallyport_' || current_schema());
end
$$;
