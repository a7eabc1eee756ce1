import type { PolicyJson } from './cedar.ts';
import { timeAttributes } from './schema.ts';

/**
 * Walks the conditions of a rule. `visit` gets each expression's kind (Cedar's JSON form: `Var`, `.`, `has`, `==` …) and its
 * body; returning false leaves its parts out.
 */
export function walkConditions(json: PolicyJson, visit: (kind: string, body: unknown) => boolean): void {
  for (const clause of json.conditions) walk(clause.body, visit);
}

function walk(expr: unknown, visit: (kind: string, body: unknown) => boolean): void {
  if (!isObject(expr)) return;
  for (const [kind, body] of Object.entries(expr)) {
    if (!visit(kind, body) || kind === 'Value' || kind === 'Var' || kind === 'Slot') continue;
    if (Array.isArray(body)) for (const part of body) walk(part, visit);
    else if (isObject(body)) {
      for (const [name, part] of Object.entries(body)) {
        if (kind === 'Record' || !leaves.includes(name)) walk(part, visit);
      }
    }
  }
}

/** Members of an expression that are names and patterns, not expressions. */
const leaves = ['attr', 'pattern', 'entity_type'];

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Which context attributes a set of rules can depend on. */
export interface Mentions {
  /** True for everything when a rule takes the context as a whole. */
  has(attribute: string): boolean;
  readonly time: boolean;
}

export function mentionsOf(rules: readonly PolicyJson[]): Mentions {
  const names = new Set<string>();
  let whole = false;
  for (const rule of rules) {
    walkConditions(rule, (kind, body) => {
      if (kind === 'Var' && body === 'context') whole = true;
      if ((kind !== '.' && kind !== 'has') || !isObject(body) || !isContext(body['left'])) return true;
      const attr = Array.isArray(body['attr']) ? body['attr'][0] : body['attr'];
      if (typeof attr === 'string') names.add(attr);
      else whole = true;
      return false;
    });
  }
  const has = (attribute: string) => whole || names.has(attribute);
  return { has, time: timeAttributes.some(has) };
}

function isContext(expr: unknown): boolean {
  return isObject(expr) && expr['Var'] === 'context';
}
