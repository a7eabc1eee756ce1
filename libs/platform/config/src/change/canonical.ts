import { createHash } from 'node:crypto';

/** JSON with the members of every object in the order of their names, so that the same content is the same text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : inner,
  );
}

/** SHA-256 in hex of the text's UTF-8. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
