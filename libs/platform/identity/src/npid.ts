import { createHash } from 'node:crypto';
import { parseClaimPath, providerRules, readClaim, type TrustBinding } from '@sallyport/platform-config';
import type { VerifiedToken } from './token-verifier.ts';

/**
 * The stable key of a workload: SHA-256 (hex) over provider, exact `iss` and the immutable claims, with the qualifiers that the binding
 * matches. It stays when the machine, the repository or the account is renamed, and changes when another one takes the name.
 */
export function npidOf({ issuer, claims }: VerifiedToken, binding: TrustBinding): string {
  const rules = providerRules(issuer.spec);
  const named = Object.keys(binding.claims);
  const set = rules.immutable.find((one) => one.every(({ claim }) => named.includes(claim))) ?? [];
  const parts = [...set.map(({ claim }) => claim), ...rules.qualifiers.filter((claim) => named.includes(claim))];
  return createHash('sha256')
    .update(JSON.stringify([issuer.spec.provider, issuer.spec.issuer, ...parts.map((claim) => [claim, readClaim(claims, parseClaimPath(claim)) ?? null])]))
    .digest('hex');
}
