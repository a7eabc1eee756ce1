import { z } from 'zod';

/** Names are used in URLs, bus keys and user names: lower case, digits, dashes; 1 to 63 characters. */
export const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower case letters, digits and inner dashes, at most 63');
export const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2027-03-31').refine(isCalendarDay, 'is no day of the calendar');
export const environment = z.enum(['production', 'staging', 'test', 'development']);
export const duration = z.string().regex(/^\d{1,6}(s|m|h|d)$/, 'must be a duration like 90s, 15m, 8h or 30d');

/** PEM text, or `file:` and the absolute path of a PEM file on the machine of the service that uses it. */
export const authority = z.string().min(1).max(65_536).refine((text) => text.startsWith('file:/') || text.includes('-----BEGIN CERTIFICATE-----'), 'must be a PEM certificate, or file: and the absolute path of one');

/** Every document has the same head. Unknown fields are refused everywhere. */
export const document = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: z.literal('sallyport/v1'), kind: z.literal(kind), metadata: z.strictObject({ name, description: z.string().max(500).optional() }), spec });

function isCalendarDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a checked `duration`. NaN for what is not one, which no comparison lets pass. */
export function seconds(text: string): number {
  return Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? Number.NaN);
}
