import { createHash } from 'node:crypto';
import type { Claims } from './compact-jws.ts';

/** Actors that are told; further ones are counted as one `…`. */
const most = 5;
const maxText = 200;

/**
 * On whose behalf, and through whom: the `act` claim of RFC 8693 section 4.1, the acting party first, then those before it. Each is `issuer subject`, bounded and without
 * control characters; a subject that looks like an e-mail address is told by its hash, because it is somebody's name. For evidence: nothing is decided by it.
 */
export function actorsOf(claims: Claims): readonly string[] {
  const actors: string[] = [];
  for (let at: unknown = claims['act']; isObject(at); at = at['act']) {
    if (actors.length === most) return [...actors, '…'];
    actors.push([at['iss'], at['sub']].flatMap(told).join(' ') || 'unnamed');
  }
  return actors;
}

function told(value: unknown): string[] {
  if (typeof value !== 'string' || value === '') return [];
  if (value.includes('@')) return [`sha256:${createHash('sha256').update(value).digest('hex').slice(0, 32)}`];
  return [Array.from(value.slice(0, maxText), (char) => (char < ' ' || char === '\u007f' ? '�' : char)).join('')];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
