import type { CopyStmt, DefElem, Node } from 'libpg-query';
import { merge } from '../lineage/flow.ts';
import { columnsOf } from '../lineage/table.ts';
import { usesRelation } from '../relations.ts';
import { constant, strings } from '../tree.ts';
import type { CopyPlan } from '../control.ts';
import { adopt } from './rows.ts';
import type { StatementDraft } from './reading.ts';

/** COPY between the client and a table or query is reading or writing; with a file or a program of the server it is a transfer. */
export function copy(body: CopyStmt, draft: StatementDraft): void {
  const { found } = draft;
  draft.facts.kind = 'COPY';
  found.dependsOnLiterals = true;
  const isClient = !body.filename && !body.is_program;
  if (body.is_program) found.add('transfer', 'program', null, 'server');
  else if (!isClient) found.add('transfer', 'file', null, body.filename ?? '?');
  const columns = body.relation ? copyRelation(body, draft) : copyQuery(body, draft);
  if (body.whereClause) draft.walk(body.whereClause);
  if (isClient && !body.is_from) draft.facts.copiesOut = true;
  if (!isClient && !body.is_from) found.stored.push(merge(draft.outputs ?? [{ sources: [], proven: false }]));
  if (!isClient) draft.outputs = [];
  if (isClient) draft.control.copy = planOf(body, columns, draft);
}

function copyRelation(body: CopyStmt, draft: StatementDraft): readonly string[] | null {
  const table = draft.relation(body.relation);
  usesRelation(body.is_from ? 'write' : 'read', table, draft.names, draft.found);
  const all = columnsOf(draft.names, table);
  const listed = strings(body.attlist);
  const wanted = listed.length > 0 ? listed.map((name) => all?.find((column) => column.name === name) ?? null) : all;
  draft.outputs = body.is_from ? [] : (wanted?.map((column) => ({ sources: column?.sources ?? [], proven: column?.proven ?? false })) ?? null);
  return listed.length > 0 ? listed : (all?.map((column) => column.name ?? '') ?? null);
}

function copyQuery(body: CopyStmt, draft: StatementDraft): null {
  if (!body.query) {
    draft.found.unknown('copy');
    return null;
  }
  const inner = draft.inside(body.query);
  adopt(inner.draft, draft);
  if (inner.means.stores) draft.found.stored.push(inner.means.stores);
  draft.outputs = inner.means.outputs;
  return null;
}

/** Options whose meaning changes how the data is taken apart, and those that do not. Any other makes the plan uncertain. */
const harmless: ReadonlySet<string> = new Set(['freeze', 'force_null', 'force_not_null', 'on_error', 'reject_limit', 'log_verbosity', 'force_quote']);

function planOf(body: CopyStmt, columns: readonly string[] | null, draft: StatementDraft): CopyPlan {
  const table = body.relation ? draft.relation(body.relation) : null;
  const options = (body.options ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem] : []));
  const text = (name: string): string | undefined => optionText(options.find((option) => option.defname === name)?.arg);
  const format = text('format') ?? 'text';
  const isCsv = format === 'csv';
  const quote = text('quote') ?? '"';
  return {
    direction: body.is_from ? 'in' : 'out',
    relation: table ? `${table.schema}.${table.name}` : null,
    columns,
    format: format === 'csv' || format === 'binary' ? format : 'text',
    delimiter: text('delimiter') ?? (isCsv ? ',' : '\t'),
    nullString: text('null') ?? (isCsv ? '' : '\\N'),
    header: isOn(options.find((option) => option.defname === 'header')),
    quote,
    escape: text('escape') ?? quote,
    encoding: text('encoding') ?? null,
    certain: ['text', 'csv', 'binary'].includes(format) && options.every((option) => isKnown(option, options)),
  };
}

const plain: ReadonlySet<string> = new Set(['format', 'delimiter', 'null', 'header', 'quote', 'escape']);

function isKnown(option: DefElem, all: readonly DefElem[]): boolean {
  const name = option.defname ?? '';
  if (harmless.has(name)) return true;
  return plain.has(name) && all.filter((other) => other.defname === name).length === 1;
}

function optionText(node: Node | undefined): string | undefined {
  return node && 'TypeName' in node ? strings(node.TypeName.names).at(-1) : constant(node);
}

/** HEADER alone is on; HEADER MATCH (on the way in) is a header too. */
function isOn(option: DefElem | undefined): boolean {
  if (!option) return false;
  const value = optionText(option.arg)?.toLowerCase();
  return value === undefined || !['false', 'off', '0', 'no'].includes(value);
}
