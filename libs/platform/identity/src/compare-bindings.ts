import { parseClaimPath, providerRules, readClaim } from '@sallyport/platform-config';
import type { Candidate } from './binding-index.ts';
import { sameClaim } from './match-binding.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** One claim that a binding wants, beside what the token has. Values as JSON, so that `"74"` and `74` look different; bounded, without control characters. */
export interface ClaimComparison {
  readonly claim: string;
  readonly wanted: string;
  /** Null when the token does not have it. */
  readonly found: string | null;
  readonly same: boolean;
}

export interface BindingComparison {
  readonly machine: string;
  readonly binding: string;
  readonly audience: { readonly wanted: string; readonly same: boolean };
  readonly claims: readonly ClaimComparison[];
  readonly fits: boolean;
}

const longestValue = 200;

/**
 * How far a verified token is from each binding of its issuer, nearest first: for people who ask why. What rules is `matchBinding`, which knows more than
 * claims (traps of the provider, runs that outsiders start).
 */
export function compareBindings(token: VerifiedToken, candidates: readonly Candidate[]): readonly BindingComparison[] {
  return candidates
    .filter(({ binding }) => binding.issuer === token.issuer.metadata.name)
    .map((candidate) => compare(token, candidate))
    .toSorted((a, b) => Number(b.fits) - Number(a.fits) || missing(a) - missing(b) || (a.machine < b.machine ? -1 : 1));
}

function compare(token: VerifiedToken, { machine, binding }: Candidate): BindingComparison {
  const { lists } = providerRules(token.issuer.spec);
  const claims = Object.entries(binding.claims).map(([claim, wanted]) => {
    const found = readClaim(token.claims, parseClaimPath(claim));
    return { claim, wanted: shown(wanted), found: found === undefined ? null : shown(found), same: sameClaim(found, wanted, lists.includes(claim)) };
  });
  const audience = { wanted: binding.audience, same: token.audiences.includes(binding.audience) };
  return { machine, binding: binding.name, audience, claims, fits: audience.same && claims.length > 0 && claims.every(({ same }) => same) };
}

const missing = ({ audience, claims }: BindingComparison): number => claims.filter(({ same }) => !same).length + (audience.same ? 0 : 1);

/** JSON escapes control characters below space itself; the others are replaced. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  const cut = text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
  return cut.replaceAll(/[\u007f-\u009f]/g, '�');
}
