import type { JoinExpr, JsonTable, Node, RangeFunction, RangeSubselect, RangeTableFunc, RangeVar } from 'libpg-query';
import { isPure } from '../functions.ts';
import { strings } from '../tree.ts';
import { doubt, merge, named, tainted, type OutColumn } from './flow.ts';
import { renamed, type Cte, type Lineage, type Place } from './lineage.ts';
import type { Item, Range } from './range.ts';
import { tableRange } from './table.ts';

/** One item of a FROM clause. `before` are the ranges that a LATERAL item sees. */
export function fromItem(lineage: Lineage, node: Node, place: Place, before: readonly Range[]): Item {
  if ('RangeVar' in node) return single(table(lineage, node.RangeVar, place));
  if ('RangeSubselect' in node) return single(subselect(lineage, node.RangeSubselect, lateral(place, before, node.RangeSubselect.lateral)));
  if ('JoinExpr' in node) return join(lineage, node.JoinExpr, place, before);
  if ('RangeFunction' in node) return single(functions(lineage, node.RangeFunction, lateral(place, before, true)));
  if ('RangeTableSample' in node && node.RangeTableSample.relation) return fromItem(lineage, node.RangeTableSample.relation, place, before);
  if ('RangeTableFunc' in node) return single(xmlTable(lineage, node.RangeTableFunc, lateral(place, before, true)));
  if ('JsonTable' in node) return single(jsonTable(lineage, node.JsonTable, lateral(place, before, true)));
  return single({ ...nothing, rest: tainted });
}

const nothing: Range = { alias: null, schema: null, columns: [], rest: null, system: null, whole: null };

function single(range: Range): Item {
  return { ranges: [range], star: range.rest === null ? range.columns : null };
}

function lateral(place: Place, before: readonly Range[], sees: boolean | undefined): Place {
  return sees && before.length > 0 ? { ctes: place.ctes, level: { ranges: before, outer: place.level } } : place;
}

function table(lineage: Lineage, range: RangeVar, place: Place): Range {
  const name = range.relname ?? '';
  const cte = (range.schemaname ?? '') === '' ? cteOf(lineage, place.ctes, name) : null;
  if (!cte) {
    const found = tableRange(lineage.names, range);
    lineage.spend(found.columns.length);
    return found;
  }
  lineage.spend(cte.columns.length);
  const columns = renamed(cte.columns, strings(range.alias?.colnames));
  return { ...nothing, alias: range.alias?.aliasname ?? name, columns, rest: cte.rest };
}

function cteOf(lineage: Lineage, ctes: Cte | null, name: string): Cte | null {
  let steps = 0;
  for (let at = ctes; at; at = at.next, steps++) {
    if (at.name !== name) continue;
    lineage.spend(steps);
    return at;
  }
  lineage.spend(steps);
  return null;
}

function subselect(lineage: Lineage, range: RangeSubselect, place: Place): Range {
  const columns = lineage.query(range.subquery, place);
  lineage.spend(columns?.length ?? 0);
  return {
    ...nothing,
    alias: range.alias?.aliasname ?? null,
    columns: renamed(columns ?? [], strings(range.alias?.colnames)),
    rest: columns ? null : tainted,
  };
}

function join(lineage: Lineage, body: JoinExpr, place: Place, before: readonly Range[]): Item {
  const left = body.larg ? fromItem(lineage, body.larg, place, before) : single({ ...nothing, rest: tainted });
  lineage.spend(before.length + left.ranges.length);
  const right = body.rarg ? fromItem(lineage, body.rarg, place, [...before, ...left.ranges]) : single({ ...nothing, rest: tainted });
  const star = joinStar(lineage, body, left.star, right.star);
  const inside = [...left.ranges, ...right.ranges];
  const using = strings(body.usingClause);
  const merged = body.join_using_alias?.aliasname;
  const extra = merged === undefined || !star ? [] : [{ ...nothing, alias: merged, columns: star.slice(0, using.length) }];
  if (body.alias?.aliasname === undefined) return { ranges: [...inside, ...extra], star };
  // An alias hides what is inside; where the inside is not known, its columns are those of anything in it.
  const rest = star ? null : doubt(merge(inside.flatMap((range) => [...range.columns, ...(range.rest ? [range.rest] : [])])));
  const columns = renamed(star ?? [], strings(body.alias.colnames));
  return { ranges: [{ ...nothing, alias: body.alias.aliasname, columns, rest }], star: star ? columns : null };
}

