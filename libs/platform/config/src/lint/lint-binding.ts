import { ClaimPathError, parseClaimPath, writeClaimPath } from '../claims/claim-path.ts';
import { isDefaultAudience, providerRules, type ProviderRules } from '../claims/providers.ts';
import type { IssuerDocument, TrustBinding } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';
import { mutableClaims } from './lint-issuer.ts';
import { lintClaimTraps } from './lint-claim-traps.ts';
import { patternLike } from './wildcard.ts';

type Claims = ReadonlyMap<string, string | number | boolean>;

/**
 * What makes a trust binding unsafe: who else could come with a token that matches it, today or after a rename?
 * @param at path of the binding in its document, `spec.bindings[0]`
 */
export function lintBinding(binding: TrustBinding, issuer: IssuerDocument, at: string): readonly Finding[] {
  const { claims, findings } = normalise(binding, at);
  const rules = providerRules(issuer.spec);
  return [
    ...findings,
    ...issuerAndAudience(binding, issuer, at),
    ...immutable(claims, rules, issuer, at),
    ...values(claims, rules, issuer, at),
    ...subject(claims, rules, issuer, at),
    ...traps(binding, claims, rules, issuer, at),
    ...lintClaimTraps(binding, claims, issuer, at),
    ...replay(binding, at),
  ];
}

/** Claims by their canonical path, so that `a` and its escaped spellings are one. */
function normalise(binding: TrustBinding, at: string): { claims: Claims; findings: Finding[] } {
  const claims = new Map<string, string | number | boolean>();
  const findings: Finding[] = [];
  for (const [written, value] of Object.entries(binding.claims)) {
    try {
      claims.set(writeClaimPath(parseClaimPath(written)), value);
    } catch (error) {
      if (!(error instanceof ClaimPathError)) throw error;
      findings.push(refuse('binding-claim-path', `${at}.claims`, error.message));
    }
  }
  return { claims, findings };
}

function issuerAndAudience(binding: TrustBinding, { spec, metadata }: IssuerDocument, at: string): Finding[] {
  const found: Finding[] = [];
  if (!spec.trusts.includes('machines')) found.push(refuse('binding-issuer-people', `${at}.issuer`, `issuer ${metadata.name} is not trusted for machines`));
  if (!spec.audiences.includes(binding.audience)) found.push(refuse('binding-audience-foreign', `${at}.audience`, `must be exactly one of the issuer's: ${spec.audiences.join(', ')}`));
  if (patternLike(binding.audience) !== null) found.push(refuse('binding-wildcard', `${at}.audience`, `${patternLike(binding.audience)}; audiences are compared exactly`));
  if (isDefaultAudience(binding.audience, spec)) found.push(refuse('binding-audience-default', `${at}.audience`, 'is what tokens carry when nobody chose an audience; ask for one of your own'));
  return found;
}

function immutable(claims: Claims, rules: ProviderRules, { spec }: IssuerDocument, at: string): Finding[] {
  const complete = rules.immutable.filter((set) => set.every(({ claim }) => claims.has(claim)));
  if (complete.length === 0) {
    const wanted = rules.immutable.map((set) => set.map(({ claim }) => claim).join(' and ')).join(', or ') || 'a claim that the issuer declares in immutableClaims';
    return [refuse('binding-no-immutable-claim', `${at}.claims`, `must match ${wanted}: everything else of a ${spec.provider} token can be renamed or taken over`)];
  }
  const sound = complete.some((set) => set.every(({ claim, form }) => form === undefined || form.pattern.test(String(claims.get(claim)))));
  if (sound) return [];
  return complete.flat().flatMap(({ claim, form }) => (form === undefined || form.pattern.test(String(claims.get(claim))) ? [] : [refuse('binding-immutable-malformed', `${at}.claims.${claim}`, `must be ${form.say}`)]));
}

function values(claims: Claims, rules: ProviderRules, { spec }: IssuerDocument, at: string): Finding[] {
  const found: Finding[] = [];
  for (const [claim, value] of claims) {
    const path = `${at}.claims.${claim}`;
    const pattern = typeof value === 'string' ? patternLike(value) : null;
    if (value === '') found.push(refuse('binding-claim-empty', path, 'an empty value says nothing about who comes'));
    if (pattern !== null) found.push(refuse('binding-wildcard', path, `${pattern}; claims are compared exactly, one binding for each value`));
    if (/[*?]/.test(claim)) found.push(refuse('binding-wildcard', path, 'the claim name looks like a pattern'));
    if (rules.stringsOnly && typeof value !== 'string') found.push(refuse('binding-claim-type', path, `${spec.provider} sends this as a string: write "${value}" in quotes`));
    if (typeof value === 'number' && !Number.isSafeInteger(value)) found.push(refuse('binding-claim-type', path, 'is no safe integer and cannot be compared exactly'));
    if (mutableClaims.includes(claim)) found.push(warn('binding-mutable-claim', path, 'is a name; it breaks on a rename and proves nothing that the immutable claims do not'));
  }
  return found;
}

function subject(claims: Claims, rules: ProviderRules, { spec }: IssuerDocument, at: string): Finding[] {
  if (!rules.subjectUnstable || !claims.has('sub')) return [];
  if (claims.size === 1) return [refuse('binding-subject-only', `${at}.claims.sub`, `the subject of ${spec.provider} tokens is put together from names, and its form changes; match the numeric ids`)];
  return [warn('binding-subject-unstable', `${at}.claims.sub`, `the form of ${spec.provider} subjects changes (ids were added in 2026, projects can customise it): the binding will stop matching one day`)];
}

function traps(binding: TrustBinding, claims: Claims, rules: ProviderRules, { spec }: IssuerDocument, at: string): Finding[] {
  const found: Finding[] = [];
  const event = rules.outsiders === null ? undefined : claims.get(rules.outsiders.claim);
  if (rules.outsiders?.values.some((value) => value === event) === true) {
    const path = `${at}.claims.${rules.outsiders.claim}`;
    const say = `${String(event)} runs code that somebody outside can propose`;
    found.push(binding.justification === undefined ? refuse('binding-event-outsider', path, `${say}; give a justification if that is truly meant`) : warn('binding-event-outsider', path, `${say}; accepted as justified`));
  }
  if (rules.narrowing.length > 0 && !rules.narrowing.some((claim) => claims.has(claim))) {
    found.push(warn('binding-wide', `${at}.claims`, `every branch of the repository matches; add ${rules.narrowing.join(', or ')}`));
  }
  const account = claims.get('kubernetes\\.io.serviceaccount.name');
  const sub = claims.get('sub');
  if (spec.provider === 'kubernetes' && (account === 'default' || (typeof sub === 'string' && sub.endsWith(':default')))) {
    found.push(refuse('binding-default-account', `${at}.claims`, 'every pod of the namespace that names no account runs as `default`; make an account for this workload'));
  }
  return found;
}

function replay(binding: TrustBinding, at: string): Finding[] {
  if (binding.replay !== 'off' || binding.justification !== undefined) return [];
  return [refuse('binding-replay-unjustified', `${at}.replay`, 'replay protection may be off only with a justification')];
}
