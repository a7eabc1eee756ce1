import { createHash } from 'node:crypto';
import { parseClaimPath, providerRules, readClaim } from '@sallyport/platform-config';
import { isOutsider } from './match-binding.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** The longest value that a trust binding may match. */
const maxValue = 1000;

/** Whose a genuine token is, in the issuer's own words that never change hands. */
export interface Workload {
  /** The immutable claims by their paths, with their types: what a trust binding of it must match. */
  readonly claims: Readonly<Record<string, string | number | boolean>>;
  /** SHA-256 (hex) over provider, `iss` and those claims. */
  readonly key: string;
}

/**
 * What could be bound of a verified token, or null: a claim is missing or has no form that can be bound, or the run was started by an event that outsiders can cause, so that its
 * claims say nothing of who has it.
 */
export function workloadOf({ issuer, claims }: VerifiedToken): Workload | null {
  const rules = providerRules(issuer.spec);
  if (isOutsider(claims, rules)) return null;
  for (const set of rules.immutable) {
    const found: [string, string | number | boolean][] = [];
    for (const { claim, form } of set) {
      const value = readClaim(claims, parseClaimPath(claim));
      if (isBindable(value) && (form === undefined || form.pattern.test(String(value)))) found.push([claim, value]);
    }
    if (found.length === set.length) return { claims: Object.fromEntries(found), key: createHash('sha256').update(JSON.stringify([issuer.spec.provider, issuer.spec.issuer, ...found])).digest('hex') };
  }
  return null;
}

function isBindable(value: unknown): value is string | number | boolean {
  return typeof value === 'string' ? value !== '' && value.length <= maxValue : typeof value === 'boolean' || Number.isSafeInteger(value);
}
