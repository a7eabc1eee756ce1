import type {
  CallStmt, ClosePortalStmt, DeallocateStmt, DeclareCursorStmt, DoStmt, ExecuteStmt, ExplainStmt, FetchStmt, LockStmt, PrepareStmt, TransactionStmt,
} from 'libpg-query';
import type { Understanding } from '@sallyport/domain-model';
import { callsFunction } from '../functions.ts';
import { usesRelation } from '../relations.ts';
import { constant, strings } from '../tree.ts';
import { adopt } from './rows.ts';
import type { StatementDraft } from './reading.ts';

export function transaction(body: TransactionStmt, draft: StatementDraft): void {
  const kind = (body.kind ?? '').replace('TRANS_STMT_', '');
  draft.facts.kind = kind === 'START' ? 'BEGIN' : kind.replaceAll('_', ' ');
  draft.found.add('control', 'session', null, kind.includes('PREPARE') && kind !== 'PREPARED' ? 'prepared-transaction' : 'transaction');
  switch (kind) {
    case 'BEGIN':
    case 'START':
      draft.control.transaction = 'begin';
      return;
    case 'COMMIT':
    case 'COMMIT_PREPARED':
      draft.control.transaction = kind === 'COMMIT' ? 'commit' : null;
      return;
    case 'PREPARE':
      draft.control.transaction = 'commit';
      draft.facts.kind = 'PREPARE TRANSACTION';
      return;
    case 'ROLLBACK':
      draft.control.transaction = 'rollback';
      draft.found.changesSettings = true;
      return;
    case 'ROLLBACK_TO':
      draft.found.changesSettings = true;
      draft.found.setsSearchPath = true;
      draft.found.changesCatalogue = true;
      return;
    case 'SAVEPOINT':
    case 'RELEASE':
    case 'ROLLBACK_PREPARED':
      return;
    default:
      draft.found.unknown('transaction');
  }
}

export function prepare(body: PrepareStmt, draft: StatementDraft): void {
  draft.facts.kind = 'PREPARE';
  draft.found.add('control', 'session', null, 'prepared-statement');
  if (!body.query) return draft.found.unknown('prepare');
  const inner = draft.inside(body.query);
  adopt(inner.draft, draft);
  if (inner.means.stores) draft.found.stored.push(inner.means.stores);
  draft.facts = { ...inner.means.facts, kind: 'PREPARE' };
  draft.control.prepare = { name: body.name ?? '', means: inner.means };
}

/** EXECUTE does what was prepared. Without that, nothing can be said. */
export function execute(body: ExecuteStmt, draft: StatementDraft): void {
  const name = body.name ?? '';
  draft.facts.kind = 'EXECUTE';
  draft.found.dependsOnSession = true;
  draft.control.execute = { name };
  draft.found.add('control', 'session', null, 'prepared-statement');
  draft.walk(body.params);
  const meant = draft.scope.prepared?.(name);
  if (!meant) {
    draft.outputs = null;
    return draft.found.unknown('prepared statement');
  }
  take(meant, 'EXECUTE', draft);
  draft.outputs = meant.outputs;
}

function take(meant: Understanding, kind: string, draft: StatementDraft): void {
  draft.found.absorb(meant.effects, meant.reading);
  if (meant.stores) draft.found.stored.push(meant.stores);
  draft.facts = { ...meant.facts, kind };
}

export function deallocate(body: DeallocateStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DEALLOCATE';
  draft.found.add('control', 'session', null, 'prepared-statement');
  draft.control.deallocate = { name: body.isall || body.name === undefined ? null : body.name };
}

export function declareCursor(body: DeclareCursorStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DECLARE CURSOR';
  draft.found.add('control', 'session', null, 'cursor');
  if (!body.query) return draft.found.unknown('cursor');
  const inner = draft.inside(body.query);
  adopt(inner.draft, draft);
  if (inner.means.stores) draft.found.stored.push(inner.means.stores);
  draft.facts = { ...inner.means.facts, kind: 'DECLARE CURSOR' };
  draft.control.declareCursor = { name: body.portalname ?? '', means: inner.means };
}

