-- What others say of checkpoints: cosignatures of witnesses (C2SP tlog-cosignature) and timestamps (RFC 3161). Neither is trusted here: whoever has their
-- keys can verify them. Both are only ever added.

create table checkpoint_cosignature (
  epoch   int         not null,
  size    bigint      not null,
  witness text        not null,
  line    text        not null,
  made_at timestamptz not null default clock_timestamp(),
  constraint checkpoint_cosignature_pk primary key (epoch, size, witness),
  constraint checkpoint_cosignature_of foreign key (epoch, size) references checkpoint (epoch, size),
  constraint checkpoint_cosignature_line check (line ~ '^— [^ \n]+ [A-Za-z0-9+/]+=*\n$')
);
comment on table checkpoint_cosignature is 'one signature line of each witness for a checkpoint, as it was verified when it came; views append it to the note';

create table checkpoint_timestamp (
  epoch    int         not null,
  size     bigint      not null,
  authority text      not null,
  gen_time timestamptz not null,
  token    bytea       not null,
  made_at  timestamptz not null default clock_timestamp(),
  constraint checkpoint_timestamp_pk primary key (epoch, size, authority),
  constraint checkpoint_timestamp_of foreign key (epoch, size) references checkpoint (epoch, size)
);
comment on table checkpoint_timestamp is 'RFC 3161 tokens (DER) over SHA-256 of a checkpoint''s text: origin, size and root, each with its newline. They show that the checkpoint was there at gen_time';

select protect(t) from unnest(array['checkpoint_cosignature', 'checkpoint_timestamp']::regclass[]) t;

create function checkpoint_cosign(p_epoch int, p_size bigint, p_witness text, p_line text) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into checkpoint_cosignature (epoch, size, witness, line) values (p_epoch, p_size, p_witness, p_line) on conflict do nothing
$$;

create function checkpoint_stamp(p_epoch int, p_size bigint, p_authority text, p_gen_time timestamptz, p_token bytea) returns void language sql security definer set search_path = evidence, pg_temp as $$
  insert into checkpoint_timestamp (epoch, size, authority, gen_time, token) values (p_epoch, p_size, p_authority, p_gen_time, p_token) on conflict do nothing
$$;

-- A note is a text and signature lines, so a cosignature is merged by putting its line behind it.
create or replace view checkpoints as
  select c.epoch, c.size, c.root, c.made_at,
         c.note || coalesce((select string_agg(s.line, '' order by s.made_at, s.witness) from checkpoint_cosignature s where s.epoch = c.epoch and s.size = c.size), '') as note
    from checkpoint c;
create view checkpoint_timestamps as select epoch, size, authority, gen_time, token, made_at from checkpoint_timestamp;

revoke all on all functions in schema evidence from public;
grant execute on function checkpoint_cosign(int, bigint, text, text), checkpoint_stamp(int, bigint, text, timestamptz, bytea) to sallyport_evidence;
grant select on checkpoint_timestamps to sallyport_evidence;
