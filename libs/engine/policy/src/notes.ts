import type { PolicyJson } from './cedar.ts';

/** What a rule's annotations say, besides its id. */
export interface RuleNotes {
  /** `@reason`: shown to the client. */
  readonly reason: string | null;
  /** `@approvers("group, group")`: who may approve what this rule holds. */
  readonly approvers: readonly string[];
  /** `@quorum("2")`: how many distinct people of each group; 1 when absent. */
  readonly quorum: number;
  /** `@expires("15m")` in seconds; {@link defaultExpiry} when absent. */
  readonly expiresIn: number;
  /** `@max_rows`, `@max_bytes` of a permit. */
  readonly maxRows: number | null;
  readonly maxBytes: number | null;
}

/** Seconds that an approval request lives when its rule does not say. */
export const defaultExpiry = 15 * 60;
/** Longest life of an approval request, in seconds. */
export const maxExpiry = 24 * 3600;

const known = ['id', 'reason', 'approvers', 'quorum', 'expires', 'max_rows', 'max_bytes', 'description'];
const groupName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export interface ReadNotes {
  readonly notes: RuleNotes;
  readonly complaints: readonly string[];
}

/** Reads a rule's annotations. A value that is wrong is a complaint, and never a laxer limit. */
export function readNotes(json: PolicyJson): ReadNotes {
  const given = new Map<string, string>(Object.entries(json.annotations ?? {}).map(([name, value]) => [name, value ?? '']));
  const complaints: string[] = [];
  for (const name of given.keys()) {
    if (!known.includes(name)) complaints.push(`@${name} is not an annotation of Sallyport; those are ${known.map((one) => `@${one}`).join(' ')}`);
  }

  const approvers = given.has('approvers') ? (given.get('approvers') ?? '').split(',').map((group) => group.trim()) : [];
  for (const group of approvers) {
    if (!groupName.test(group)) complaints.push(`@approvers names ${JSON.stringify(group)}, which cannot be a group`);
  }
  if (new Set(approvers).size !== approvers.length) complaints.push('@approvers names a group twice');
  if (approvers.length === 0 && given.has('quorum')) complaints.push('@quorum needs @approvers');
  if (approvers.length === 0 && given.has('expires')) complaints.push('@expires needs @approvers');
  if (given.has('reason') && (given.get('reason') ?? '').trim() === '') complaints.push('@reason is empty');

  const whole = (name: string, max: number): number | null => {
    const text = given.get(name);
    if (text === undefined) return null;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= max) return value;
    complaints.push(`@${name} must be a whole number from 1 to ${max}`);
    return 1;
  };
  const quorum = whole('quorum', 20) ?? 1;
  const maxRows = whole('max_rows', Number.MAX_SAFE_INTEGER);
  const maxBytes = whole('max_bytes', Number.MAX_SAFE_INTEGER);
  if (json.effect === 'forbid' && (maxRows !== null || maxBytes !== null)) complaints.push('@max_rows and @max_bytes belong on a permit: a forbid limits nothing');

  let expiresIn = defaultExpiry;
  const expires = given.get('expires');
  if (expires !== undefined) {
    const match = /^(\d{1,6})([smhd])$/.exec(expires);
    const value = match ? Number(match[1]) * (seconds[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
    if (value >= 1 && value <= maxExpiry) expiresIn = value;
    else complaints.push('@expires must be a duration like 90s, 15m or 8h, at most 24h');
  }
  return { notes: { reason: given.get('reason') ?? null, approvers, quorum, expiresIn, maxRows, maxBytes }, complaints };
}
