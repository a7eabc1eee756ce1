import type {
  AlterExtensionContentsStmt, AlterExtensionStmt, AlterPublicationStmt, AlterSubscriptionStmt, CreateExtensionStmt, CreateForeignServerStmt, CreateForeignTableStmt,
  CreatePublicationStmt, CreateSubscriptionStmt, CreateUserMappingStmt, ImportForeignSchemaStmt, LoadStmt,
} from 'libpg-query';
import type { ResourceKind } from '@sallyport/domain-model';
import { usesObject } from './objects.ts';
import { createTable } from './define.ts';
import type { Handler, StatementDraft } from './reading.ts';

/** Extensions run scripts and load libraries: they define whatever they like. */
export function extension(body: CreateExtensionStmt | AlterExtensionStmt, draft: StatementDraft): void {
  draft.facts.kind = 'EXTENSION';
  draft.found.add('define', 'other', null, `extension ${body.extname ?? '?'}`);
  draft.found.add('execute', 'other', null, `extension ${body.extname ?? '?'}`);
  draft.found.degrade('partial');
}

export function extensionContents(body: AlterExtensionContentsStmt, draft: StatementDraft): void {
  draft.facts.kind = 'EXTENSION';
  draft.found.add('define', 'other', null, `extension ${body.extname ?? '?'}`);
  usesObject('define', body.objtype, body.object, draft);
}

export function foreignServer(body: CreateForeignServerStmt | CreateUserMappingStmt, draft: StatementDraft): void {
  draft.facts.kind = 'FOREIGN SERVER';
  onRemote(body.servername, draft);
}

export function foreignTable(body: CreateForeignTableStmt, draft: StatementDraft): void {
  if (body.base) createTable(body.base, draft);
  draft.facts.kind = 'CREATE FOREIGN TABLE';
  onRemote(body.servername, draft);
}

export function importForeign(body: ImportForeignSchemaStmt, draft: StatementDraft): void {
  draft.facts.kind = 'IMPORT FOREIGN SCHEMA';
  onRemote(body.server_name, draft);
  draft.found.add('define', 'schema', null, body.local_schema ?? '?');
}

export function subscription(body: CreateSubscriptionStmt | AlterSubscriptionStmt | { subname?: string }, draft: StatementDraft): void {
  draft.facts.kind = 'SUBSCRIPTION';
  onRemote(body.subname, draft);
}

/** A publication sends the tables' changes to whoever subscribes. */
export function publication(body: CreatePublicationStmt | AlterPublicationStmt, draft: StatementDraft): void {
  draft.facts.kind = 'PUBLICATION';
  onRemote(body.pubname, draft);
  draft.found.add('read', 'table', '?', 'published');
  draft.found.degrade('partial');
}

export function load(body: LoadStmt, draft: StatementDraft): void {
  draft.facts.kind = 'LOAD';
  draft.found.add('transfer', 'file', null, body.filename ?? '?');
  draft.found.add('execute', 'other', null, 'library');
  draft.found.degrade('partial');
}

function onRemote(name: string | undefined, draft: StatementDraft): void {
  draft.found.add('define', 'remote', null, name ?? '?');
  draft.found.add('transfer', 'remote', null, name ?? '?');
}

/** Statements that define something of which only the kind is worth telling. */
export function plainDefine(kind: string, resource: ResourceKind, nameOf: (body: Readonly<Record<string, unknown>>) => unknown): Handler<unknown> {
  return (body, draft) => {
    draft.facts.kind = kind;
    const name = nameOf(typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {});
    draft.found.add('define', resource, resource === 'type' ? '?' : null, typeof name === 'string' && name !== '' ? name : '?');
  };
}
