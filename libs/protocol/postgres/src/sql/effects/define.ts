import type {
  AlterFunctionStmt, AlterObjectSchemaStmt, AlterTableStmt, ClusterStmt, CommentStmt, CompositeTypeStmt, CreateDomainStmt, CreateEnumStmt, CreateFunctionStmt, CreateRangeStmt, CreateSchemaStmt, CreateStmt, CreateTrigStmt, DefineStmt, DropStmt, IndexStmt, Node,
  RangeVar, RefreshMatViewStmt, ReindexStmt, RenameStmt, RuleStmt, SecLabelStmt, VacuumStmt, ViewStmt,
} from 'libpg-query';
import type { ResourceKind } from '@sallyport/domain-model';
import type { Named } from '../names.ts';
import { usesRelation } from '../relations.ts';
import { strings, typeOf, type Body } from '../tree.ts';
import { usesObject } from './objects.ts';
import type { StatementDraft } from './reading.ts';
import { walkDefinition } from './definition.ts';

function defines(kind: ResourceKind, named: Named, draft: StatementDraft): void {
  draft.found.add('define', kind, named.schema, named.name);
}

/** Where a new relation goes: temporary, qualified, or the first schema of the path. */
function made(range: RangeVar | undefined, draft: StatementDraft): Named {
  return draft.names.created(range?.schemaname, range?.relname ?? '?', range?.relpersistence === 't');
}

function named(parts: readonly string[], draft: StatementDraft): Named {
  return draft.names.created(parts.at(-2), parts.at(-1) ?? '?', false);
}

export function createTable(body: CreateStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE TABLE';
  defines('table', made(body.relation, draft), draft);
  for (const parent of body.inhRelations ?? []) if ('RangeVar' in parent) usesRelation('define', draft.relation(parent.RangeVar), draft.names, draft.found);
  const { relation: _made, inhRelations: _parents, ...rest } = body;
  walkDefinition(rest as Body, draft);
}

export function alterTable(body: AlterTableStmt, draft: StatementDraft): void {
  const isType = body.objtype === 'OBJECT_TYPE';
  draft.facts.kind = `ALTER ${wordsOf(body.objtype)}`;
  const commands = (body.cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []));
  const target = draft.relation(body.relation);
  if (isType) draft.found.add('define', 'type', target.schema, target.name);
  else usesRelation('define', target, draft.names, draft.found);
  if (commands.some((command) => rightsOf(command.subtype))) usesRelation('grant', target, draft.names, draft.found);
  if (commands.some((command) => command.behavior === 'DROP_CASCADE')) cascades(draft);
  for (const { def } of commands) {
    const partition = def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined;
    if (partition) usesRelation('define', draft.relation(partition), draft.names, draft.found);
  }
  const { relation: _target, ...rest } = body;
  walkDefinition(rest as Body, draft);
}

function rightsOf(subtype: string | undefined): boolean {
  return subtype === 'AT_ChangeOwner' || (subtype?.endsWith('RowSecurity') ?? false);
}

/** The query does not run now, but from then on whoever reads the view reads this. */
export function createView(body: ViewStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE VIEW';
  defines('table', made(body.view, draft), draft);
  draft.walk(body.query);
}

/** Its rows are copied anew, but where they come from stays known by its definition. */
export function refresh(body: RefreshMatViewStmt, draft: StatementDraft): void {
  draft.facts.kind = 'REFRESH MATERIALIZED VIEW';
  const target = draft.relation(body.relation);
  usesRelation('write', target, draft.names, draft.found);
  usesRelation('read', target, draft.names, draft.found);
}

export function createIndex(body: IndexStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE INDEX';
  usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
  const { relation: _table, ...rest } = body;
  walkDefinition(rest as Body, draft);
}

/** What the function will do is in its body, which is a text: its call is an effect of its own. */
export function createFunction(body: CreateFunctionStmt, draft: StatementDraft): void {
  draft.facts.kind = body.is_procedure ? 'CREATE PROCEDURE' : 'CREATE FUNCTION';
  defines('function', named(strings(body.funcname), draft), draft);
}

export function createTrigger(body: CreateTrigStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE TRIGGER';
  usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
}

export function createRule(body: RuleStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE RULE';
  usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
}

/** What CREATE SCHEMA makes in one go is in that schema. */
export function createSchema(body: CreateSchemaStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE SCHEMA';
  draft.found.add('define', 'schema', null, body.schemaname ?? '?');
  if (body.authrole) draft.found.add('grant', 'role', null, body.authrole.rolename ?? '?');
  for (const node of body.schemaElts ?? []) {
    const inner = draft.inside(placed(node, body.schemaname));
    draft.found.absorb(inner.means.effects, inner.means.reading);
  }
}

function placed(node: Node, schema: string | undefined): Node {
  if (schema === undefined) return node;
  if ('CreateStmt' in node) return { CreateStmt: { ...node.CreateStmt, relation: { schemaname: schema, ...node.CreateStmt.relation } } };
  if ('ViewStmt' in node) return { ViewStmt: { ...node.ViewStmt, view: { schemaname: schema, ...node.ViewStmt.view } } };
  if ('CreateSeqStmt' in node) return { CreateSeqStmt: { ...node.CreateSeqStmt, sequence: { schemaname: schema, ...node.CreateSeqStmt.sequence } } };
  return node;
}

