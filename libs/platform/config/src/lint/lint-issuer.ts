import { isDefaultAudience, providersOf } from '../claims/providers.ts';
import { seconds } from '../kinds/common.ts';
import type { IssuerDocument } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';

/** Longest clock difference and oldest token that are sensible, in seconds. */
const maxSkew = 300;
const maxAge = 24 * 3600;
const longAge = 3600;
const maxStale = 24 * 3600;

/** Claims that are names, or that a user, a project or an administrator can change. */
export const mutableClaims: readonly string[] = ['email', 'upn', 'preferred_username', 'unique_name', 'name', 'nickname', 'given_name', 'family_name', 'actor', 'user_login', 'user_email', 'login', 'username', 'repository', 'repository_owner', 'project_path', 'namespace_path'];

/** What makes an issuer unfit to be trusted, whoever uses it. */
export function lintIssuer(issuer: IssuerDocument): readonly Finding[] {
  return [...address(issuer), ...provider(issuer), ...keys(issuer), ...claims(issuer), ...times(issuer), ...login(issuer)];
}

function address({ spec }: IssuerDocument): Finding[] {
  const found: Finding[] = [];
  // Of SPIFFE and SAML it is a name, which nobody calls.
  if (spec.provider === 'spiffe' ? !/^spiffe:\/\/[a-z0-9._-]{1,255}$/.test(spec.issuer) : false) found.push(refuse('issuer-not-canonical', 'spec.issuer', 'must be the trust domain: spiffe://bank.example'));
  if (spec.provider !== 'spiffe' && spec.provider !== 'saml' && !isSecure(spec.issuer)) found.push(refuse('issuer-insecure', 'spec.issuer', 'must be https; http is for loopback addresses only'));
  if (/[?#\s]/.test(spec.issuer) || new URL(spec.issuer).username !== '') found.push(refuse('issuer-not-canonical', 'spec.issuer', 'must be the exact `iss` of the tokens: no query, fragment or user part'));
  if ('jwksUri' in spec.keys && !isSecure(spec.keys.jwksUri)) found.push(refuse('issuer-insecure', 'spec.keys.jwksUri', 'must be https; http is for loopback addresses only'));
  return found;
}

function provider({ spec }: IssuerDocument): Finding[] {
  const found: Finding[] = [];
  const known = providersOf(spec.issuer);
  if (known !== null && !known.includes(spec.provider)) found.push(refuse('issuer-provider-wrong', 'spec.provider', `${spec.issuer} is a ${known.join(' or ')} issuer; another provider would skip its checks`));
  if (/^https:\/\/login\.microsoftonline\.(com|us)\//.test(spec.issuer) && !/\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\/|$)/i.test(spec.issuer)) {
    found.push(refuse('issuer-tenant-missing', 'spec.issuer', 'must name one tenant by its GUID; `common` and `organizations` trust every tenant there is'));
  }
  if (spec.provider === 'azure-devops' && spec.issuer.startsWith('https://vstoken.dev.azure.com/')) {
    found.push(warn('issuer-retiring', 'spec.issuer', 'the vstoken.dev.azure.com issuer is retired on 2027-07-01; move service connections to the Entra issuer'));
  }
  return found;
}

function keys({ spec }: IssuerDocument): Finding[] {
  if ('certificates' in spec.keys && spec.provider !== 'spiffe' && spec.provider !== 'saml') return [refuse('issuer-keys-kind', 'spec.keys', 'certificates are of SAML identity providers and of SPIFFE trust domains (X.509-SVIDs); tokens of this provider are signed by keys')];
  if (spec.provider === 'saml' && !('certificates' in spec.keys)) return [refuse('issuer-keys-kind', 'spec.keys', 'a SAML identity provider is known by its signing certificates')];
  if (spec.provider === 'spiffe' && 'discovery' in spec.keys) return [refuse('issuer-keys-kind', 'spec.keys', 'a trust domain is no web address: give jwksUri, jwks, or certificates for X.509-SVIDs')];
  if (spec.tokenReview !== undefined && spec.provider !== 'kubernetes') return [refuse('issuer-review-foreign', 'spec.tokenReview', 'only Kubernetes reviews tokens')];
  if ('discovery' in spec.keys && providersOf(spec.issuer)?.includes('kubernetes') === true) {
    return [refuse('issuer-keys-shared', 'spec.keys', `${spec.issuer} is the issuer of every cluster that did not choose one: pin this cluster's keys with jwksUri or jwks`)];
  }
  if (!('jwks' in spec.keys)) return [];
  const hidden = spec.keys.jwks.keys.some((key) => key['kty'] === 'oct' || 'd' in key || 'k' in key);
  return hidden ? [refuse('issuer-keys-private', 'spec.keys.jwks', 'holds a private or shared key; only public keys belong here, and that key must be replaced now')] : [];
}

function claims({ spec }: IssuerDocument): Finding[] {
  const found: Finding[] = [];
  if ((spec.provider === 'generic' || spec.provider === 'saml') && spec.trusts.includes('machines') && spec.immutableClaims.length === 0) {
    found.push(refuse('issuer-immutable-missing', 'spec.immutableClaims', 'this issuer must say which of its claims never change hands'));
  }
  for (const [i, claim] of spec.immutableClaims.entries()) {
    if (mutableClaims.includes(claim)) found.push(refuse('issuer-immutable-mutable', `spec.immutableClaims[${i}]`, `"${claim}" is a name that can be changed or given to somebody else`));
  }
  for (const [i, audience] of spec.audiences.entries()) {
    if (!isDefaultAudience(audience, spec)) continue;
    found.push(refuse('issuer-audience-default', `spec.audiences[${i}]`, `"${audience}" is what tokens carry when nobody chose an audience, so tokens meant for others would be accepted`));
  }
  return found;
}

function times({ spec }: IssuerDocument): Finding[] {
  const found: Finding[] = [];
  if (seconds(spec.clockSkew) > maxSkew) found.push(refuse('issuer-skew', 'spec.clockSkew', 'over 5m; mend the clock instead'));
  if (seconds(spec.maxTokenAge) > maxAge) found.push(refuse('issuer-age', 'spec.maxTokenAge', 'over 24h is a long-lived secret, not a token'));
  else if (seconds(spec.maxTokenAge) > longAge) found.push(warn('issuer-age', 'spec.maxTokenAge', 'over 1h; a stolen token serves as long'));
  if (spec.serveStaleKeysFor !== undefined && seconds(spec.serveStaleKeysFor) > maxStale) found.push(refuse('issuer-stale-keys', 'spec.serveStaleKeysFor', 'over 24h; a revoked key would be trusted as long'));
  return found;
}

function login({ spec }: IssuerDocument): Finding[] {
  if (spec.login === undefined) return [];
  const found: Finding[] = [];
  if (!spec.trusts.includes('people')) found.push(refuse('issuer-login-not-for-people', 'spec.login', 'is for people, and the issuer is not trusted for people'));
  if (spec.login.token === 'id' && !spec.audiences.includes(spec.login.clientId)) found.push(refuse('issuer-login-audience', 'spec.login.token', 'an ID token is made for its client: add spec.login.clientId to spec.audiences, or use the access token'));
  return found;
}

/** https anywhere, http only where nobody else can listen. */
export function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
