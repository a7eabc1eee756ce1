import { parseClaimPath, providerRules, readClaim, writeClaimPath, type TrustBinding } from '@sallyport/platform-config';
import type { VerifiedToken } from './token-verifier.ts';

const maxValue = 200;

/**
 * The claims of a verified token that go into evidence: the provider's listed ones and those that the binding matched, as bounded strings
 * without control characters. Names, e-mail addresses and actors of people are on no provider's list.
 */
export function evidenceClaims({ issuer, claims }: VerifiedToken, binding: TrustBinding | null): Record<string, string> {
  const used = [...new Set([...providerRules(issuer.spec).evidence, ...Object.keys(binding?.claims ?? {})])];
  const out: Record<string, string> = {};
  for (const claim of used) {
    const path = parseClaimPath(claim);
    const value = readClaim(claims, path);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') out[writeClaimPath(path)] = bounded(String(value));
  }
  return out;
}

function bounded(text: string): string {
  return Array.from(text.slice(0, maxValue), (char) => (char < ' ' || char === '\u007f' ? '�' : char)).join('');
}
