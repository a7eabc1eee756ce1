import SCIMMY from 'scimmy';
import { ScimError } from './scim-error.ts';

/** Equalities, by attribute in lower case, that must all hold; any of the list will do. */
export type Alternatives = readonly ReadonlyMap<string, string | boolean>[];

const longest = 1024;

/**
 * A filter of RFC 7644 section 3.4.2.2, as far as it is served: `attribute eq value`, joined by `and` and `or`, on the attributes in `known`. Everything else is refused
 * as `invalidFilter`: a filter that is not understood must not find everybody.
 */
export function readFilter(text: string | null, known: readonly string[]): Alternatives | null {
  if (text === null || text.trim() === '') return null;
  if (text.length > longest) throw new ScimError(400, 'invalidFilter', `the filter is longer than ${longest} characters`);
  return parse(text).map((expression) => {
    const equalities = new Map<string, string | boolean>();
    for (const [attribute, comparison] of Object.entries(expression)) {
      const name = shortName(attribute, comparison);
      const [operator, value, ...more] = comparisonOf(comparison);
      const served = known.includes(name) && operator === 'eq' && more.length === 0 && (typeof value === 'string' || typeof value === 'boolean');
      if (!served) throw new ScimError(400, 'invalidFilter', `filters are \`eq\` on ${known.join(', ')}, joined by and, or`);
      equalities.set(name, value);
    }
    return equalities;
  });
}

function parse(text: string): readonly object[] {
  try {
    const list: unknown[] = [...new SCIMMY.Types.Filter(text)];
    const expressions = list.filter((one) => typeof one === 'object' && one !== null);
    if (expressions.length === 0 || expressions.length !== list.length || expressions.some((one) => Object.keys(one).length === 0)) throw new TypeError('no expression');
    return expressions;
  } catch {
    // SCIMMY's own sentences repeat the filter, which may name somebody.
    throw new ScimError(400, 'invalidFilter', 'the filter cannot be read');
  }
}

/** `members.value` comes as `{ members: { value: [...] } }`. */
function shortName(attribute: string, comparison: unknown): string {
  const short = attribute.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '').toLowerCase();
  return short === 'members' && !Array.isArray(comparison) ? 'members' : short;
}

function comparisonOf(comparison: unknown): readonly unknown[] {
  if (Array.isArray(comparison)) return comparison;
  const inner: readonly unknown[] = typeof comparison === 'object' && comparison !== null ? Object.entries(comparison).flatMap(([name, value]) => (name.toLowerCase() === 'value' && Array.isArray(value) ? [...value] : ['unknown'])) : [];
  return inner;
}
