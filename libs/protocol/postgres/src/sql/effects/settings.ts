import type { AlterDatabaseSetStmt, AlterRoleSetStmt, AlterSystemStmt, DiscardStmt, VariableSetStmt, VariableShowStmt } from 'libpg-query';
import { setsSetting } from '../settings.ts';
import { constant, isFixed } from '../tree.ts';
import type { StatementDraft } from './reading.ts';
import { roleName } from './rights.ts';

/** SET TRANSACTION, SET SESSION CHARACTERISTICS and the like reach us as settings of these names. */
const transactions: ReadonlySet<string> = new Set(['TRANSACTION', 'SESSION CHARACTERISTICS', 'TRANSACTION SNAPSHOT']);

export function set(body: VariableSetStmt, draft: StatementDraft): void {
  const { found } = draft;
  const name = (body.name ?? '').toLowerCase();
  const isReset = body.kind === 'VAR_RESET' || body.kind === 'VAR_RESET_ALL';
  draft.facts.kind = isReset ? 'RESET' : 'SET';
  draft.setting = body.kind === 'VAR_RESET_ALL' ? 'all' : name;
  found.dependsOnLiterals = true;
  found.changesSettings = true;
  switch (body.kind) {
    case 'VAR_RESET_ALL':
      found.setsSearchPath = true;
      return found.add('control', 'setting', null, 'all');
    case 'VAR_SET_MULTI':
      if (!transactions.has(body.name ?? '')) return found.unknown('set');
      found.changesSettings = false; // the transaction's own characteristics, nothing that names depend on
      return found.add('control', 'session', null, 'transaction');
    case 'VAR_SET_VALUE':
      return setsSetting(name, valueOf(body), found);
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
      return setsSetting(name, null, found);
    default:
      return found.unknown('set');
  }
}

function valueOf(body: VariableSetStmt): string | undefined {
  const args = body.args ?? [];
  if (!args.every((arg) => isFixed(arg))) return undefined;
  return args.map((arg) => constant(arg) ?? '?').join(', ');
}

export function show(body: VariableShowStmt, draft: StatementDraft): void {
  draft.facts.kind = 'SHOW';
  draft.found.add('read', 'setting', null, (body.name ?? '?').toLowerCase());
  draft.outputs = body.name?.toLowerCase() === 'all' ? [false, false, false].map((proven) => ({ sources: [], proven })) : [{ sources: [], proven: false }];
}

/** DISCARD ALL also closes cursors and forgets prepared statements; temporary tables are dropped. */
export function discard(body: DiscardStmt, draft: StatementDraft): void {
  const what = (body.target ?? 'DISCARD_ALL').slice('DISCARD_'.length).toLowerCase();
  draft.facts.kind = 'DISCARD';
  draft.found.add('control', 'session', null, `discard-${what}`);
  const all = what === 'all';
  draft.found.changesSettings = true;
  draft.found.setsSearchPath = all;
  draft.found.changesCatalogue = all || what === 'temp';
  if (!all) return;
  draft.control.deallocate = { name: null };
  draft.control.closeCursor = { cursor: null };
}

export function alterSystem(body: AlterSystemStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER SYSTEM';
  draft.found.add('control', 'server', null, 'configuration');
  draft.found.add('define', 'setting', null, (body.setstmt?.name ?? 'all').toLowerCase());
}

/** Settings that a role starts with, `role` and `search_path` among them: a matter of rights. */
export function alterRoleSet(body: AlterRoleSetStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER ROLE SET';
  draft.found.add('grant', 'role', null, body.role ? roleName(body.role) : 'all');
  if (body.database !== undefined && body.database !== '') draft.found.add('define', 'database', null, body.database);
}

export function alterDatabaseSet(body: AlterDatabaseSetStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER DATABASE SET';
  draft.found.add('define', 'database', null, body.dbname ?? '?');
}
