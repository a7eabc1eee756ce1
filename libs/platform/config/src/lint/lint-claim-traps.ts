import type { IssuerDocument, TrustBinding } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';

type Claims = ReadonlyMap<string, string | number | boolean>;

/** What single claims of single providers do not say, although they look as if they did. @param claims by their canonical path */
export function lintClaimTraps(binding: TrustBinding, claims: Claims, issuer: IssuerDocument, at: string): readonly Finding[] {
  switch (issuer.spec.provider) {
    case 'github':
      return github(binding, claims, at);
    case 'gitlab':
      return gitlab(claims, at);
    case 'entra':
      return entra(claims, issuer, at);
    case 'generic':
      return generic(claims, issuer, at);
    case 'kubernetes':
      return kubernetes(claims, at);
    case 'spiffe':
      return spiffe(claims, issuer, at);
    case 'saml':
    case 'azure-devops':
      return [];
  }
}

/** `ref` is whole (`refs/heads/main`), and that of a pull request is code that somebody outside has written. */
function github({ justification }: TrustBinding, claims: Claims, at: string): Finding[] {
  const ref = claims.get('ref');
  if (typeof ref !== 'string') return [];
  const path = `${at}.claims.ref`;
  if (ref.startsWith('refs/pull/')) {
    const say = `${ref} is a pull request: it runs code that somebody outside can propose`;
    return [justification === undefined ? refuse('binding-ref-outsider', path, `${say}; give a justification if that is truly meant`) : warn('binding-ref-outsider', path, `${say}; accepted as justified`)];
  }
  return ref.startsWith('refs/') ? [] : [warn('binding-ref-form', path, 'GitHub sends whole refs like refs/heads/main: this one matches no token')];
}

/** `ref` is a bare name: of a branch or of a tag, and of one that developers may push to unless it is protected. */
function gitlab(claims: Claims, at: string): Finding[] {
  if (!claims.has('ref')) return [];
  const found: Finding[] = [];
  if (!claims.has('ref_type')) found.push(warn('binding-ref-type', `${at}.claims.ref`, 'a tag may have the name of the branch: add ref_type'));
  if (claims.get('ref_protected') !== 'true') found.push(warn('binding-ref-unprotected', `${at}.claims.ref`, 'whoever may push to it becomes this machine: protect it and add ref_protected "true"'));
  return found;
}

function entra(claims: Claims, { spec }: IssuerDocument, at: string): Finding[] {
  const found: Finding[] = [];
  for (const claim of ['groups', 'wids']) {
    if (claims.has(claim)) found.push(warn('binding-groups-overage', `${at}.claims.${claim}`, 'is left out of tokens with more than 200 groups, and then the machine is refused: use app roles (roles)'));
  }
  if (claims.has('sub')) found.push(warn('binding-subject-pairwise', `${at}.claims.sub`, 'is another one for each application that the token is for, and says nothing that tid and oid do not'));
  // v1 tokens have appid, v2 tokens azp; which of them come is the issuer's address.
  const second = /\/v2\.0\/?$/.test(new URL(spec.issuer).pathname);
  for (const [claim, other, here] of [['appid', 'azp', !second], ['azp', 'appid', second], ['appidacr', 'azpacr', !second], ['azpacr', 'appidacr', second]] as const) {
    if (claims.has(claim) && !here) found.push(warn('binding-claim-version', `${at}.claims.${claim}`, `tokens of ${second ? 'v2.0' : 'v1.0'} issuers have ${other} in its place: this one matches no token`));
  }
  const tenant = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(new URL(spec.issuer).pathname)?.[0];
  const tid = claims.get('tid');
  if (tenant !== undefined && typeof tid === 'string' && tid.toLowerCase() !== tenant.toLowerCase()) found.push(refuse('binding-tenant-foreign', `${at}.claims.tid`, 'is another tenant than the issuer’s: no token could match'));
  return found;
}

/** Tokens of Secrets have flat claims, no end and no audience; they are refused at run time. */
function kubernetes(claims: Claims, at: string): Finding[] {
  return [...claims.keys()].filter((claim) => claim.startsWith('kubernetes\\.io/')).map((claim) => refuse('binding-legacy-claim', `${at}.claims.${claim}`, 'is of tokens that lie in Secrets and never expire, and those are refused: use projected tokens (kubernetes\\.io.serviceaccount.uid)'));
}

/** A SPIFFE ID is what the workload was registered as, by whoever registers workloads. */
function spiffe(claims: Claims, { spec }: IssuerDocument, at: string): Finding[] {
  const sub = claims.get('sub');
  if (typeof sub !== 'string') return [];
  if (!sub.startsWith(`${spec.issuer}/`)) return [refuse('binding-domain-foreign', `${at}.claims.sub`, `is not of the issuer’s trust domain ${spec.issuer}: no token could match`)];
  return [warn('binding-path-reusable', `${at}.claims.sub`, 'a path can be registered for another workload after this one: see to it that paths of machines are not used again')];
}

/** E-mail addresses (of GCP service accounts too) and names in ARNs are given to others after a deletion. */
function generic(claims: Claims, { spec }: IssuerDocument, at: string): Finding[] {
  return spec.immutableClaims.flatMap((claim) => {
    const value = claims.get(claim);
    if (typeof value !== 'string' || !(/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) || value.startsWith('arn:'))) return [];
    return [warn('binding-value-reusable', `${at}.claims.${claim}`, 'an e-mail address or ARN can be given to somebody else after a deletion: match the numeric or unique id')];
  });
}
