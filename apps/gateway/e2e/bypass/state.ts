/** A digest of everything in the target's database that a statement could change: rows, structure, rights, roles, code. */
export const stateQuery = `
select md5(concat_ws('|',
  (select string_agg(t.xmin || t::text, ',' order by t.tableoid, id) from ledger.customers t), (select string_agg(t::text, ',' order by id) from ledger.accounts t),
  (select string_agg(t::text, ',' order by id) from ledger.entries t), (select string_agg(t::text, ',' order by id) from public.notes t),
  (select string_agg(t::text, ',' order by id) from public.entries t), (select string_agg(t::text, ',' order by id) from hr.salaries t), (select string_agg(t::text, ',' order by id) from hr.settings t),
  (select string_agg(concat_ws(' ', c.relnamespace, c.relname, c.relowner, c.relacl, c.relkind, c.relrowsecurity, c.relhasrules, c.relhastriggers), ',' order by c.oid) from pg_class c where c.relnamespace::regnamespace::text !~ '^pg_(toast|temp)'),
  (select string_agg(concat_ws(' ', attrelid, attname, atttypid, atthasdef, attisdropped, attacl), ',' order by attrelid, attnum) from pg_attribute where attrelid >= 16384),
  (select string_agg(concat_ws(' ', oid, proname, proacl), ',' order by oid) from pg_proc where oid >= 16384), (select count(*) from pg_operator), (select count(*) from pg_cast), (select count(*) from pg_type),
  (select string_agg(concat_ws(' ', rolname, rolsuper, rolcanlogin, rolpassword), ',' order by oid) from pg_authid), (select string_agg(concat_ws(' ', roleid, member), ',' order by roleid, member) from pg_auth_members),
  (select string_agg(concat_ws(' ', nspname, nspowner, nspacl), ',' order by oid) from pg_namespace where nspname !~ '^pg_(toast|temp)'), (select count(*) from pg_default_acl), (select count(*) from pg_description where objoid >= 16384),
  (select count(*) from pg_policy), (select count(*) from pg_trigger), (select count(*) from pg_rewrite), (select count(*) from pg_extension), (select count(*) from pg_largeobject_metadata), (select count(*) from pg_attrdef),
  (select count(*) from pg_foreign_server), (select count(*) from pg_subscription), (select string_agg(concat_ws(' ', schemaname, sequencename, last_value), ',' order by 1) from (select * from pg_sequences order by schemaname, sequencename) s)
)) as state`;

/** The same of the session that asks. */
export const sessionStateQuery = `
select md5(concat_ws('|', current_user, session_user,
  (select string_agg(name || '=' || setting, ',' order by name) from pg_settings where name in ('role', 'search_path', 'standard_conforming_strings', 'client_encoding', 'session_replication_role', 'application_name')),
  (select count(*) from pg_prepared_statements), (select count(*) from pg_cursors), (select count(*) from pg_locks where locktype = 'advisory'), (select count(*) from pg_listening_channels()),
  (select count(*) from pg_class where relnamespace = pg_my_temp_schema())
)) as session`;
