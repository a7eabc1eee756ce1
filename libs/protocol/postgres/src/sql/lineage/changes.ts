import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, ReturningClause, UpdateStmt } from 'libpg-query';
import type { OutputColumn } from '@sallyport/domain-model';
import { typeOf } from '../tree.ts';
import { clean, doubt, merge, named, tainted, type OutColumn } from './flow.ts';
import type { Lineage, Place } from './lineage.ts';
import type { Item, Range } from './range.ts';
import { tableRange } from './table.ts';

/**
 * Columns that a statement with RETURNING gives, empty without one; null for what is none of INSERT, UPDATE, DELETE and MERGE.
 * A returned column holds what was there or what was just stored in it: it comes from the column and from the stored value.
 */
export function changed(lineage: Lineage, node: Node, place: Place): readonly OutColumn[] | null {
  if ('InsertStmt' in node) return insert(lineage, node.InsertStmt, place);
  if ('UpdateStmt' in node) return update(lineage, node.UpdateStmt, place);
  if ('DeleteStmt' in node) return remove(lineage, node.DeleteStmt, place);
  if ('MergeStmt' in node) return mergeInto(lineage, node.MergeStmt, place);
  return null;
}

/** Values by the column that they are stored in. */
type Stored = ReadonlyMap<string, OutputColumn>;

function insert(lineage: Lineage, body: InsertStmt, outer: Place): readonly OutColumn[] | null {
  lineage.changes++;
  const place = { ctes: lineage.with(body.withClause, outer), level: outer.level };
  const target = targetOf(lineage, body.relation);
  const values = body.selectStmt ? lineage.query(body.selectStmt, place) : [];
  const listed = (body.cols ?? []).flatMap((node) => ('ResTarget' in node ? [node.ResTarget.name ?? ''] : []));
  const names = listed.length > 0 ? listed : target.columns.map((column) => column.name ?? '');
  const stored = new Map<string, OutputColumn>(names.map((name, at) => [name, values ? (values[at] ?? clean) : tainted]));
  if (!values || (names.length < values.length && listed.length === 0)) lineage.stored.push(merge([tainted, ...(values ?? [])]));
  const proposed = target.columns.map((column) => named(column.name, merge([column, stored.get(column.name ?? '') ?? clean])));
  const excluded = { ...target, alias: 'excluded', schema: null, columns: proposed };
  const conflict = { ctes: place.ctes, level: { ranges: [target, excluded], outer: place.level } };
  const sets = assignments(lineage, body.onConflictClause?.targetList, conflict);
  const all = both(stored, sets);
  keep(lineage, target, all);
  return returning(lineage, body.returningClause, target, [], all, place, 'after');
}

function update(lineage: Lineage, body: UpdateStmt, outer: Place): readonly OutColumn[] | null {
  lineage.changes++;
  const ctes = lineage.with(body.withClause, outer);
  const target = targetOf(lineage, body.relation);
  const items = lineage.from(body.fromClause, { ctes, level: outer.level });
  const level = { ranges: [target, ...items.flatMap((item) => item.ranges)], outer: outer.level };
  const stored = assignments(lineage, body.targetList, { ctes, level });
  keep(lineage, target, stored);
  return returning(lineage, body.returningClause, target, items, stored, { ctes, level: outer.level }, 'after');
}

function remove(lineage: Lineage, body: DeleteStmt, outer: Place): readonly OutColumn[] | null {
  lineage.changes++;
  const ctes = lineage.with(body.withClause, outer);
  const items = lineage.from(body.usingClause, { ctes, level: outer.level });
  return returning(lineage, body.returningClause, targetOf(lineage, body.relation), items, new Map(), { ctes, level: outer.level }, 'after');
}

function mergeInto(lineage: Lineage, body: MergeStmt, outer: Place): readonly OutColumn[] | null {
  lineage.changes++;
  const ctes = lineage.with(body.withClause, outer);
  const target = targetOf(lineage, body.relation);
  const items = lineage.from(body.sourceRelation ? [body.sourceRelation] : [], { ctes, level: outer.level });
  const place = { ctes, level: { ranges: [target, ...items.flatMap((item) => item.ranges)], outer: outer.level } };
  let stored: Stored = new Map();
  for (const node of body.mergeWhenClauses ?? []) {
    if ('MergeWhenClause' in node) stored = both(stored, branch(lineage, node.MergeWhenClause, target, place));
  }
  keep(lineage, target, stored);
  return returning(lineage, body.returningClause, target, items, stored, { ctes, level: outer.level }, 'before');
}

