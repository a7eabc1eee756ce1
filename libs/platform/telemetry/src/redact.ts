import { Sealed } from '@sallyport/domain-model';

/** Names of fields whose values are never printed, whatever they hold. Compared in lower case without `_` and `-`. */
const secretNames = new Set([
  'password', 'passwd', 'pgpassword', 'token', 'accesstoken', 'idtoken', 'refreshtoken', 'jwt', 'bearer', 'authorization', 'cookie', 'setcookie', 'secret', 'clientsecret',
  'credential', 'credentials', 'apikey', 'privatekey', 'tokenkey', 'leasekey', 'datakey', 'pem', 'dsn', 'text', 'sql', 'statement', 'query', 'parameters', 'params', 'values', 'row', 'rows', 'comment', 'body', 'payload',
]);

const maxDepth = 6;
const maxMembers = 64;
const maxString = 2048;

/**
 * A copy of `value` that is safe to print: secret names masked at any depth, Sealed as `[sealed]`, bytes as their length, errors
 * as `describeError`, long strings and deep or wide trees cut. Counts keep their numbers: a number or boolean under a secret name
 * is printed, because `rows: 3` is not a value of anybody.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined) return value;
  switch (typeof value) {
    case 'string':
      return value.length > maxString ? `${value.slice(0, maxString)}… (${value.length} characters)` : value;
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return redactObject(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Sealed) return '[sealed]';
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, maxMembers).map((member) => redact(member, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`;
  const out: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value).slice(0, maxMembers)) out[name] = isSecret(name, member) ? '[redacted]' : redact(member, depth + 1);
  return out;
}

function isSecret(name: string, member: unknown): boolean {
  if (member === null || member === undefined || typeof member === 'number' || typeof member === 'boolean') return false;
  return secretNames.has(name.toLowerCase().replaceAll(/[_-]/g, ''));
}

export interface ErrorDescription {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly at?: readonly string[];
  readonly cause?: ErrorDescription;
}

/**
 * An error without values. Our own errors are written to be read, so the outermost message is printed; parsers and the database
 * quote their input in theirs, so those messages, and every cause's message, are left out: type, code and place remain.
 */
export function describeError(error: Error, depth = 0): ErrorDescription {
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? String(error.code) : undefined;
  const at = frames(error);
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(depth === 0 && !quotesInput(error) ? { message: String(redact(error.message)) } : {}),
    ...(at.length === 0 ? {} : { at }),
    ...(error.cause instanceof Error && depth < 4 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

/** SyntaxError: JSON.parse and RegExp quote the text. `severity`: an error of the database, which quotes values. */
function quotesInput(error: Error): boolean {
  return error instanceof SyntaxError || error.name === 'ZodError' || 'severity' in error;
}

function frames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim().slice(3));
}
