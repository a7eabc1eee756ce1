import type { SelectStmt } from 'libpg-query';
import type { Findings } from './findings.ts';
import type { Names } from './names.ts';
import { constant, strings } from './tree.ts';

/** What the gateway's own reading of the session rests on, with the only values that it accepts. */
const pinned: ReadonlyMap<string, RegExp> = new Map([
  ['standard_conforming_strings', /^(on|true|1|yes)$/i],
  ['client_encoding', /^(utf-?8|unicode)$/i],
  ['names', /^(utf-?8|unicode)$/i],
  // pg_dump closes a door with this; any other value opens it.
  ['restrict_nonsystem_relation_kind', /^view, ?foreign-table$/],
  ['backslash_quote', /^(safe_encoding|off|false|0|no)$/i],
]);

/** Settings that lift or move rights, or load code. */
const rights: ReadonlySet<string> = new Set([
  'session_replication_role', 'local_preload_libraries', 'session_preload_libraries', 'dynamic_library_path', 'jit_provider',
  'extension_control_path', 'allow_system_table_mods', 'ignore_system_indexes', 'zero_damaged_pages', 'lo_compat_privileges',
  'session_pre_load_libraries', 'createrole_self_grant', 'temp_tablespaces',
]);

/**
 * One change of a setting, by SET, RESET or set_config. `value` is null for a reset or a default, undefined when it is not a
 * constant. Becoming another role is a grant; so is what the gateway's reading of the session depends on, unless it is set to what it is.
 */
export function setsSetting(setting: string, value: string | null | undefined, found: Findings): void {
  const name = setting.toLowerCase();
  found.changesSettings = true;
  found.dependsOnLiterals = true;
  if (name === 'search_path') found.setsSearchPath = true;
  if (name === 'role' || name === 'session_authorization') {
    found.add('grant', 'role', null, value === undefined ? '?' : (value ?? 'default'));
    found.setsSearchPath = true; // "$user" in the path follows the role
    return;
  }
  found.add(isGrave(name, value) ? 'grant' : 'control', 'setting', null, name);
}

function isGrave(name: string, value: string | null | undefined): boolean {
  if (rights.has(name)) return true;
  const accepted = pinned.get(name);
  if (!accepted) return false;
  return value === undefined || (value !== null && !accepted.test(value)) || (value === null && name === 'restrict_nonsystem_relation_kind');
}

/**
 * The setting in `select … from pg_settings where name = 'x'`, which is how pg_dump sets one only where it exists. Null for any other query.
 */
export function settingOf(select: SelectStmt, names: Names): string | null {
  const [from, ...more] = select.fromClause ?? [];
  const where = select.whereClause;
  if (!from || more.length > 0 || !('RangeVar' in from) || !where || !('A_Expr' in where)) return null;
  const table = names.relation(from.RangeVar.schemaname, from.RangeVar.relname ?? '');
  if (table.schema !== 'pg_catalog' || table.name !== 'pg_settings' || from.RangeVar.alias) return null;
  const { kind, name, lexpr, rexpr } = where.A_Expr;
  const isName = lexpr !== undefined && 'ColumnRef' in lexpr && strings(lexpr.ColumnRef.fields).join('.') === 'name';
  return kind === 'AEXPR_OP' && strings(name).join('.') === '=' && isName ? (constant(rexpr) ?? null) : null;
}