/** FETCH gives rows of a query that was declared before: it reads what that reads. A function may open a cursor unseen. */
export function fetch(body: FetchStmt, draft: StatementDraft): void {
  const cursor = body.portalname ?? '';
  draft.facts.kind = body.ismove ? 'MOVE' : 'FETCH';
  draft.found.add('control', 'session', null, 'cursor');
  draft.found.dependsOnLiterals = true;
  if (body.ismove) return;
  draft.found.dependsOnSession = true;
  draft.control.fetch = { cursor };
  const meant = draft.scope.cursors?.(cursor);
  if (!meant) {
    draft.outputs = null;
    return draft.found.unknown('cursor');
  }
  take(meant, 'FETCH', draft);
  draft.outputs = meant.outputs;
}

export function closeCursor(body: ClosePortalStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CLOSE';
  draft.found.add('control', 'session', null, 'cursor');
  draft.control.closeCursor = { cursor: body.portalname === undefined || body.portalname === '' ? null : body.portalname };
}

export function listen(_body: unknown, draft: StatementDraft): void {
  draft.facts.kind = 'LISTEN';
  draft.found.add('control', 'session', null, 'notification');
  draft.control.listen = true;
}

export function notify(_body: unknown, draft: StatementDraft): void {
  draft.facts.kind = 'NOTIFY';
  draft.found.add('control', 'session', null, 'notification');
}

export function unlisten(_body: unknown, draft: StatementDraft): void {
  draft.facts.kind = 'UNLISTEN';
  draft.found.add('control', 'session', null, 'notification');
}

export function lock(body: LockStmt, draft: StatementDraft): void {
  draft.facts.kind = 'LOCK TABLE';
  for (const node of body.relations ?? []) {
    if ('RangeVar' in node) usesRelation('control', draft.relation(node.RangeVar), draft.names, draft.found);
    else draft.found.unknown('lock');
  }
}

export function setConstraints(_body: unknown, draft: StatementDraft): void {
  draft.facts.kind = 'SET CONSTRAINTS';
  draft.found.add('control', 'session', null, 'constraints');
}

/** The text of a DO block is a program of its own: nothing is said of it. */
export function doBlock(_body: DoStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DO';
  draft.found.add('execute', 'other', null, 'anonymous code');
  draft.found.unknown('anonymous code');
}

export function call(body: CallStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CALL';
  draft.outputs = null;
  callsFunction(draft.names, strings(body.funccall?.funcname), body.funccall?.args ?? [], draft.found);
  draft.walk(body.funccall?.args);
  draft.found.degrade('partial');
  draft.found.changesSettings = true;
  draft.found.changesCatalogue = true;
}

/**
 * EXPLAIN plans only, but planning evaluates stable functions and shows estimates: the effects stay, with what would be written as
 * read. EXPLAIN ANALYZE runs the statement. Its one column is a text about the plan, never proven clean.
 */
export function explain(body: ExplainStmt, draft: StatementDraft): void {
  if (!body.query) return draft.found.unknown('explain');
  const runs = (body.options ?? []).some((node) => 'DefElem' in node && node.DefElem.defname === 'analyze' && isOn(constant(node.DefElem.arg)));
  const inner = draft.inside(body.query);
  if (runs) {
    adopt(inner.draft, draft);
    if (inner.means.stores) draft.found.stored.push(inner.means.stores);
    draft.facts = { ...inner.means.facts, kind: 'EXPLAIN ANALYZE' };
  } else {
    plans(inner, draft);
    draft.facts = { kind: 'EXPLAIN' };
  }
  const sources = new Set((inner.means.outputs ?? []).flatMap((column) => column.sources));
  draft.outputs = [{ sources: [...sources], proven: false }];
}

function plans(inner: { readonly means: Understanding; readonly draft: StatementDraft }, draft: StatementDraft): void {
  const from = inner.draft.found;
  draft.found.dependsOnSession ||= from.dependsOnSession;
  draft.found.dependsOnLiterals ||= from.dependsOnLiterals;
  for (const effect of from.effects) {
    const isPlanned = effect.resource.kind === 'table' && (effect.verb === 'write' || effect.verb === 'define' || effect.verb === 'control');
    draft.found.addEffect(isPlanned ? { verb: 'read', resource: effect.resource } : effect);
  }
  draft.found.degrade(from.reading);
  if (inner.draft.control.execute) draft.control.execute = inner.draft.control.execute;
  if (from.effects.length === 0) draft.found.add('read', 'session', null, 'plan');
}

/** `analyze`, `analyze true`, `analyze 1`, `analyze on`; what is not surely off counts as on. */
function isOn(value: string | undefined): boolean {
  return value === undefined || !['false', 'off', '0'].includes(value.toLowerCase());
}
