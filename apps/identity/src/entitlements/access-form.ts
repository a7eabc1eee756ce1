import { AccessError } from './access-error.ts';

/** What a machine asks for over HTTPS, in a form that can be judged. */
export interface AccessForm {
  /** Null: it comes in the header. */
  readonly token: string | null;
  readonly target: string;
  readonly role: string | null;
  readonly seconds: number | null;
  readonly uses: number | null;
  readonly reason: string;
  readonly breakGlass: boolean;
}

const parameters = ['token', 'target', 'role', 'seconds', 'uses', 'reason', 'break_glass'];
const targetForm = /^(?:(\w[\w.-]{0,62})@)?(\w[\w.-]{0,62})$/;

/** Reads a form or a JSON object of the same parameters. What is not known is refused: a limit that is misspelt would else be asked for without being in force. Throws AccessError. */
export function readAccessForm(contentType: string, body: string): AccessForm {
  const given = fieldsOf(contentType, body);
  for (const name of given.keys()) if (!parameters.includes(name)) throw invalid(`the parameter ${/^[\w-]{1,40}$/.test(name) ? name : 'with a strange name'} is not known here: known are ${parameters.join(', ')}`);
  const one = (name: string): string | null => given.get(name)?.trim() || null;
  const [, inTarget, target] = targetForm.exec(one('target') ?? '') ?? [];
  if (target === undefined) throw invalid('target is missing, or is not of the form [role@]target');
  const role = one('role');
  if (role !== null && inTarget !== undefined && role !== inTarget) throw invalid('role and the role in target differ');
  if (role !== null && !/^\w[\w.-]{0,62}$/.test(role)) throw invalid('role: letters, digits, dots, dashes and underscores, at most 63');
  const reason = one('reason') ?? '';
  if (reason.length < 10 || reason.length > 500) throw invalid('reason must say in 10 to 500 characters what it is needed for');
  const glass = one('break_glass');
  if (glass !== null && glass !== 'true' && glass !== 'false') throw invalid('break_glass must be true or false');
  return { token: one('token'), target, role: role ?? inTarget ?? null, seconds: number('seconds', one('seconds'), 60, 31_536_000), uses: number('uses', one('uses'), 1, 1000), reason, breakGlass: glass === 'true' };
}

function fieldsOf(contentType: string, body: string): ReadonlyMap<string, string> {
  if (/^application\/x-www-form-urlencoded(?:;|$)/i.test(contentType)) {
    const form = new URLSearchParams(body);
    for (const name of form.keys()) if (form.getAll(name).length > 1) throw invalid(`a parameter stands twice`);
    return new Map(form);
  }
  if (!/^application\/json(?:;|$)/i.test(contentType)) throw invalid('the body must be application/x-www-form-urlencoded or application/json');
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    throw invalid('the body is no JSON');
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) throw invalid('the body must be a JSON object');
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(read)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw invalid('the members of the JSON object are texts, numbers and booleans');
    fields.set(name, String(value));
  }
  return fields;
}

function number(name: string, text: string | null, least: number, most: number): number | null {
  if (text === null) return null;
  if (!/^\d{1,8}$/.test(text) || Number(text) < least || Number(text) > most) throw invalid(`${name} must be a whole number from ${least} to ${most}`);
  return Number(text);
}

const invalid = (say: string) => new AccessError('invalid_request', say);
