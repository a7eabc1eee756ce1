import type { OutputColumn } from '@sallyport/domain-model';
import { doubt, merge, tainted, type OutColumn } from './flow.ts';

/** One thing of a FROM list that columns are taken from. */
export interface Range {
  /** What dotted names call it; null for what has no name. */
  readonly alias: string | null;
  /** For `schema.table.column`; null when it has an alias or is no table. */
  readonly schema: string | null;
  readonly columns: readonly OutColumn[];
  /** Null when `columns` are all. Else there may be others, and this is where their values come from. */
  readonly rest: OutputColumn | null;
  /** A table's own ctid, xmin and the like. */
  readonly system: OutputColumn | null;
  /** The whole row is one value (a function that returns a scalar): its flow. */
  readonly whole: OutputColumn | null;
}

/** The ranges that are visible at a place, innermost first. */
export interface Level {
  readonly ranges: readonly Range[];
  readonly outer: Level | null;
}

/** What a FROM item gives a star, and the ranges that it makes visible. `star` is null when the columns are not all known. */
export interface Item {
  readonly ranges: readonly Range[];
  readonly star: readonly OutColumn[] | null;
}

const sizes = new WeakMap<Level, number>();

/** What is in sight at a place: ranges and their columns, all of which a name may have to be compared with. */
export function sizeOf(level: Level | null): number {
  if (level === null) return 0;
  let size = sizes.get(level);
  if (size === undefined) {
    size = sizeOf(level.outer) + level.ranges.reduce((sum, range) => sum + 1 + range.columns.length, 0);
    sizes.set(level, size);
  }
  return size;
}

const systemNames: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

/** `name` by itself: the nearest level that has it. Where several ranges could have it (merged columns of a join), all of them. */
export function unqualified(level: Level | null, name: string): OutputColumn {
  for (let at = level; at; at = at.outer) {
    const found = at.ranges.flatMap((range) => range.columns.filter((column) => column.name === name));
    const open = at.ranges.flatMap((range) => (range.rest ? [range.rest] : []));
    if (found.length > 0) return merge([...found, ...open]);
    const whole = at.ranges.find((range) => range.alias === name);
    if (whole) return merge([wholeRow(whole), ...open]);
    if (systemNames.has(name)) {
      const own = at.ranges.flatMap((range) => (range.system ? [range.system] : []));
      if (own.length > 0) return merge([...own, ...open]);
    }
    // It may be a column that is not known here, or one of an outer level.
    if (open.length > 0) return doubt(merge([...open, unqualified(at.outer, name)]));
  }
  return tainted;
}

/** A column of that name anywhere in sight, or a clean value where there is none. */
export function columnNamed(level: Level | null, name: string): OutputColumn {
  const flows: OutputColumn[] = [];
  for (let at = level; at; at = at.outer) {
    for (const range of at.ranges) flows.push(...range.columns.filter((column) => column.name === name), ...(range.rest ? [range.rest] : []));
  }
  return merge(flows);
}

/** `alias.name` or `schema.table.name`. A name that is no column is a call in attribute notation: nothing is proven. */
export function qualified(level: Level | null, parts: readonly string[], hidden: (name: string) => boolean): OutputColumn {
  const name = parts.at(-1) ?? '';
  const range = rangeOf(level, parts.slice(0, -1));
  if (!range) return tainted;
  const found = range.columns.filter((column) => column.name === name);
  if (found.length > 0) return merge(found);
  if (range.system && systemNames.has(name)) return range.system;
  if (range.rest && !hidden(name)) return range.rest;
  return doubt(wholeRow(range));
}

/** The range that a dotted prefix means, nearest level first. */
export function rangeOf(level: Level | null, parts: readonly string[]): Range | null {
  const alias = parts.at(-1);
  const schema = parts.length > 1 ? (parts.at(-2) ?? null) : null;
  for (let at = level; at; at = at.outer) {
    const range = at.ranges.find((each) => each.alias === alias && (schema === null || each.schema === schema));
    if (range) return range;
  }
  return null;
}

function wholeRow(range: Range): OutputColumn {
  if (range.whole) return range.whole;
  return doubt(merge(range.rest ? [...range.columns, range.rest] : range.columns));
}
