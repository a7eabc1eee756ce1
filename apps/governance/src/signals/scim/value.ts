import { ScimError } from './scim-error.ts';

const longest = 320;

/** True or false, also as text, as Entra writes it (`"False"`), and as the only value of a list, as it once did. */
export function booleanOf(name: string, given: unknown): boolean {
  const value = alone(given);
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ScimError(400, 'invalidValue', `${name} must be true or false`);
}

/** A line of text that can be an id. */
export function textOf(name: string, given: unknown): string {
  const value = alone(given);
  if (typeof value !== 'string' || value.trim() === '') throw new ScimError(400, 'invalidValue', `${name} must be a text that is not empty`);
  if (value.length > longest) throw new ScimError(400, 'invalidValue', `${name} is longer than ${longest} characters`);
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) throw new ScimError(400, 'invalidValue', `${name} has characters that no id has`);
  return value;
}

/** A text or nothing: null and the empty text take a value away. */
export function optionalTextOf(name: string, given: unknown): string | null {
  const value = alone(given);
  return value === undefined || value === null || value === '' ? null : textOf(name, value);
}

/** Members of a JSON object by their names in lower case: SCIM's names have no case (RFC 7643, 2.1). Throws for what is no object. */
export function membersOf(what: string, given: unknown): ReadonlyMap<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new ScimError(400, 'invalidSyntax', `${what} must be a JSON object`);
  return new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
}

function alone(given: unknown): unknown {
  const only: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  return typeof only === 'object' && only !== null && 'value' in only ? only.value : only;
}
