-- Tickets of machines that act on somebody's behalf (RFC 8693, actor_token).
alter table ticket
  add column behalf text,
  add constraint ticket_behalf_is_a_party check (behalf is null or behalf ~ '^(person|machine):.');
comment on column ticket.behalf is 'on whose behalf, person:name or machine:name; null: the machine''s own';
comment on column ticket.act is 'through whom, as the exchanged tokens said (RFC 8693 act): for evidence';
create index ticket_on_behalf on ticket (behalf) where behalf is not null and revoked is null;
