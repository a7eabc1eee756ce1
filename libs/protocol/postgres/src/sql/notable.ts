import type { ResourceKind, Verb } from '@sallyport/domain-model';

/**
 * Functions that come with PostgreSQL or its contrib modules and do more than compute: what each of them is. First match
 * wins, exact names before patterns. They are matched by name in pg_catalog and, since extensions are installed anywhere, in every schema.
 */
export interface Notable {
  readonly verb: Verb;
  readonly kind: ResourceKind;
  /** Resource name; `$` means the function's own name. */
  readonly name: string;
  /** Table of pg_catalog for reads and writes of data, else null. */
  readonly schema: string | null;
  /** `data`: it can give the content of any table. `sql`: it runs text as SQL. */
  readonly gives?: 'data' | 'sql';
  /** It may keep or send what it is given, so that values leave the statement without being its result. */
  readonly keeps?: true;
}

export function notable(name: string): Notable | null {
  const exactly = exact.get(name);
  if (exactly) return exactly;
  for (const [pattern, what] of patterns) if (pattern.test(name)) return what;
  return null;
}

const file = (): Notable => ({ verb: 'transfer', kind: 'file', name: '$', schema: null });
const remote = (): Notable => ({ verb: 'transfer', kind: 'remote', name: '$', schema: null, gives: 'data', keeps: true });
const server = (): Notable => ({ verb: 'control', kind: 'server', name: '$', schema: null });
const session = (name: string): Notable => ({ verb: 'control', kind: 'session', name, schema: null });
const system = (name: string): Notable => ({ verb: 'read', kind: 'table', name, schema: 'pg_catalog' });
const anyData = (name: string): Notable => ({ ...system(name), gives: 'data' });
const dynamic = (): Notable => ({ verb: 'execute', kind: 'function', name: '$', schema: 'pg_catalog', gives: 'sql' });

const exact = new Map<string, Notable>();
const say = (what: Notable, names: string): void => {
  for (const name of names.split(' ')) exact.set(name, what);
};

// SQL given as text, or a table given by name: the statement's own tree does not show what is read.
say(dynamic(), 'ts_stat ts_rewrite query_to_xml query_to_xmlschema query_to_xml_and_xmlschema');
// Files of the server.
say(file(), 'pg_read_file pg_read_binary_file pg_read_file_old pg_stat_file pg_current_logfile pg_hba_file_rules pg_ident_file_mappings');
say(file(), 'pg_show_all_file_settings lo_import lo_export pg_logdir_ls pg_available_wal_summaries pg_wal_summary_contents pg_get_loaded_modules');
// Large objects live in one system table; any of them may be anyone's.
say(anyData('pg_largeobject'), 'lo_get loread lo_open lo_lseek lo_lseek64 lo_tell lo_tell64 lo_close');
say({ verb: 'write', kind: 'table', name: 'pg_largeobject', schema: 'pg_catalog', keeps: true }, 'lo_put lowrite lo_from_bytea');
say({ verb: 'write', kind: 'table', name: 'pg_largeobject', schema: 'pg_catalog' }, 'lo_creat lo_create lo_unlink lo_truncate lo_truncate64');
// Statistics, other sessions and prepared statements hold values of tables.
say(anyData('pg_statistic_ext_data'), 'pg_mcv_list_items');
say(anyData('pg_stat_activity'), 'pg_stat_get_activity pg_stat_get_backend_activity');
say(anyData('pg_stat_statements'), 'pg_stat_statements');
say(anyData('pg_prepared_statements'), 'pg_prepared_statement');
say(anyData('pg_cursors'), 'pg_cursor');
say(system('pg_settings'), 'pg_show_all_settings');
say(system('pg_locks'), 'pg_lock_status');
say(system('pg_prepared_xacts'), 'pg_prepared_xact');
say(system('pg_replication_slots'), 'pg_get_replication_slots');
say(session('transaction'), 'txid_current pg_current_xact_id pg_export_snapshot setseed pg_stat_clear_snapshot pg_stat_force_next_flush');
say({ ...session('notification'), keeps: true }, 'pg_notify');
say({ verb: 'execute', kind: 'function', name: '$', schema: 'pg_catalog' }, 'pg_sleep pg_sleep_for pg_sleep_until pg_config');
say(server(), 'pg_cancel_backend pg_terminate_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_switch_wal pg_switch_xlog');
say(server(), 'pg_create_restore_point pg_promote pg_import_system_collations pg_extension_config_dump pg_nextoid pg_start_backup pg_stop_backup');
say(server(), 'pg_clear_attribute_stats pg_clear_relation_stats pg_restore_attribute_stats pg_restore_relation_stats pg_stop_making_pinned_objects');
say({ ...server(), keeps: true }, 'pg_logical_emit_message');

const patterns: readonly (readonly [RegExp, Notable])[] = [
  [/^(table|schema|database|query|cursor)_to_xml/, dynamic()],
  [/^pg_ls_|^pg_file_/, file()],
  // Logical decoding gives the changes of every table; replication reaches other servers.
  [/^dblink|^postgres_fdw_|^pg_logical_slot_|^pg_(create|copy|drop)_.*replication_slot$|^pg_drop_replication_slot|^pg_sync_replication/, remote()],
  [/^pg_replication_|^pg_show_replication/, server()],
  [/advisory_(xact_)?(un)?lock/, { ...session('advisory-lock'), keeps: true }],
  [/^pg_stat_(get|have)_|^pg_get_(shmem|backend_memory|wait_events|multixact|aios|sequence_data|wal_)/, system('$')],
  [/^pg_stat_reset|^pg_stat_statements_reset|^pg_backup_|^pg_wal_replay_|^pg_log_|^brin_|^gin_clean|^binary_upgrade_|^pg_control_/, server()],
  // contrib modules that read pages or run other SQL.
  [/^(get_raw_page|heap_page_items|bt_page_items|pgrowlocks|pgstattuple|pg_visibility|crosstab|connectby|normal_rand)/, dynamic()],
];
