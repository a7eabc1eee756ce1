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

/** How many `act` are within each other; counts no further than `limit`. */
export function chainLength(claims: Claims, limit: number): number {
  let length = 0;
  for (let at: unknown = claims['act']; isObject(at) && length <= limit; at = at['act']) length++;
  return length;
}

/** Claims that say nothing of who somebody is (RFC 8693 section 4.4 has no use for them in `may_act`). */
const notOfParties: readonly string[] = ['exp', 'nbf', 'iat', 'aud', 'jti', 'act', 'may_act'];

/**
 * Whether the `may_act` of a subject token (RFC 8693 section 4.4) lets this actor act; true where there is none. Every member must be in the actor's token with the same value; where it names no
 * `iss`, the actor's must be that of the subject, because a `sub` means something within its issuer only. What says nothing of a party, or is no text, number or boolean, lets nobody act.
 */
export function mayAct(subject: Claims, actor: Claims): boolean {
  if (!Object.hasOwn(subject, 'may_act')) return true;
  const named = subject['may_act'];
  if (!isObject(named)) return false;
  const members = Object.entries(named);
  if (members.length === 0 || members.length > 20) return false;
  if (!members.every(([claim, value]) => !notOfParties.includes(claim) && ['string', 'number', 'boolean'].includes(typeof value) && Object.hasOwn(actor, claim) && actor[claim] === value)) return false;
  return Object.hasOwn(named, 'iss') ? members.length > 1 : actor['iss'] === subject['iss'];
}
