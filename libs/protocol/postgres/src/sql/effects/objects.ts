import type { Node, ObjectType } from 'libpg-query';
import type { ResourceKind, Verb } from '@sallyport/domain-model';
import { usesRelation } from '../relations.ts';
import { strings } from '../tree.ts';
import type { StatementDraft } from './reading.ts';

/** What DROP, COMMENT, GRANT, ALTER … OWNER and their kin call an object. */
const relations: ReadonlySet<string> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);
/** Parts of a table: the last name is theirs, those before it are the table's. */
const parts: ReadonlySet<string> = new Set(['OBJECT_COLUMN', 'OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_TABCONSTRAINT', 'OBJECT_POLICY']);
const routines: ReadonlySet<string> = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_AGGREGATE', 'OBJECT_ROUTINE', 'OBJECT_OPERATOR']);
const kinds: ReadonlyMap<string, ResourceKind> = new Map([
  ['OBJECT_SCHEMA', 'schema'], ['OBJECT_DATABASE', 'database'], ['OBJECT_ROLE', 'role'], ['OBJECT_FOREIGN_SERVER', 'remote'], ['OBJECT_FDW', 'remote'],
  ['OBJECT_SUBSCRIPTION', 'remote'], ['OBJECT_PUBLICATION', 'remote'], ['OBJECT_USER_MAPPING', 'remote'], ['OBJECT_TABLESPACE', 'server'],
  ['OBJECT_EVENT_TRIGGER', 'database'], ['OBJECT_PARAMETER_ACL', 'setting'], ['OBJECT_TYPE', 'type'], ['OBJECT_DOMAIN', 'type'], ['OBJECT_ATTRIBUTE', 'type'],
  ['OBJECT_DOMCONSTRAINT', 'type'],
]);

/** Records an effect on an existing object that a statement names by its type and a node. */
export function usesObject(verb: Verb, type: ObjectType | undefined, object: Node | undefined, draft: StatementDraft): void {
  const kind = type ?? '';
  const names = namesOf(object);
  if (relations.has(kind)) return onRelation(verb, names, draft);
  if (parts.has(kind)) return onRelation(verb, names.slice(0, -1), draft);
  if (kind === 'OBJECT_SEQUENCE' || kind === 'OBJECT_INDEX') return onNamed(verb, kind === 'OBJECT_INDEX' ? 'table' : 'sequence', names, draft);
  if (routines.has(kind)) return onRoutine(verb, names, draft);
  const found = kinds.get(kind);
  if (found === 'type') draft.found.add(verb, 'type', names.length > 1 ? (names.at(-2) ?? '?') : '?', names.at(-1) ?? '?');
  else draft.found.add(verb, found ?? 'other', null, found ? (names.at(-1) ?? '?') : `${kind.replace('OBJECT_', '').toLowerCase()} ${names.join('.')}`);
}

function onRelation(verb: Verb, names: readonly string[], draft: StatementDraft): void {
  usesRelation(verb, draft.relation({ schemaname: names.at(-2) ?? '', relname: names.at(-1) ?? '?' }), draft.names, draft.found);
}

function onNamed(verb: Verb, kind: ResourceKind, names: readonly string[], draft: StatementDraft): void {
  const meant = draft.relation({ schemaname: names.at(-2) ?? '', relname: names.at(-1) ?? '?' });
  draft.found.add(verb, kind, meant.schema, meant.name);
}

function onRoutine(verb: Verb, names: readonly string[], draft: StatementDraft): void {
  const name = names.at(-1) ?? '?';
  if (names.length > 1) return draft.found.add(verb, 'function', names.at(-2) ?? '?', name);
  const own = draft.names.routines(null, name);
  for (const routine of own) draft.found.add(verb, 'function', routine.schema, name);
  if (own.length === 0) draft.found.add(verb, 'function', '?', name);
}

/** The dotted name in a node, whatever form the grammar gave it. */
export function namesOf(node: Node | undefined): string[] {
  if (node === undefined) return [];
  if ('String' in node) return [node.String.sval ?? ''];
  if ('List' in node) return (node.List.items ?? []).flatMap((item) => ('TypeName' in item ? strings(item.TypeName.names) : namesOf(item)));
  if ('TypeName' in node) return strings(node.TypeName.names);
  if ('ObjectWithArgs' in node) return strings(node.ObjectWithArgs.objname);
  if ('RangeVar' in node) return [...(node.RangeVar.schemaname ? [node.RangeVar.schemaname] : []), node.RangeVar.relname ?? '?'];
  if ('RoleSpec' in node) return [node.RoleSpec.rolename ?? '?'];
  return [];
}
