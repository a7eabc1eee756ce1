import type { PolicyJson } from './cedar.ts';
import { timeAttributes } from './schema.ts';

/**
 * Walks the conditions of a rule. `visit` gets each expression's kind (Cedar's JSON form: `Var`, `.`, `has`, `==` …) and its
 * body; returning false leaves its parts out.
 */
export function walkConditions(json: PolicyJson, visit: (kind: string, body: unknown) => boolean): void {
  for (const clause of json.conditions) walkExpression(clause.body, visit);
}

/** The same for one expression. */
export function walkExpression(expr: unknown, visit: (kind: string, body: unknown) => boolean): void {
  if (!isObject(expr)) return;
  for (const [kind, body] of Object.entries(expr)) {
    if (!visit(kind, body) || kind === 'Value' || kind === 'Var' || kind === 'Slot') continue;
    if (Array.isArray(body)) for (const part of body) walkExpression(part, visit);
    else if (isObject(body)) {
      for (const [name, part] of Object.entries(body)) {
        if (kind === 'Record' || !leaves.includes(name)) walkExpression(part, visit);
      }
    }
  }
}

/** Members of an expression that are names and patterns, not expressions. */
const leaves = ['attr', 'pattern', 'entity_type'];

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the answers of a set of rules can depend on. */
export interface Mentions {
  /** This context attribute; true for every one when a rule takes the context as a whole. */
  has(attribute: string): boolean;
  /** Any context attribute that changes with the time. */
  readonly time: boolean;
  /** An attribute of this name, of whatever. Cedar has no way to take an entity's attributes as a whole. */
  attribute(name: string): boolean;
}

export function mentionsOf(rules: readonly PolicyJson[]): Mentions {
  const ofContext = new Set<string>();
  const attributes = new Set<string>();
  let whole = false;
  for (const rule of rules) {
    walkConditions(rule, (kind, body) => {
      if (kind === 'Var' && body === 'context') whole = true;
      if ((kind !== '.' && kind !== 'has') || !isObject(body)) return true;
      const path = (Array.isArray(body['attr']) ? body['attr'] : [body['attr']]).map(String);
      for (const name of path) attributes.add(name);
      if (!isContext(body['left'])) return true;
      ofContext.add(path[0] ?? '');
      return false;
    });
  }
  const has = (attribute: string) => whole || ofContext.has(attribute);
  return { has, time: timeAttributes.some(has), attribute: (name) => attributes.has(name) };
}

function isContext(expr: unknown): boolean {
  return isObject(expr) && expr['Var'] === 'context';
}