/** WHEN … THEN UPDATE SET has values in its targets, THEN INSERT beside them. */
function branch(lineage: Lineage, clause: { targetList?: Node[]; values?: Node[] }, target: Range, place: Place): Stored {
  if (!clause.values) return assignments(lineage, clause.targetList, place);
  const listed = (clause.targetList ?? []).flatMap((node) => ('ResTarget' in node ? [node.ResTarget.name ?? ''] : []));
  const names = listed.length > 0 ? listed : target.columns.map((column) => column.name ?? '');
  return new Map(clause.values.map((value, at) => [names[at] ?? '', lineage.value(value, place)]));
}

/** `SET a = x, (b, c) = (…)`. A row of several takes everything that is in it. */
function assignments(lineage: Lineage, targets: readonly Node[] | undefined, place: Place): Stored {
  const stored = new Map<string, OutputColumn>();
  for (const node of targets ?? []) {
    if (!('ResTarget' in node)) continue;
    const name = node.ResTarget.name ?? '';
    const value = node.ResTarget.val;
    const source = value && 'MultiAssignRef' in value ? value.MultiAssignRef.source : value;
    const flow = source === undefined && typeOf(value) === 'MultiAssignRef' ? (lastRow(stored) ?? tainted) : lineage.value(source, place);
    stored.set(name, merge([flow, ...(stored.has(name) ? [stored.get(name) ?? tainted] : [])]));
  }
  return stored;
}

function lastRow(stored: Stored): OutputColumn | undefined {
  return [...stored.values()].at(-1);
}

function both(one: Stored, other: Stored): Stored {
  const all = new Map(one);
  for (const [name, flow] of other) all.set(name, merge([flow, ...(all.has(name) ? [all.get(name) ?? tainted] : [])]));
  return all;
}

/** Remembers what is stored; a column's own former value stored in it again is nothing new. */
function keep(lineage: Lineage, target: Range, stored: Stored): void {
  for (const [name, flow] of stored) {
    lineage.spend(target.columns.length + flow.sources.length);
    const own = target.columns.find((column) => column.name === name);
    const sources = flow.sources.filter((source) => !own?.sources.includes(source));
    if (sources.length > 0 || !flow.proven) lineage.stored.push({ sources, proven: flow.proven });
  }
}

/** `order`: MERGE's star gives the source's columns before the target's, the others after. */
function returning(
  lineage: Lineage, clause: ReturningClause | undefined, target: Range, items: readonly Item[], stored: Stored, place: Place, order: 'before' | 'after',
): readonly OutColumn[] | null {
  if (!clause) return [];
  const columns = target.columns.map((column) => named(column.name, merge([column, stored.get(column.name ?? '') ?? clean])));
  const now: Range = { ...target, columns };
  const own: Item = { ranges: [now], star: now.rest ? null : columns };
  const all = order === 'after' ? [own, ...items] : [...items, own];
  const renames = new Map((clause.options ?? []).flatMap((node) => ('ReturningOption' in node ? [[node.ReturningOption.option, node.ReturningOption.value]] : [])));
  const old = { ...now, alias: renames.get('RETURNING_OPTION_OLD') ?? 'old', schema: null };
  const fresh = { ...now, alias: renames.get('RETURNING_OPTION_NEW') ?? 'new', schema: null };
  const level = { ranges: all.flatMap((item) => item.ranges), outer: { ranges: [old, fresh], outer: place.level } };
  return lineage.targets(clause.exprs, { ctes: place.ctes, level }, all);
}

/** A table with triggers or rules may return and store something else. */
function targetOf(lineage: Lineage, range: RangeVar | undefined): Range {
  const target = tableRange(lineage.names, range ?? {});
  const relation = lineage.names.relation(range?.schemaname, range?.relname ?? '').relation;
  const alias = range?.alias?.aliasname ?? target.alias;
  if (!relation?.reacts) return { ...target, alias };
  return { ...target, alias, columns: target.columns.map((column) => named(column.name, doubt(column))) };
}