/** USING and NATURAL put the merged columns first; those come from both sides (either may be null-extended). */
function joinStar(lineage: Lineage, body: JoinExpr, left: readonly OutColumn[] | null, right: readonly OutColumn[] | null): readonly OutColumn[] | null {
  if (!left || !right) return null;
  const using = strings(body.usingClause);
  lineage.spend(left.length + right.length + (body.isNatural ? 2 * left.length * right.length : 2 * using.length * (left.length + right.length)));
  const shared = body.isNatural
    ? left.flatMap((column) => (column.name !== null && right.some((other) => other.name === column.name) ? [column.name] : []))
    : using;
  if (shared.length === 0) return [...left, ...right];
  const isShared = (column: OutColumn): boolean => column.name !== null && shared.includes(column.name);
  const merged = shared.map((name) => named(name, merge([...left, ...right].filter((column) => column.name === name))));
  return [...merged, ...left.filter((column) => !isShared(column)), ...right.filter((column) => !isShared(column))];
}

/** Output columns of set-returning functions whose names are not the function's own. */
const outputs: ReadonlyMap<string, readonly string[]> = new Map([
  ['json_each', ['key', 'value']], ['jsonb_each', ['key', 'value']], ['json_each_text', ['key', 'value']], ['jsonb_each_text', ['key', 'value']],
  ['json_array_elements', ['value']], ['jsonb_array_elements', ['value']], ['json_array_elements_text', ['value']], ['jsonb_array_elements_text', ['value']],
]);

/** Return one column, named as the alias or as the function: a star over them has one column. */
const scalars: ReadonlySet<string> = new Set([
  'generate_series', 'generate_subscripts', 'regexp_split_to_table', 'string_to_table', 'json_object_keys', 'jsonb_object_keys', 'regexp_matches', 'jsonb_path_query',
  'now', 'current_database', 'version', 'lower', 'upper',
]);

function functions(lineage: Lineage, range: RangeFunction, place: Place): Range {
  const calls = (range.functions ?? []).map((item) => ('List' in item ? item.List.items?.[0] : item));
  const flow = merge(calls.map((call) => lineage.value(call, place)));
  const only = calls.length === 1 ? calls[0] : undefined;
  const parts = only && 'FuncCall' in only ? strings(only.FuncCall.funcname) : [];
  const name = parts.at(-1) ?? '';
  const alias = range.alias?.aliasname ?? (name === '' ? null : name);
  const isKnown = parts.length > 0 && isPure(lineage.names, parts);
  const listed = isKnown ? (outputs.get(name) ?? [alias ?? name]) : [alias ?? name];
  const renames = strings(range.alias?.colnames);
  const defined = (range.coldeflist ?? []).flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef.colname ?? ''] : []));
  const names = defined.length > 0 ? defined : listed.map((each, at) => renames[at] ?? each).concat(renames.slice(listed.length));
  const isWhole = isKnown && !range.ordinality && !range.is_rowsfrom && (defined.length > 0 || outputs.has(name) || scalars.has(name));
  const columns = names.map((each) => named(each, flow));
  return { ...nothing, alias, columns, rest: isWhole ? null : flow, whole: flow };
}

/** Columns of XMLTABLE come from the document, and from any column's path and default. */
function xmlTable(lineage: Lineage, range: RangeTableFunc, place: Place): Range {
  const columns = (range.columns ?? []).flatMap((node) => ('RangeTableFuncCol' in node ? [node.RangeTableFuncCol] : []));
  const values = [range.docexpr, range.rowexpr, ...(range.namespaces ?? []), ...columns.flatMap((column) => [column.colexpr, column.coldefexpr])];
  const flow = merge(values.map((value) => lineage.value(value, place)));
  const names = renamed(columns.map((column) => named(column.colname ?? null, flow)), strings(range.alias?.colnames));
  return { ...nothing, alias: range.alias?.aliasname ?? null, columns: names, rest: columns.length === (range.columns ?? []).length ? null : tainted };
}

/** JSON_TABLE nests its columns, with paths and defaults of their own: they come from the document at least. */
function jsonTable(lineage: Lineage, range: JsonTable, place: Place): Range {
  const context = range.context_item ? { JsonValueExpr: range.context_item } : undefined;
  const flow = merge([context, ...(range.passing ?? [])].map((value) => lineage.value(value, place)));
  return { ...nothing, alias: range.alias?.aliasname ?? null, rest: doubt(flow) };
}
