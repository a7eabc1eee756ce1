import { describe, expect, it } from 'vitest';
import { issuerDocument, trustBinding, type IssuerDocument } from '../kinds/identity.ts';
import type { Provider } from '../claims/providers.ts';
import { lintBinding } from './lint-binding.ts';
import { lintIssuer } from './lint-issuer.ts';

const guid = '271ef6f7-5998-4b0f-86fb-4b54d9129990';
const uid = '11111111-2222-4333-8444-555555555555';
const urls: Readonly<Record<Provider, string>> = {
  github: 'https://token.actions.githubusercontent.com', gitlab: 'https://gitlab.com', 'azure-devops': `https://login.microsoftonline.com/${guid}/v2.0`, entra: `https://login.microsoftonline.com/${guid}/v2.0`,
  kubernetes: 'https://cluster-a.example', spiffe: 'spiffe://bank.example', saml: 'https://saml.example', generic: 'https://idp.example',
};

function issuer(provider: Provider, spec: Record<string, unknown> = {}): IssuerDocument {
  return issuerDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' },
    spec: { issuer: urls[provider], provider, trusts: ['machines'], keys: provider === 'spiffe' ? { jwksUri: 'https://bundle.bank.example' } : { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport'], immutableClaims: provider === 'generic' ? ['sub'] : [], ...spec },
  });
}

const binding = (provider: Provider, claims: Record<string, unknown>, rest: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) =>
  lintBinding(trustBinding.parse({ name: 'b', issuer: 'i', audience: 'sallyport', claims, ...rest }), issuer(provider, spec), 'spec.bindings[0]').map(({ severity, code }) => `${severity} ${code}`);
const trusted = (provider: Provider, spec: Record<string, unknown>) => lintIssuer(issuer(provider, spec)).map(({ severity, code }) => `${severity} ${code}`);

const gh = { repository_id: '1234', repository_owner_id: '99' };
const sa = { 'kubernetes\\.io.serviceaccount.uid': uid, 'kubernetes\\.io.namespace': 'batch' };
const app = { tid: guid, oid: uid };

/**
 * The traps of workload identity, one line each: what somebody writes who does not know it, and the code that keeps it from standing (`refuse`) or says so (`warn`). Those that a token
 * alone can show are in `traps.spec.ts` of platform/identity.
 */