const odd: ReadonlyMap<string, string> = new Map([['MATVIEW', 'MATERIALIZED VIEW'], ['TSCONFIGURATION', 'TEXT SEARCH CONFIGURATION'], ['FDW', 'FOREIGN DATA WRAPPER']]);

/** `OBJECT_FOREIGN_TABLE` in the field's words. */
function wordsOf(type: string | undefined): string {
  const name = (type ?? 'OBJECT_?').replace('OBJECT_', '');
  return odd.get(name) ?? name.replaceAll('_', ' ');
}

/** With CASCADE things change that are not named: an effect that no rule about a real schema permits. */
function cascades(draft: StatementDraft): void {
  draft.found.add('define', 'other', '?', 'cascade');
}

export function drop(body: DropStmt, draft: StatementDraft): void {
  const kind = body.removeType ?? 'OBJECT_?';
  draft.facts.kind = `DROP ${wordsOf(kind)}`;
  for (const object of body.objects ?? []) usesObject('define', body.removeType, object, draft);
  if (kind === 'OBJECT_POLICY') for (const object of body.objects ?? []) usesObject('grant', body.removeType, object, draft);
  if (body.behavior === 'DROP_CASCADE') cascades(draft);
}

export function rename(body: RenameStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER RENAME';
  const isRole = body.renameType === 'OBJECT_ROLE';
  if (body.relation) usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
  else if (body.object) usesObject('define', body.renameType, body.object, draft);
  else draft.found.add(isRole ? 'grant' : 'define', isRole ? 'role' : body.renameType === 'OBJECT_SCHEMA' ? 'schema' : 'other', null, body.subname ?? '?');
}

export function moveSchema(body: AlterObjectSchemaStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER SET SCHEMA';
  draft.found.add('define', 'schema', null, body.newschema ?? '?');
  if (body.relation) usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
  else usesObject('define', body.objectType, body.object, draft);
}

export function comment(body: CommentStmt, draft: StatementDraft): void {
  draft.facts.kind = 'COMMENT';
  usesObject('define', body.objtype, body.object, draft);
}

export function securityLabel(body: SecLabelStmt, draft: StatementDraft): void {
  draft.facts.kind = 'SECURITY LABEL';
  usesObject('define', body.objtype, body.object, draft);
}

const madeKinds: ReadonlyMap<string, ResourceKind> = new Map([['OBJECT_AGGREGATE', 'function'], ['OBJECT_OPERATOR', 'function'], ['OBJECT_TYPE', 'type']]);

export function define(body: DefineStmt, draft: StatementDraft): void {
  const what = body.kind ?? 'OBJECT_?';
  draft.facts.kind = `CREATE ${wordsOf(what)}`;
  defines(madeKinds.get(what) ?? 'other', named(strings(body.defnames), draft), draft);
}

/** VACUUM and ANALYZE of tables, or of all of them. FULL rewrites; that is no change of what is in them. */
export function vacuum(body: VacuumStmt, draft: StatementDraft): void {
  draft.facts.kind = body.is_vacuumcmd ? 'VACUUM' : 'ANALYZE';
  for (const node of body.rels ?? []) {
    if ('VacuumRelation' in node) usesRelation('control', draft.relation(node.VacuumRelation.relation), draft.names, draft.found);
    else draft.found.unknown(typeOf(node));
  }
  if ((body.rels ?? []).length === 0) draft.found.add('control', 'database', null, 'all tables');
}

export function cluster(body: ClusterStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CLUSTER';
  if (body.relation) usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
  else draft.found.add('define', 'database', null, 'all tables');
}

export function reindex(body: ReindexStmt, draft: StatementDraft): void {
  draft.facts.kind = 'REINDEX';
  if (body.relation) usesRelation('define', draft.relation(body.relation), draft.names, draft.found);
  else if (body.kind === 'REINDEX_OBJECT_SCHEMA') draft.found.add('define', 'schema', null, body.name ?? '?');
  else draft.found.add('define', 'database', null, body.name ?? 'current');
}

export function createType(body: CreateEnumStmt | CreateRangeStmt | CompositeTypeStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE TYPE';
  defines('type', 'typevar' in body ? made(body.typevar, draft) : named(strings('typeName' in body ? body.typeName : []), draft), draft);
}

export function createDomain(body: CreateDomainStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE DOMAIN';
  defines('type', named(strings(body.domainname), draft), draft);
}

/** An existing type: the snapshot has none, so one without a schema could be anywhere. */
export function alterType(kind: string) {
  return (body: { typeName?: Node[] }, draft: StatementDraft): void => {
    const parts = strings(body.typeName);
    draft.facts.kind = kind;
    draft.found.add('define', 'type', parts.at(-2) ?? '?', parts.at(-1) ?? '?');
  };
}

export function alterFunction(body: AlterFunctionStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER FUNCTION';
  usesObject('define', 'OBJECT_FUNCTION', body.func && { ObjectWithArgs: body.func }, draft);
}

/** CREATE and ALTER SEQUENCE. */
export function onSequence(kind: string, which: 'new' | 'old') {
  return (body: { sequence?: RangeVar; options?: Node[] }, draft: StatementDraft): void => {
    draft.facts.kind = kind;
    defines('sequence', which === 'new' ? made(body.sequence, draft) : draft.relation(body.sequence), draft);
  };
}
