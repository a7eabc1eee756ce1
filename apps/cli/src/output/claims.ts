import { Failure } from '../failure.ts';
import { left } from './approvals.ts';
import { fields } from './table.ts';

export interface Claims {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The two readable parts of a compact JWT. Throws a Failure for anything else; the token is not in its text. */
export function readClaims(token: string): Claims {
  const parts = token.split('.');
  const [header, claims] = parts.map(part);
  if (parts.length !== 3 || header === undefined || header === null || claims === undefined || claims === null) {
    throw new Failure('invalid', 'this is not a JWT (three base64url parts of JSON)', 'a Sallyport ticket or an opaque token has no claims to print');
  }
  return { header, claims };
}

export function claimsText({ header, claims }: Claims, now: number): string {
  const word = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const shown = Object.entries(claims).map(([name, value]) => [name, times.includes(name) && typeof value === 'number' ? moment(value, now, name) : word(value)] as const);
  return [
    'NOT VERIFIED: this is what the token says of itself. `--resolve` asks the console what it would be.',
    fields([['alg', word(header['alg'])], ['kid', word(header['kid'] ?? '-')], ['typ', word(header['typ'] ?? '-')]]),
    '',
    fields(shown.length === 0 ? [['claims', 'none']] : shown),
  ].join('\n');
}

const times = ['exp', 'iat', 'nbf', 'auth_time'];

function moment(seconds: number, now: number, name: string): string {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return String(seconds);
  const rest = left(at.toISOString(), now);
  return `${at.toISOString().replace('.000', '')}${name !== 'exp' ? '' : rest === 'none' ? ' (EXPIRED)' : ` (${rest} left)`}`;
}

function part(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
