import type { Node } from 'libpg-query';
import type { Findings } from './findings.ts';
import { nowhere, type Names } from './names.ts';
import { notable, type Notable } from './notable.ts';
import { safeBuiltins } from './safe-builtins.ts';
import { setsSetting } from './settings.ts';
import { constant, isFixed, strings } from './tree.ts';
import { identifiers } from './identifiers.ts';

/** Functions named by `regclass` and friends: a cast that looks a name up. */
const lookups: ReadonlyMap<string, string> = new Map([
  ['regclass', 'pg_class'], ['regproc', 'pg_proc'], ['regprocedure', 'pg_proc'], ['regoper', 'pg_operator'], ['regoperator', 'pg_operator'],
  ['regtype', 'pg_type'], ['regrole', 'pg_roles'], ['regnamespace', 'pg_namespace'], ['regcollation', 'pg_collation'],
  ['regconfig', 'pg_ts_config'], ['regdictionary', 'pg_ts_dict'],
]);

/** True when what the call returns comes from its arguments alone and nothing else happens. */
export function isPure(names: Names, parts: readonly string[]): boolean {
  const { schema, name } = split(parts);
  if (schema !== null && schema !== 'pg_catalog') return schema === 'information_schema' && name.startsWith('_pg_');
  return safeBuiltins.has(name) && names.routines(schema, name).length === 0;
}

/** Records what calling a function may do. `args` is null where the call is hidden in attribute notation (`x.f`). */
export function callsFunction(names: Names, parts: readonly string[], args: readonly Node[] | null, found: Findings): void {
  if (isPure(names, parts)) return;
  const { schema, name } = split(parts);
  const own = names.routines(schema, name);
  for (const routine of own) executes(routine.schema, name, routine.volatility === 'v', found);
  const special = notable(name);
  if (special) return isSpecial(special, name, schema, args, found);
  if (schema === null || schema === 'pg_catalog') {
    if (isConfiguration(name, args, found) || isSequence(names, name, args, found) || isLookup(name, found)) return;
    if (!safeBuiltins.has(name) && own.length === 0) executes(schema ?? nowhere, name, true, found);
    return;
  }
  if (own.length === 0) executes(schema, name, true, found);
}

/** Attribute notation: `x.f` and `(x).f` call f when x has no field of that name. True when f could be more than a field. */
export function hiddenCall(names: Names, name: string): boolean {
  return names.routines(null, name).length > 0 || notable(name) !== null || sequenceVerbs.has(name) || name === 'set_config' || name === 'current_setting';
}

/** Casts to a type that looks a name up, as a read of the catalogue that it is looked up in. */
export function readsByType(parts: readonly string[], found: Findings): void {
  const name = parts.at(-1) ?? '';
  if (parts.length === 1 || parts[0] === 'pg_catalog') isLookup(name, found);
}

/** Operators of users' own schemas run functions. */
export function usesOperator(names: Names, parts: readonly string[], found: Findings): boolean {
  const name = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? (parts.at(-2) ?? nowhere) : null;
  const own = names.operators(schema, name);
  for (const routine of own) executes(routine.schema, name, routine.volatility === 'v', found);
  if (schema === null || schema === 'pg_catalog' || own.length > 0) return own.length > 0;
  executes(schema, name, true, found);
  return true;
}

/** A function whose body is not seen: the effect is its call, and that more is possible. */
export function executes(schema: string, name: string, volatile: boolean, found: Findings): void {
  found.add('execute', 'function', schema, name);
  found.degrade('partial');
  found.changesSettings = true;
  if (volatile) found.changesCatalogue = true;
}

function isSpecial(special: Notable, name: string, schema: string | null, args: readonly Node[] | null, found: Findings): void {
  const place = special.kind === 'function' ? (schema ?? special.schema) : special.schema;
  found.add(special.verb, special.kind, place, special.name === '$' ? name : special.name);
  if (special.gives === 'data') found.degrade('partial');
  if (special.gives === 'sql') found.unknown('dynamic SQL');
  if (special.keeps && !(args ?? [undefined]).every((arg) => arg !== undefined && isFixed(arg))) found.stored.push({ sources: [], proven: false });
}

function isConfiguration(name: string, args: readonly Node[] | null, found: Findings): boolean {
  if (name === 'current_setting') {
    found.dependsOnLiterals = true;
    found.add('read', 'setting', null, constant(args?.[0])?.toLowerCase() ?? nowhere);
    return true;
  }
  if (name !== 'set_config') return false;
  const setting = constant(args?.[0]) ?? (isColumnName(args?.[0]) ? (found.settingName ?? undefined) : undefined);
  if (!isFixed(args?.[1]) || args === null) found.stored.push({ sources: [], proven: false });
  found.dependsOnLiterals = true;
  found.changesSettings = true;
  if (setting === undefined) {
    found.setsSearchPath = true;
    found.add('grant', 'setting', null, nowhere);
  } else setsSetting(setting, constant(args?.[1]), found);
  return true;
}

function isColumnName(node: Node | undefined): boolean {
  return node !== undefined && 'ColumnRef' in node && strings(node.ColumnRef.fields).join('.') === 'name';
}

const sequenceVerbs: ReadonlyMap<string, 'read' | 'write'> = new Map([
  ['nextval', 'write'], ['setval', 'write'], ['currval', 'read'], ['lastval', 'read'], ['pg_sequence_last_value', 'read'],
]);

function isSequence(names: Names, name: string, args: readonly Node[] | null, found: Findings): boolean {
  const verb = sequenceVerbs.get(name);
  if (verb === undefined) return false;
  found.dependsOnLiterals = true;
  if (name === 'setval' && !isFixed(args?.[1])) found.stored.push({ sources: [], proven: false });
  const parts = identifiers(constant(args?.[0]) ?? '');
  const sequence = parts && names.relation(parts.at(-2), parts.at(-1) ?? '');
  found.add(verb, 'sequence', sequence?.schema ?? nowhere, sequence?.name ?? nowhere);
  return true;
}

function isLookup(name: string, found: Findings): boolean {
  const table = lookups.get(name);
  if (table === undefined) return false;
  found.add('read', 'table', 'pg_catalog', table);
  return true;
}

function split(parts: readonly string[]): { schema: string | null; name: string } {
  return { schema: parts.length > 1 ? (parts.at(-2) ?? nowhere) : null, name: parts.at(-1) ?? '' };
}
