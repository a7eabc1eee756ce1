-- What was given in exchange for tokens: tickets and SSH user certificates. The ticket itself is nowhere, only its hash.
create table ticket (
  id             uuid        not null,
  kind           text        not null,
  secret         bytea,
  serial         bigint,
  machine        text        not null,
  binding        text        not null,
  binding_digest text        not null,
  npid           text        not null,
  issuer         text        not null,
  targets        text[]      not null,
  key            text,
  extensions     text[]      not null default '{}',
  sources        text[]      not null default '{}',
  act            text[]      not null default '{}',
  source         text        not null,
  uses           integer     not null default 0,
  max_uses       integer,
  issued         timestamptz not null default now(),
  expires        timestamptz not null,
  revoked        timestamptz,
  constraint ticket_pk primary key (id),
  constraint ticket_secret_unique unique (secret),
  constraint ticket_serial_unique unique (serial),
  constraint ticket_kind_known check (kind in ('ticket', 'ssh-certificate')),
  constraint ticket_secret_is_a_hash check ((kind = 'ticket') = (secret is not null) and (secret is null or length(secret) = 32)),
  constraint ticket_serial_of_certificates check ((kind = 'ssh-certificate') = (serial is not null)),
  constraint ticket_for_some_target check (cardinality(targets) > 0),
  constraint ticket_uses_within check (uses >= 0 and (max_uses is null or (max_uses > 0 and uses <= max_uses))),
  constraint ticket_is_short_lived check (expires <= issued + interval '16 minutes')
);
comment on table ticket is 'tickets and SSH user certificates that were given in exchange for tokens, until an hour after they expire';
comment on column ticket.secret is 'SHA-256 of the ticket; null for certificates, which are found by serial';
comment on column ticket.binding_digest is 'SHA-256 of the trust binding as it stood: a changed binding ends what came of it';
comment on column ticket.issuer is 'name of the Issuer document';
comment on column ticket.targets is '[role@]target, exact';
comment on column ticket.key is 'the key that it is bound to, or null: ssh:SHA256:…, x5t#S256:…, jkt:…';
comment on column ticket.sources is 'addresses and ranges that it may come from; empty for any';
comment on column ticket.act is 'on whose behalf, as the exchanged token said (RFC 8693 act)';
comment on column ticket.source is 'address that it was given to';
create index ticket_of_machine on ticket (machine) where revoked is null;
create index ticket_expired on ticket (expires);

grant select, insert, update (uses, revoked), delete on ticket to sallyport_identity;
