import { writeRule, type PolicyJson } from './cedar.ts';
import { isObject, walkExpression } from './expressions.ts';
import type { PolicyRule, PolicySet } from './policy-set.ts';
import { timeAttributes } from './schema.ts';

/**
 * What a recorded decision does not say of the command that it was made about: `context` attributes by their names. Its protocol, role, kind, reading, effects and
 * whether it was approved are recorded.
 */
export const unrecorded: ReadonlySet<string> = new Set([
  'source', 'client', ...timeAttributes, 'hasWhere', 'hasLimit', 'limit', 'copiesOut', 'programs', 'sets', 'hasPipe', 'hasRedirect', 'recursive', 'elevates', 'isInteractive', 'recogniser',
]);

export interface BoundedSet {
  /** Permits at least what the set permits, whatever the unknown is. */
  readonly permissive: PolicySet;
  /** Permits at most that. */
  readonly strict: PolicySet;
  /** What each rule asks for that is unknown; only rules that ask for something. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/**
 * Two sets without the unknown, between which the set must decide: where both decide the same, so does the set. In the permissive one a permit holds wherever it could and a forbid only where
 * it must; in the strict one the other way round. Sound because a decision can only go towards allow with more permits and fewer forbids; `and`, `or`, `not` and `if` are looked
 * into, anything else that asks for the unknown could be either.
 */
export function boundsOf(set: PolicySet, unknown: ReadonlySet<string> = unrecorded): BoundedSet {
  const needs = new Map<string, readonly string[]>();
  const permissive: PolicyRule[] = [];
  const strict: PolicyRule[] = [];
  for (const rule of set.rules) {
    const asked = [...new Set(rule.json.conditions.flatMap(({ body }) => unknownsOf(body, unknown)))].sort();
    if (asked.length === 0) {
      permissive.push(rule);
      strict.push(rule);
      continue;
    }
    needs.set(rule.id, asked);
    const widest = bounded(rule, 'widest', unknown);
    const narrowest = bounded(rule, 'narrowest', unknown);
    permissive.push(rule.effect === 'permit' ? widest : narrowest);
    strict.push(rule.effect === 'permit' ? narrowest : widest);
  }
  return { permissive: { ...set, rules: permissive }, strict: { ...set, rules: strict }, needs };
}

type Side = 'widest' | 'narrowest';

function bounded(rule: PolicyRule, side: Side, unknown: ReadonlySet<string>): PolicyRule {
  // The tree loses digits of large numbers: of such a rule nothing is said but where it could hold.
  const exact = !/\d{16}/.test(rule.text);
  const bound = (body: unknown, to: Side) => (exact ? boundOf(body, to, unknown) : constant(to === 'widest'));
  const conditions = rule.json.conditions.map((clause) => ({ kind: clause.kind, body: bound(clause.body, clause.kind === 'when' ? side : other(side)) }));
  // What stands in for an expression is an expression; the type of the library does not know that it was built here.
  const json = { ...rule.json, conditions } as PolicyJson;
  return { ...rule, json, text: writeRule(json) };
}

function boundOf(expr: unknown, side: Side, unknown: ReadonlySet<string>): unknown {
  if (unknownsOf(expr, unknown).length === 0 || !isObject(expr)) return expr;
  const [[kind, body] = ['', null]] = Object.entries(expr);
  if (isObject(body)) {
    const part = (name: string, to: Side = side) => boundOf(body[name], to, unknown);
    if (kind === '&&' || kind === '||') return { [kind]: { left: part('left'), right: part('right') } };
    if (kind === '!') return { '!': { arg: part('arg', other(side)) } };
    if (kind === 'if-then-else' && unknownsOf(body['if'], unknown).length === 0) return { [kind]: { if: body['if'], then: part('then'), else: part('else') } };
  }
  return constant(side === 'widest');
}

const other = (side: Side): Side => (side === 'widest' ? 'narrowest' : 'widest');
const constant = (value: boolean): unknown => ({ Value: value });

/** The unknown that an expression asks for; everything where it takes the context as a whole. */
function unknownsOf(expr: unknown, unknown: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>();
  walkExpression(expr, (kind, body) => {
    if (kind === 'Var' && body === 'context') for (const name of unknown) found.add(name);
    if ((kind !== '.' && kind !== 'has') || !isObject(body)) return true;
    const variable = isObject(body['left']) ? body['left']['Var'] : undefined;
    const [name = ''] = (Array.isArray(body['attr']) ? body['attr'] : [body['attr']]).map(String);
    if (variable === 'resource' && unknown.has(`resource.${name}`)) found.add(`resource.${name}`);
    if (variable !== 'context') return true;
    if (unknown.has(name)) found.add(name);
    return false;
  });
  return [...found];
}