const traps: readonly (readonly [trap: string, code: string, found: () => string[]])[] = [
  ['any provider: a wildcard in a claim', 'refuse binding-wildcard', () => binding('github', { ...gh, ref: 'refs/heads/*' })],
  ['any provider: a regular expression', 'refuse binding-wildcard', () => binding('generic', { sub: '^job-.+$' })],
  ['any provider: a wildcard audience', 'refuse binding-wildcard', () => binding('generic', { sub: 'w' }, { audience: '*' }, { audiences: ['*'] })],
  ['any provider: no claim that never changes hands', 'refuse binding-no-immutable-claim', () => binding('generic', { email: 'a@b.example' })],
  ['any provider: an audience that is not the issuer’s', 'refuse binding-audience-foreign', () => binding('github', gh, { audience: 'other' })],

  ['GitHub: names are recycled', 'refuse binding-no-immutable-claim', () => binding('github', { repository: 'acme/app', repository_owner: 'acme' })],
  ['GitHub: names beside ids', 'warn binding-mutable-claim', () => binding('github', { ...gh, repository: 'acme/app', environment: 'production' })],
  ['GitHub: the subject, in its form before July 2026', 'refuse binding-subject-only', () => binding('github', { sub: 'repo:acme/app:environment:production' })],
  ['GitHub: the subject, in its form with ids', 'refuse binding-subject-only', () => binding('github', { sub: 'repo:acme@99/app@1234:environment:production' })],
  ['GitHub: the subject, in the hyphen form that was squatted', 'refuse binding-subject-only', () => binding('github', { sub: 'repo:acme-99/app-1234:ref:refs/heads/main' })],
  ['GitHub: the subject with escaped colons', 'refuse binding-subject-only', () => binding('github', { sub: 'repo:acme/app:environment:a%3Ab' })],
  ['GitHub: the subject beside ids', 'warn binding-subject-unstable', () => binding('github', { ...gh, environment: 'production', sub: 'repo:acme/app:environment:production' })],
  ['GitHub: pull requests run the code of strangers', 'refuse binding-event-outsider', () => binding('github', { ...gh, event_name: 'pull_request' })],
  ['GitHub: pull_request_target does, too', 'refuse binding-event-outsider', () => binding('github', { ...gh, event_name: 'pull_request_target' })],
  ['GitHub: the ref of a pull request', 'refuse binding-ref-outsider', () => binding('github', { ...gh, ref: 'refs/pull/7/merge' })],
  ['GitHub: the audience alone trusts every repository there is', 'refuse binding-no-immutable-claim', () => binding('github', {})],
  ['GitHub: the default audience is the owner’s page', 'refuse binding-audience-default', () => binding('github', gh, { audience: 'https://github.com/acme' }, { audiences: ['https://github.com/acme'] })],
  ['GitHub: the default audience in the issuer', 'refuse issuer-audience-default', () => trusted('github', { audiences: ['https://github.com/acme'] })],
  ['GitHub: every branch, because none is named', 'warn binding-wide', () => binding('github', gh)],

  ['GitLab: the subject is what the project makes of it', 'refuse binding-subject-only', () => binding('gitlab', { sub: 'project_path:a/b:ref_type:branch:ref:main' })],
  ['GitLab: merge requests of forks', 'refuse binding-event-outsider', () => binding('gitlab', { project_id: '77', environment: 'production', pipeline_source: 'merge_request_event' })],
  ['GitLab: numbers are strings', 'refuse binding-claim-type', () => binding('gitlab', { project_id: 77, environment: 'production' })],
  ['GitLab: booleans are strings', 'refuse binding-claim-type', () => binding('gitlab', { project_id: '77', ref: 'main', ref_type: 'branch', ref_protected: true })],
  ['GitLab: a branch that anybody may push to', 'warn binding-ref-unprotected', () => binding('gitlab', { project_id: '77', ref: 'main', ref_type: 'branch' })],
  ['GitLab: a tag of the branch’s name', 'warn binding-ref-type', () => binding('gitlab', { project_id: '77', ref: 'main', ref_protected: 'true' })],
  ['GitLab: an own server’s address as the audience', 'refuse binding-audience-default', () => binding('gitlab', { project_id: '77', environment: 'e' }, { audience: 'https://gitlab.bank.example' }, { issuer: 'https://gitlab.bank.example', audiences: ['https://gitlab.bank.example'] })],

  ['Azure DevOps: the old issuer ends', 'warn issuer-retiring', () => trusted('azure-devops', { issuer: `https://vstoken.dev.azure.com/${guid}` })],
  ['Azure DevOps: subjects of names', 'refuse binding-immutable-malformed', () => binding('azure-devops', { sub: 'sc://acme/project/connection' })],

  ['Entra: every tenant', 'refuse issuer-tenant-missing', () => trusted('entra', { issuer: 'https://login.microsoftonline.com/common/v2.0' })],
  ['Entra: the subject is pairwise', 'warn binding-subject-pairwise', () => binding('entra', { ...app, sub: 'x' })],
  ['Entra: the application, not the instance', 'refuse binding-no-immutable-claim', () => binding('entra', { azp: guid })],
  ['Entra: names of v1 claims in v2 tokens', 'warn binding-claim-version', () => binding('entra', { ...app, appid: guid })],
  ['Entra: names of v2 claims in v1 tokens', 'warn binding-claim-version', () => binding('entra', { ...app, azp: guid }, {}, { issuer: `https://sts.windows.net/${guid}/` })],
  ['Entra: groups are left out when there are many', 'warn binding-groups-overage', () => binding('entra', { ...app, groups: guid })],
  ['Entra: so are wids', 'warn binding-groups-overage', () => binding('entra', { ...app, wids: guid })],
  ['Entra: names of people', 'warn binding-mutable-claim', () => binding('entra', { ...app, preferred_username: 'a@b.example' })],
  ['Entra: another tenant’s account', 'refuse binding-tenant-foreign', () => binding('entra', { tid: uid, oid: uid })],
  ['Entra: audiences of Microsoft’s own APIs', 'refuse issuer-audience-default', () => trusted('entra', { audiences: ['https://graph.microsoft.com'] })],

  ['Kubernetes: the account’s name, which another takes', 'refuse binding-no-immutable-claim', () => binding('kubernetes', { 'kubernetes\\.io.namespace': 'batch', 'kubernetes\\.io.serviceaccount.name': 'nightly' })],
  ['Kubernetes: claims of tokens in Secrets', 'refuse binding-legacy-claim', () => binding('kubernetes', { ...sa, 'kubernetes\\.io/serviceaccount/service-account\\.uid': uid })],
  ['Kubernetes: the default account', 'refuse binding-default-account', () => binding('kubernetes', { ...sa, 'kubernetes\\.io.serviceaccount.name': 'default' })],
  ['Kubernetes: the default account by its subject', 'refuse binding-default-account', () => binding('kubernetes', { ...sa, sub: 'system:serviceaccount:batch:default' })],
  ['Kubernetes: the default audience', 'refuse binding-audience-default', () => binding('kubernetes', sa, { audience: 'https://kubernetes.default.svc' }, { audiences: ['https://kubernetes.default.svc'] })],
  ['Kubernetes: one issuer for every cluster', 'refuse issuer-keys-shared', () => trusted('kubernetes', { issuer: 'https://kubernetes.default.svc.cluster.local' })],
  ['a known issuer declared generic, to escape its traps', 'refuse issuer-provider-wrong', () => trusted('generic', { issuer: 'https://kubernetes.default.svc' })],

  ['SPIFFE: a trust domain without a path', 'refuse binding-immutable-malformed', () => binding('spiffe', { sub: 'spiffe://bank.example' })],
  ['SPIFFE: a path that could be spelt in two ways', 'refuse binding-immutable-malformed', () => binding('spiffe', { sub: 'spiffe://bank.example/a/../b' })],
  ['SPIFFE: a prefix of paths', 'refuse binding-wildcard', () => binding('spiffe', { sub: 'spiffe://bank.example/ledger/*' })],
  ['SPIFFE: another trust domain', 'refuse binding-domain-foreign', () => binding('spiffe', { sub: 'spiffe://other.example/ledger' })],
  ['SPIFFE: paths are used again', 'warn binding-path-reusable', () => binding('spiffe', { sub: 'spiffe://bank.example/ledger' })],

  ['GCP: the e-mail address of a service account', 'warn binding-value-reusable', () => binding('generic', { sub: 'job@project.iam.gserviceaccount.com' })],
  ['AWS: the name in an ARN', 'warn binding-value-reusable', () => binding('generic', { sub: 'arn:aws:iam::123456789012:role/job' })],
  ['OIDC: a name as what never changes', 'refuse issuer-immutable-mutable', () => trusted('generic', { immutableClaims: ['email'] })],
  ['OIDC: nothing said of what never changes', 'refuse issuer-immutable-missing', () => trusted('generic', { immutableClaims: [] })],
  ['OIDC: keys over plain HTTP', 'refuse issuer-insecure', () => trusted('generic', { keys: { jwksUri: 'http://idp.example/keys' } })],
  ['OIDC: tokens that are passwords', 'refuse issuer-age', () => trusted('generic', { maxTokenAge: '30d' })],
  ['replay protection off without a reason', 'refuse binding-replay-unjustified', () => binding('generic', { sub: 'w' }, { replay: 'off' })],
];

describe('the linter', () => {
  it.each(traps)('knows the trap “%s” and says %s', (_trap, code, found) => {
    expect(found()).toContain(code);
  });

  it('finds nothing in bindings as they should be, but what is said of every SPIFFE ID', () => {
    expect(binding('github', { ...gh, environment: 'production' })).toEqual([]);
    expect(binding('gitlab', { project_id: '77', environment: 'production' })).toEqual([]);
    expect(binding('entra', { ...app, azp: guid, idtyp: 'app' })).toEqual([]);
    expect(binding('kubernetes', sa)).toEqual([]);
    expect(binding('azure-devops', { sub: `/eid1/c/pub/t/AbC_-d/a/x/sc/${guid}/${uid}` })).toEqual([]);
    expect(binding('generic', { sub: '104857600000000000000' })).toEqual([]);
    expect(binding('spiffe', { sub: 'spiffe://bank.example/ledger' })).toEqual(['warn binding-path-reusable']);
  });
});
