import type { Node } from 'libpg-query';

/**
 * The parse tree as libpg-query gives it: a node is an object with one key, its type (`{ ColumnRef: {…} }`); a field whose type is
 * fixed by the grammar holds the bare body (`InsertStmt.relation` is the body of a RangeVar). Fields with default values are left out.
 */
export type Body = Readonly<Record<string, unknown>>;

/** The types of bare bodies, by the name of the field. Where one name has several types, none of them needs a handler of its own. */
const bare: Readonly<Record<string, string>> = {
  alias: 'Alias', arg: 'JsonValueExpr', bsval: 'BitString', boolval: 'Boolean', collClause: 'CollateClause', constructor: 'JsonAggConstructor',
  context_item: 'JsonValueExpr', cycle_clause: 'CTECycleClause', expr: 'JsonValueExpr', format: 'JsonFormat', funccall: 'FuncCall', fval: 'Float',
  base: 'CreateStmt', bound: 'PartitionBoundSpec', infer: 'InferClause', name: 'RangeVar', newowner: 'RoleSpec', ofTypename: 'TypeName',
  partbound: 'PartitionBoundSpec', partspec: 'PartitionSpec', pktable: 'RangeVar', into: 'IntoClause', intoClause: 'IntoClause', ival: 'Integer', join_using_alias: 'Alias', larg: 'SelectStmt',
  onConflictClause: 'OnConflictClause', on_empty: 'JsonBehavior', on_error: 'JsonBehavior', output: 'JsonOutput', over: 'WindowDef',
  pathspec: 'JsonTablePathSpec', rarg: 'SelectStmt', rel: 'RangeVar', relation: 'RangeVar', returning: 'JsonReturning',
  returningClause: 'ReturningClause', search_clause: 'CTESearchClause', sval: 'String', typeName: 'TypeName', val: 'JsonValueExpr',
  value: 'JsonValueExpr', withClause: 'WithClause',
};

/**
 * Calls `on` for each node directly under a value: elements of lists, wrapped nodes, bare bodies. `type` is null for an object
 * that is none of them, which the caller must treat as not understood.
 */
export function eachNode(value: unknown, field: string, on: (type: string | null, body: Body) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const element of value) eachNode(element, '', on);
    return;
  }
  const body = value as Body;
  const keys = Object.keys(body);
  if (keys.length === 0) return; // a null in a list (plain DISTINCT), or a body of nothing but defaults
  const only = keys.length === 1 ? keys[0] : undefined;
  if (only !== undefined && only.charCodeAt(0) < 97) {
    const inner = body[only];
    on(only, typeof inner === 'object' && inner !== null ? (inner as Body) : {});
    return;
  }
  on(bare[field] ?? null, body);
}

/** Calls `on` for each node in any field of a body. */
export function eachChild(body: Body, on: (type: string | null, body: Body) => void): void {
  for (const field in body) eachNode(body[field], field, on);
}

/** The one type of a wrapped node. */
export function typeOf(node: Node | undefined): string {
  return node === undefined ? '' : (Object.keys(node)[0] ?? '');
}

/** The strings of a list of String nodes: `[{String:{sval:'a'}}]` is `['a']`. Others are left out. */
export function strings(list: readonly Node[] | undefined): string[] {
  const found: string[] = [];
  for (const node of list ?? []) if ('String' in node) found.push(node.String.sval ?? '');
  return found;
}

/** The text of a string or number constant, through casts (`'a'::regclass`); undefined for anything else. */
export function constant(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ('TypeCast' in node) return constant(node.TypeCast.arg);
  if ('String' in node) return node.String.sval ?? '';
  if ('Integer' in node) return String(node.Integer.ival ?? 0);
  if ('Float' in node) return node.Float.fval ?? '0';
  if ('Boolean' in node) return String(node.Boolean.boolval ?? false);
  if (!('A_Const' in node)) return undefined;
  const value = node.A_Const;
  if (value.sval) return value.sval.sval ?? '';
  if (value.ival) return String(value.ival.ival ?? 0);
  if (value.fval) return value.fval.fval ?? '0';
  if (value.boolval) return String(value.boolval.boolval ?? false);
  return undefined;
}

/** True when an expression's value cannot come from a row: constants and parameters, through casts. */
export function isFixed(node: Node | undefined): boolean {
  if (node === undefined) return true;
  if ('TypeCast' in node) return isFixed(node.TypeCast.arg);
  return 'A_Const' in node || 'ParamRef' in node;
}

/** True when a node of one of the types is anywhere below the value of a field (of no field: a wrapped node or a list). */
export function contains(value: unknown, wanted: ReadonlySet<string>, field = ''): boolean {
  let found = false;
  eachNode(value, field, (type, body) => {
    found ||= type !== null && wanted.has(type);
    for (const each in body) found ||= contains(body[each], wanted, each);
  });
  return found;
}
