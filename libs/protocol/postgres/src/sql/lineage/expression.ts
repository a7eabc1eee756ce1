import type { A_Indirection, FuncCall, Node, SubLink, TypeCast } from 'libpg-query';
import type { OutputColumn } from '@sallyport/domain-model';
import { hiddenCall, isPure } from '../functions.ts';
import { builtinTypes } from '../safe-builtins.ts';
import { eachChild, eachNode, strings, type Body } from '../tree.ts';
import { clean, doubt, merge, tainted } from './flow.ts';
import type { Lineage, Place } from './lineage.ts';
import { syntaxFunctions } from '../walk-types.ts';
import { columnNamed, qualified, sizeOf, unqualified } from './range.ts';

/** Where the value of an expression comes from: everything that its parts come from. What is not listed here is not proven. */
export function expression(lineage: Lineage, node: unknown, place: Place, field = ''): OutputColumn {
  const flows: OutputColumn[] = [];
  eachNode(node, field, (type, body) => flows.push(one(lineage, type, body, place)));
  return merge(flows);
}

function one(lineage: Lineage, type: string | null, body: Body, place: Place): OutputColumn {
  switch (type) {
    case 'A_Const':
    case 'ParamRef':
    case 'SetToDefault':
    case 'SQLValueFunction':
    case 'GroupingFunc':
    case 'MergeSupportFunc':
    case 'String':
      return clean;
    case 'ColumnRef':
      return column(lineage, strings(body['fields'] as Node[]), place);
    case 'FuncCall':
      return call(lineage, body as FuncCall, place);
    case 'SubLink':
      return sublink(lineage, body as SubLink, place);
    case 'TypeCast':
      return cast(lineage, body as TypeCast, place);
    case 'A_Expr':
      return lineage.names.operators(null, strings(body['name'] as Node[]).at(-1) ?? '').length > 0 || isForeign(strings(body['name'] as Node[]))
        ? doubt(parts(lineage, body, place))
        : parts(lineage, body, place);
    case 'A_Indirection':
      return indirection(lineage, body as A_Indirection, place);
    case 'JsonArrayQueryConstructor':
      return merge(lineage.query(body['query'] as Node, place) ?? [tainted]);
    default:
      if (type === null || !composed.has(type)) return tainted;
      return isAnswered(lineage, type) ? doubt(parts(lineage, body, place)) : parts(lineage, body, place);
  }
}

/** Syntax of newer servers that, on an older one, a function of a user's schema answers. */
function isAnswered(lineage: Lineage, type: string): boolean {
  return syntaxFunctions.get(type)?.some((name) => lineage.names.routines(null, name).length > 0) ?? false;
}

/** Made of its parts and nothing else. */
const composed: ReadonlySet<string> = new Set([
  'A_ArrayExpr', 'A_Indices', 'BoolExpr', 'BooleanTest', 'CaseExpr', 'CaseWhen', 'CoalesceExpr', 'CollateClause', 'JsonAggConstructor', 'JsonArgument',
  'JsonArrayAgg', 'JsonArrayConstructor', 'JsonBehavior', 'JsonFormat', 'JsonFuncExpr', 'JsonIsPredicate', 'JsonKeyValue', 'JsonObjectAgg',
  'JsonObjectConstructor', 'JsonParseExpr', 'JsonScalarExpr', 'JsonSerializeExpr', 'JsonTablePathSpec', 'JsonValueExpr', 'List', 'MinMaxExpr',
  'NamedArgExpr', 'NullTest', 'ResTarget', 'RowExpr', 'SortBy', 'XmlExpr', 'XmlSerialize',
]);

/** Fields that say how, not what. */
const manner: ReadonlySet<string> = new Set(['output', 'typeName', 'over', 'agg_filter', 'name', 'collname']);

function parts(lineage: Lineage, body: Body, place: Place): OutputColumn {
  const flows: OutputColumn[] = [];
  for (const field in body) {
    if (manner.has(field)) continue;
    eachNode(body[field], field, (type, child) => flows.push(deeper(lineage, type, child, place)));
  }
  return merge(flows);
}

/** Through the lineage's own door, which counts the depth. */
function deeper(lineage: Lineage, type: string | null, body: Body, place: Place): OutputColumn {
  return type === null ? tainted : lineage.value({ [type]: body }, place);
}

function column(lineage: Lineage, names: readonly string[], place: Place): OutputColumn {
  lineage.spend(sizeOf(place.level));
  if (names.length === 1) return unqualified(place.level, names[0] ?? '');
  return qualified(place.level, names, (name) => hiddenCall(lineage.names, name));
}

function call(lineage: Lineage, body: FuncCall, place: Place): OutputColumn {
  const name = strings(body.funcname);
  const isKnown = isPure(lineage.names, name);
  if (isKnown && body.agg_star) return clean;
  // Reserved since PostgreSQL 16; before, it is the name of a column like any other.
  if (body.funcformat === 'COERCE_SQL_SYNTAX' && name.at(-1) === 'system_user') {
    lineage.spend(sizeOf(place.level));
    return columnNamed(place.level, 'system_user');
  }
  const from = merge([...(body.args ?? []), ...(body.agg_order ?? [])].map((arg) => lineage.value(arg, place)));
  return isKnown ? from : doubt(from);
}

function sublink(lineage: Lineage, body: SubLink, place: Place): OutputColumn {
  if (body.subLinkType === 'EXISTS_SUBLINK') return clean;
  const columns = lineage.query(body.subselect, place);
  const flow = columns ? merge(columns) : tainted;
  return body.testexpr ? merge([lineage.value(body.testexpr, place), flow]) : flow;
}

/** A cast to a type of a user's schema may run a function of the user's. */
function cast(lineage: Lineage, body: TypeCast, place: Place): OutputColumn {
  const from = lineage.value(body.arg, place);
  const names = strings(body.typeName?.names);
  const isBuiltin = (names.length === 1 || names[0] === 'pg_catalog') && builtinTypes.has(names.at(-1) ?? '');
  return isBuiltin ? from : doubt(from);
}

/** `(x).f`: a field, or f called with x. `x[1]` is an element. */
function indirection(lineage: Lineage, body: A_Indirection, place: Place): OutputColumn {
  const flows = [lineage.value(body.arg, place)];
  let isDotted = false;
  for (const step of body.indirection ?? []) {
    if ('A_Indices' in step) eachChild(step.A_Indices as Body, (type, child) => flows.push(deeper(lineage, type, child, place)));
    else isDotted = true;
  }
  return isDotted ? doubt(merge(flows)) : merge(flows);
}

function isForeign(operator: readonly string[]): boolean {
  return operator.length > 1 && operator.at(-2) !== 'pg_catalog';
}
