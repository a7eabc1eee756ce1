import { parseClaimPath, providerRules, readClaim, type ProviderRules, type TrustBinding } from '@sallyport/platform-config';
import { BindingIndex, type Candidate } from './binding-index.ts';
import type { Claims } from './compact-jws.ts';
import { npidOf } from './npid.ts';
import { refuse } from './refused.ts';
import { spiffeId } from './svid/spiffe-id.ts';
import type { VerifiedToken } from './token-verifier.ts';

export interface Match extends Candidate {
  readonly npid: string;
}

/**
 * The one machine that a verified token is. Claims are compared exactly and with their type: `"74"` is not `74`, nothing is parsed, no
 * prefix counts. Throws TokenRefusedError when none fits, when bindings of several machines fit, or when the token
 * is of a kind that may be no machine (see `traps`).
 * @param candidates all bindings, as a list or indexed; those of other issuers are skipped
 */
export function matchBinding(token: VerifiedToken, candidates: readonly Candidate[] | BindingIndex): Match {
  const rules = providerRules(token.issuer.spec);
  traps(token);
  const possible = candidates instanceof BindingIndex ? candidates.near(token.claims) : candidates;
  const near = possible.filter(({ binding }) => binding.issuer === token.issuer.metadata.name && token.audiences.includes(binding.audience));
  const fitting = near.filter(({ binding }) => fits(binding, token.claims, rules, null));
  const welcome = fitting.filter(({ binding }) => !isOutsider(token.claims, rules) || namesEvent(binding, rules));
  if (fitting.length > 0 && welcome.length === 0) refuse('claims-outsider-event', 'the run was started by an event that outsiders can cause, and the binding does not name it');
  const [first, ...rest] = mostSpecificFirst(welcome);
  if (first === undefined) {
    if (hidesGroups(token.claims) && near.some(({ binding }) => fits(binding, token.claims, rules, 'groups'))) refuse('claims-groups-overage', 'the token leaves its groups out because there are too many; use app roles');
    return refuse('claims-unmatched', `no machine is bound to what issuer ${token.issuer.metadata.name} says of this token`);
  }
  if (rest.some(({ machine }) => machine !== first.machine)) refuse('claims-ambiguous', 'the token fits bindings of several machines');
  return { ...first, npid: npidOf(token, first.binding) };
}

/** Tokens that are genuine and still no machine. */
function traps({ issuer, claims }: VerifiedToken): void {
  switch (issuer.spec.provider) {
    case 'spiffe':
      if (!inDomain(claims['sub'], issuer.spec.issuer)) refuse('claims-malformed', `the subject is no SPIFFE ID of ${issuer.spec.issuer}`);
      return;
    case 'entra':
      if (claims['idtyp'] !== 'app') refuse('claims-user-token', 'not an app-only token: machines need idtyp=app (an optional claim of the app registration)');
      return;
    case 'kubernetes':
      if (readClaim(claims, ['kubernetes.io', 'serviceaccount', 'uid']) === undefined) refuse('claims-legacy', 'not a projected service account token: it is not bound to an account uid');
      if (readClaim(claims, ['kubernetes.io', 'serviceaccount', 'name']) === 'default') refuse('claims-default-account', 'the `default` service account stands for every pod that names none');
      return;
    case 'github':
    case 'gitlab':
    case 'azure-devops':
    case 'saml':
    case 'generic':
      return;
  }
}

/** SPIFFE-ID section 2: of this trust domain, with a path. */
function inDomain(subject: unknown, domain: string): boolean {
  return typeof subject === 'string' && subject.startsWith(`${domain}/`) && spiffeId.test(subject);
}

function fits(binding: TrustBinding, claims: Claims, rules: ProviderRules, ignore: string | null): boolean {
  const wanted = Object.entries(binding.claims);
  // A binding without claims would fit every token of the issuer. The linter refuses it; so does this.
  if (wanted.length === 0) return false;
  return wanted.every(([claim, value]) => claim === ignore || sameClaim(readClaim(claims, parseClaimPath(claim)), value, rules.lists.includes(claim)));
}

/** Exactly the wanted value, with its type; where the provider's claim is a list, one of its members. */
export function sameClaim(actual: unknown, wanted: string | number | boolean, list: boolean): boolean {
  return actual === wanted || (list && Array.isArray(actual) && actual.includes(wanted));
}

/** Whether the run was started by an event that outsiders can cause. */
export function isOutsider(claims: Claims, { outsiders }: ProviderRules): boolean {
  return outsiders !== null && outsiders.values.some((value) => value === claims[outsiders.claim]);
}

function namesEvent(binding: TrustBinding, { outsiders }: ProviderRules): boolean {
  return outsiders !== null && Object.hasOwn(binding.claims, outsiders.claim);
}

/** Entra replaces `groups` by a pointer when there are more than 200 of them: their absence says nothing. */
function hidesGroups(claims: Claims): boolean {
  return readClaim(claims, ['_claim_names', 'groups']) !== undefined || claims['hasgroups'] === true;
}

function mostSpecificFirst(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => Object.keys(b.binding.claims).length - Object.keys(a.binding.claims).length);
}
