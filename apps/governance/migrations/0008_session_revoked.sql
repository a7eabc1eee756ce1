-- A session of somebody is over (CAEP): told to identity as the other words are.
alter table signal
  drop constraint signal_kind,
  add constraint signal_kind check (kind in ('left', 'returned', 'session-revoked'));
