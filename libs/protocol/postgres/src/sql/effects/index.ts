import type { Node } from 'libpg-query';
import * as define from './define.ts';
import * as elsewhere from './elsewhere.ts';
import { plainDefine } from './elsewhere.ts';
import * as rights from './rights.ts';
import * as rows from './rows.ts';
import * as session from './session.ts';
import * as settings from './settings.ts';
import { copy } from './copy.ts';
import { namesOf } from './objects.ts';
import type { Handler, StatementDraft } from './reading.ts';

/** Handlers take the body of their own statement; which one it is, the key says. */
type Any = Handler<never>;

const listed = (value: unknown): string => (Array.isArray(value) ? value.flatMap((node: Node) => namesOf(node)).join('.') : '?');
const checkpoint: Handler<unknown> = (_body, draft) => {
  draft.facts.kind = 'CHECKPOINT';
  draft.found.add('control', 'server', null, 'checkpoint');
};

/** One entry for each statement of PostgreSQL's grammar. What is not here is unknown, and opaque. */
const handlers: Readonly<Record<string, Any>> = {
  SelectStmt: rows.select, InsertStmt: rows.insert, UpdateStmt: rows.update, DeleteStmt: rows.remove, MergeStmt: rows.mergeInto, TruncateStmt: rows.truncate,
  CreateTableAsStmt: rows.createTableAs, CopyStmt: copy,
  VariableSetStmt: settings.set, VariableShowStmt: settings.show, DiscardStmt: settings.discard, AlterSystemStmt: settings.alterSystem,
  AlterRoleSetStmt: settings.alterRoleSet, AlterDatabaseSetStmt: settings.alterDatabaseSet,
  TransactionStmt: session.transaction, PrepareStmt: session.prepare, ExecuteStmt: session.execute, DeallocateStmt: session.deallocate,
  DeclareCursorStmt: session.declareCursor, FetchStmt: session.fetch, ClosePortalStmt: session.closeCursor, ListenStmt: session.listen,
  NotifyStmt: session.notify, UnlistenStmt: session.unlisten, LockStmt: session.lock, ConstraintsSetStmt: session.setConstraints, DoStmt: session.doBlock,
  CallStmt: session.call, ExplainStmt: session.explain, CheckPointStmt: checkpoint,
  GrantStmt: rights.grant, GrantRoleStmt: rights.grantRole, AlterDefaultPrivilegesStmt: rights.defaultPrivileges, CreateRoleStmt: rights.createRole,
  AlterRoleStmt: rights.alterRole, DropRoleStmt: rights.dropRole, DropOwnedStmt: rights.dropOwned, ReassignOwnedStmt: rights.reassignOwned,
  AlterOwnerStmt: rights.alterOwner, CreatePolicyStmt: rights.policy, AlterPolicyStmt: rights.policy,
  CreateStmt: define.createTable, AlterTableStmt: define.alterTable, ViewStmt: define.createView, RefreshMatViewStmt: define.refresh, IndexStmt: define.createIndex,
  CreateFunctionStmt: define.createFunction, CreateTrigStmt: define.createTrigger, RuleStmt: define.createRule, CreateSchemaStmt: define.createSchema,
  DropStmt: define.drop, RenameStmt: define.rename, AlterObjectSchemaStmt: define.moveSchema, CommentStmt: define.comment, SecLabelStmt: define.securityLabel,
  DefineStmt: define.define, VacuumStmt: define.vacuum, ClusterStmt: define.cluster, ReindexStmt: define.reindex,
  CreateSeqStmt: define.onSequence('CREATE SEQUENCE', 'new'), AlterSeqStmt: define.onSequence('ALTER SEQUENCE', 'old'),
  CreateExtensionStmt: elsewhere.extension, AlterExtensionStmt: elsewhere.extension, AlterExtensionContentsStmt: elsewhere.extensionContents,
  CreateForeignServerStmt: elsewhere.foreignServer, AlterForeignServerStmt: elsewhere.foreignServer, CreateUserMappingStmt: elsewhere.foreignServer,
  AlterUserMappingStmt: elsewhere.foreignServer, DropUserMappingStmt: elsewhere.foreignServer, CreateForeignTableStmt: elsewhere.foreignTable,
  ImportForeignSchemaStmt: elsewhere.importForeign, CreateSubscriptionStmt: elsewhere.subscription, AlterSubscriptionStmt: elsewhere.subscription,
  DropSubscriptionStmt: elsewhere.subscription, CreatePublicationStmt: elsewhere.publication, AlterPublicationStmt: elsewhere.publication, LoadStmt: elsewhere.load,
  CreateFdwStmt: plainDefine('FOREIGN DATA WRAPPER', 'remote', (body) => body['fdwname']),
  AlterFdwStmt: plainDefine('FOREIGN DATA WRAPPER', 'remote', (body) => body['fdwname']),
  CreateEventTrigStmt: plainDefine('EVENT TRIGGER', 'database', (body) => body['trigname']),
  AlterEventTrigStmt: plainDefine('EVENT TRIGGER', 'database', (body) => body['trigname']),
  CreatePLangStmt: plainDefine('CREATE LANGUAGE', 'other', (body) => body['plname']),
  CreateAmStmt: plainDefine('CREATE ACCESS METHOD', 'other', (body) => body['amname']),
  CreateTableSpaceStmt: plainDefine('TABLESPACE', 'server', (body) => body['tablespacename']),
  DropTableSpaceStmt: plainDefine('TABLESPACE', 'server', (body) => body['tablespacename']),
  AlterTableSpaceOptionsStmt: plainDefine('TABLESPACE', 'server', (body) => body['tablespacename']),
  AlterTableMoveAllStmt: plainDefine('TABLESPACE', 'server', (body) => body['orig_tablespacename']),
  CreatedbStmt: plainDefine('CREATE DATABASE', 'database', (body) => body['dbname']),
  DropdbStmt: plainDefine('DROP DATABASE', 'database', (body) => body['dbname']),
  AlterDatabaseStmt: plainDefine('ALTER DATABASE', 'database', (body) => body['dbname']),
  AlterDatabaseRefreshCollStmt: plainDefine('ALTER DATABASE', 'database', (body) => body['dbname']),
  CreateDomainStmt: define.createDomain, CompositeTypeStmt: define.createType, CreateEnumStmt: define.createType, CreateRangeStmt: define.createType,
  AlterDomainStmt: define.alterType('ALTER DOMAIN'), AlterEnumStmt: define.alterType('ALTER TYPE'), AlterTypeStmt: define.alterType('ALTER TYPE'),
  AlterFunctionStmt: define.alterFunction,
  AlterOperatorStmt: plainDefine('ALTER OPERATOR', 'function', () => '?'),
  CreateOpClassStmt: plainDefine('CREATE OPERATOR CLASS', 'other', (body) => listed(body['opclassname'])),
  CreateOpFamilyStmt: plainDefine('CREATE OPERATOR FAMILY', 'other', (body) => listed(body['opfamilyname'])),
  AlterOpFamilyStmt: plainDefine('ALTER OPERATOR FAMILY', 'other', (body) => listed(body['opfamilyname'])),
  AlterCollationStmt: plainDefine('ALTER COLLATION', 'other', (body) => listed(body['collname'])),
  AlterObjectDependsStmt: plainDefine('ALTER DEPENDS', 'other', () => 'dependency'),
  CreateStatsStmt: plainDefine('CREATE STATISTICS', 'other', (body) => listed(body['defnames'])),
  AlterStatsStmt: plainDefine('ALTER STATISTICS', 'other', (body) => listed(body['defnames'])),
  CreateConversionStmt: plainDefine('CREATE CONVERSION', 'other', (body) => listed(body['conversion_name'])),
  CreateCastStmt: plainDefine('CREATE CAST', 'other', () => 'cast'),
  CreateTransformStmt: plainDefine('CREATE TRANSFORM', 'other', () => 'transform'),
  AlterTSDictionaryStmt: plainDefine('TEXT SEARCH', 'other', (body) => listed(body['dictname'])),
  AlterTSConfigurationStmt: plainDefine('TEXT SEARCH', 'other', (body) => listed(body['cfgname'])),
};

/** Fills a draft with what a statement does. */
export function readStatement(type: string, body: unknown, draft: StatementDraft): void {
  const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
  if (handler) handler(body as never, draft);
  else draft.found.unknown('statement');
}

/** Types whose meaning may be shared by texts that differ in literals. */
export const templated: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']);
