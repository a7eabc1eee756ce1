import type { CreateTableAsStmt, DeleteStmt, InsertStmt, MergeStmt, Node, SelectStmt, TruncateStmt, UpdateStmt } from 'libpg-query';
import { merge } from '../lineage/flow.ts';
import { usesRelation } from '../relations.ts';
import { constant } from '../tree.ts';
import { keepsNumber } from '../template.ts';
import type { StatementDraft } from './reading.ts';

export function select(body: SelectStmt, draft: StatementDraft): void {
  draft.facts.kind = body.intoClause ? 'SELECT INTO' : body.valuesLists ? 'VALUES' : 'SELECT';
  draft.outputs = draft.follow({ SelectStmt: body });
  limitOf(body, draft);
  if (!body.intoClause) return;
  draft.found.stored.push(merge(draft.outputs ?? [{ sources: [], proven: false }]));
  draft.outputs = [];
}

export function insert(body: InsertStmt, draft: StatementDraft): void {
  draft.facts.kind = 'INSERT';
  draft.outputs = draft.follow({ InsertStmt: body });
}

export function update(body: UpdateStmt, draft: StatementDraft): void {
  draft.facts.kind = 'UPDATE';
  draft.outputs = draft.follow({ UpdateStmt: body });
}

export function remove(body: DeleteStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DELETE';
  draft.outputs = draft.follow({ DeleteStmt: body });
}

export function mergeInto(body: MergeStmt, draft: StatementDraft): void {
  draft.facts.kind = 'MERGE';
  draft.outputs = draft.follow({ MergeStmt: body });
}

/** TRUNCATE writes without a condition; with CASCADE also to tables that are not named. */
export function truncate(body: TruncateStmt, draft: StatementDraft): void {
  draft.facts.kind = 'TRUNCATE';
  draft.facts.hasWhere = false;
  for (const node of body.relations ?? []) {
    if ('RangeVar' in node) usesRelation('write', draft.relation(node.RangeVar), draft.names, draft.found);
    else draft.found.unknown('truncate');
  }
  if (body.behavior === 'DROP_CASCADE') draft.found.add('write', 'table', '?', 'cascade');
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW: the query runs and its rows are kept. */
export function createTableAs(body: CreateTableAsStmt, draft: StatementDraft): void {
  draft.facts.kind = body.objtype === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS';
  const range = body.into?.rel;
  const made = draft.names.created(range?.schemaname, range?.relname ?? '', range?.relpersistence === 't');
  draft.found.add('define', 'table', made.schema, made.name);
  if (!body.query) return draft.found.unknown('query');
  const inner = draft.inside(body.query);
  adopt(inner.draft, draft);
  if (inner.means.stores) draft.found.stored.push(inner.means.stores);
  draft.found.stored.push(merge(inner.means.outputs ?? [{ sources: [], proven: false }]));
}

/** Takes over everything that an inner statement does, except its result. */
export function adopt(inner: StatementDraft, draft: StatementDraft): void {
  const { found } = inner;
  draft.found.absorb(found.effects, found.reading);
  draft.found.changesSettings ||= found.changesSettings;
  draft.found.setsSearchPath ||= found.setsSearchPath;
  draft.found.changesCatalogue ||= found.changesCatalogue;
  draft.found.dependsOnLiterals ||= found.dependsOnLiterals;
  draft.found.dependsOnSession ||= found.dependsOnSession;
  draft.found.changes += found.changes;
  draft.found.bounded += found.bounded;
  draft.found.unbounded += found.unbounded;
  if (inner.control.execute) draft.control.execute = inner.control.execute;
}

/** The outermost LIMIT or FETCH FIRST, when it is a number. WITH TIES may give more. */
function limitOf(body: SelectStmt, draft: StatementDraft): void {
  draft.facts.hasLimit = false;
  const count: Node | undefined = body.limitCount;
  if (!count || !('A_Const' in count) || body.limitOption === 'LIMIT_OPTION_WITH_TIES') {
    if (count) draft.found.dependsOnLiterals = true;
    return;
  }
  const value = Number(count.A_Const.ival ? (count.A_Const.ival.ival ?? 0) : (constant(count) ?? Number.NaN));
  if (!keepsNumber(draft.text, count.A_Const.location ?? -1)) draft.found.dependsOnLiterals = true;
  if (count.A_Const.isnull || !Number.isSafeInteger(value) || value < 0) return;
  draft.facts.hasLimit = true;
  draft.facts.limit = value;
}
