import { z } from 'zod';

/** Names are used in URLs, bus keys and user names: lower case, digits, dashes; 1 to 63 characters. */
export const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower case letters, digits and inner dashes, at most 63');
export const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2027-03-31');
export const environment = z.enum(['production', 'staging', 'test', 'development']);
export const duration = z.string().regex(/^\d+(s|m|h|d)$/, 'must be a duration like 90s, 15m, 8h or 30d');

/** Every document has the same head. Unknown fields are refused everywhere. */
export const document = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: z.literal('sallyport/v1'), kind: z.literal(kind), metadata: z.strictObject({ name, description: z.string().max(500).optional() }), spec });
