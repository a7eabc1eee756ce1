import { describe, expect, it } from 'vitest';
import { issuerDocument, trustBinding, type IssuerDocument } from '../kinds/identity.ts';
import type { Provider } from '../claims/providers.ts';
import { lintBinding } from './lint-binding.ts';

const guid = '271ef6f7-5998-4b0f-86fb-4b54d9129990';
const urls: Readonly<Record<Provider, string>> = {
  github: 'https://token.actions.githubusercontent.com', gitlab: 'https://gitlab.com', 'azure-devops': `https://login.microsoftonline.com/${guid}/v2.0`,
  entra: `https://login.microsoftonline.com/${guid}/v2.0`, kubernetes: 'https://cluster-a.example', spiffe: 'spiffe://bank.example', saml: 'https://saml.example', generic: 'https://idp.example',
};

function issuer(provider: Provider, spec: Record<string, unknown> = {}): IssuerDocument {
  return issuerDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' },
    spec: { issuer: urls[provider], provider, trusts: ['machines'], keys: { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport'], immutableClaims: provider === 'generic' ? ['workload_id'] : [], ...spec },
  });
}

function codes(provider: Provider, claims: Record<string, unknown>, rest: Record<string, unknown> = {}, spec: Record<string, unknown> = {}): string[] {
  const binding = trustBinding.parse({ name: 'b', issuer: 'i', audience: 'sallyport', claims, ...rest });
  return lintBinding(binding, issuer(provider, spec), 'spec.bindings[0]').map(({ severity, code }) => `${severity} ${code}`);
}

const github = { repository_id: '1234', repository_owner_id: '99', environment: 'production' };
const gitlab = { project_id: '77', environment: 'production' };
const kubernetes = { 'kubernetes\\.io.serviceaccount.uid': guid, 'kubernetes\\.io.namespace': 'batch' };

describe('a binding that is accepted', () => {
  it.each([
    ['github', github], ['gitlab', gitlab], ['entra', { tid: guid, oid: guid, idtyp: 'app' }], ['kubernetes', kubernetes],
    ['azure-devops', { prj_id: guid, def_id: '1' }], ['azure-devops', { sub: `/eid1/c/pub/t/AbC_-d/a/x/sc/${guid}/${guid}` }], ['generic', { workload_id: 'w-1' }],
  ] as const)('of %s names what never changes hands', (provider, claims) => {
    expect(codes(provider, claims)).toEqual([]);
  });
});

describe('a binding is refused', () => {
  it('when it trusts every repository of the provider: audience only', () => {
    expect(codes('github', {})).toContain('refuse binding-no-immutable-claim');
  });

  it.each([
    ['github', { repository: 'acme/app', ref: 'refs/heads/main' }], ['github', { repository_id: '1' }], ['gitlab', { project_path: 'acme/app' }], ['entra', { appid: guid }], ['entra', { oid: guid }],
    ['kubernetes', { 'kubernetes\\.io.serviceaccount.name': 'job', 'kubernetes\\.io.namespace': 'batch' }], ['azure-devops', { def_id: '1' }], ['generic', { email: 'a@b.example' }],
  ] as const)('when names stand where immutable claims must (%s %j)', (provider, claims) => {
    expect(codes(provider, claims)).toContain('refuse binding-no-immutable-claim');
  });

  it('when a generic issuer declares nothing immutable', () => {
    expect(codes('generic', { sub: 'x' }, {}, { immutableClaims: [] })).toContain('refuse binding-no-immutable-claim');
  });

  it.each(['repo:acme/*', 'refs/heads/release-?', '^refs/heads/main$', 'refs/heads/.+', 'main|master', 'v\\d', '[a-z]x', '(?:x)', '${BRANCH}'])('for the pattern %s', (ref) => {
    expect(codes('github', { ...github, ref })).toContain('refuse binding-wildcard');
  });

  it('for a wildcard audience or claim name', () => {
    expect(codes('generic', { workload_id: 'w' }, { audience: '*' }, { audiences: ['*'] })).toContain('refuse binding-wildcard');
    expect(codes('generic', { workload_id: 'w', 'a*': 'x' })).toContain('refuse binding-wildcard');
  });

  it.each(['repo:acme/app:ref:refs/heads/main', 'repo:acme@123/app@456:environment:production', 'repo:acme-123/app-456:pull_request'])('when the subject is all it has (%s): recycled names and squatted hyphen forms', (sub) => {
    expect(codes('github', { sub })).toContain('refuse binding-subject-only');
    expect(codes('gitlab', { sub: 'project_path:a/b:ref_type:branch:ref:main' })).toContain('refuse binding-subject-only');
  });

  it('when its audience is not the issuer\'s, or one that nobody chose', () => {
    expect(codes('github', github, { audience: 'sallyport ' })).toContain('refuse binding-audience-foreign');
    expect(codes('github', github, { audience: 'https://github.com/acme' }, { audiences: ['https://github.com/acme'] })).toContain('refuse binding-audience-default');
    expect(codes('kubernetes', kubernetes, { audience: 'https://kubernetes.default.svc' }, { audiences: ['https://kubernetes.default.svc'] })).toContain('refuse binding-audience-default');
    expect(codes('kubernetes', kubernetes, { audience: 'https://kubernetes.default.svc.cluster.local' }, { audiences: ['https://kubernetes.default.svc.cluster.local'] })).toContain('refuse binding-audience-default');
  });

  it('when it lets in runs that outsiders start, unless justified', () => {
    expect(codes('github', { ...github, event_name: 'pull_request' })).toContain('refuse binding-event-outsider');
    expect(codes('github', { ...github, event_name: 'pull_request_target' })).toContain('refuse binding-event-outsider');
    expect(codes('gitlab', { ...gitlab, pipeline_source: 'merge_request_event' })).toContain('refuse binding-event-outsider');
    expect(codes('gitlab', { ...gitlab, pipeline_source: 'merge_request_event' }, { justification: 'private project, forks are not allowed' })).toEqual(['warn binding-event-outsider']);
    expect(codes('github', { ...github, event_name: 'push' })).toEqual([]);
  });

  it('for the default service account of a namespace', () => {
    expect(codes('kubernetes', { ...kubernetes, 'kubernetes\\.io.serviceaccount.name': 'default' })).toContain('refuse binding-default-account');
    expect(codes('kubernetes', { ...kubernetes, sub: 'system:serviceaccount:batch:default' })).toContain('refuse binding-default-account');
  });

  it('when a number or boolean stands unquoted where the provider sends strings', () => {
    expect(codes('gitlab', { project_id: 77, environment: 'production' })).toContain('refuse binding-claim-type');
    expect(codes('gitlab', { ...gitlab, ref_protected: true })).toContain('refuse binding-claim-type');
    expect(codes('generic', { workload_id: 1.5 })).toContain('refuse binding-claim-type');
  });

  it('when a name stands in an immutable claim', () => {
    expect(codes('github', { ...github, repository_id: 'acme/app' })).toContain('refuse binding-immutable-malformed');
    expect(codes('azure-devops', { prj_id: 'my-project' })).toContain('refuse binding-immutable-malformed');
    expect(codes('azure-devops', { sub: 'sc://acme/project/connection' })).toContain('refuse binding-immutable-malformed');
    expect(codes('entra', { tid: 'common', oid: guid })).toContain('refuse binding-immutable-malformed');
  });

  it('for an empty value, a broken path, an issuer of people', () => {
    expect(codes('github', { ...github, ref: '' })).toContain('refuse binding-claim-empty');
    expect(codes('kubernetes', { ...kubernetes, 'a..b': 'x' })).toContain('refuse binding-claim-path');
    expect(codes('github', github, {}, { trusts: ['people'] })).toContain('refuse binding-issuer-people');
  });

  it.each([
    ['github', 'https://token.actions.bank.ghe.com', 'https://bank.ghe.com/acme', github], ['github', 'https://ghes.bank.example/_services/token', 'https://ghes.bank.example/acme', github],
    ['gitlab', 'https://gitlab.bank.example', 'https://gitlab.bank.example/', gitlab], ['kubernetes', 'https://oidc.eks.example/id/AB12', 'https://oidc.eks.example/id/AB12', kubernetes],
  ] as const)('when the audience is what a %s token of %s has by default', (provider, url, audience, claims) => {
    expect(codes(provider, claims, { audience }, { issuer: url, audiences: [audience] })).toContain('refuse binding-audience-default');
    expect(codes(provider, claims, {}, { issuer: url })).not.toContain('refuse binding-audience-default');
  });

  it('when its ref is a pull request, unless justified', () => {
    expect(codes('github', { ...github, ref: 'refs/pull/7/merge' })).toEqual(['refuse binding-ref-outsider']);
    expect(codes('github', { ...github, ref: 'refs/pull/7/merge' }, { justification: 'a private mirror where only bots open pull requests' })).toEqual(['warn binding-ref-outsider']);
  });

  it('when its tenant is not the issuer\'s', () => {
    expect(codes('entra', { tid: '11111111-2222-3333-4444-555555555555', oid: guid })).toEqual(['refuse binding-tenant-foreign']);
  });

  it('when replay protection is off without a reason', () => {
    expect(codes('github', github, { replay: 'off' })).toContain('refuse binding-replay-unjustified');
    expect(codes('github', github, { replay: 'off', justification: 'the runner pool shares one token by design' })).toEqual([]);
  });
});

describe('a binding is warned of', () => {
  it('when names are matched beside the ids', () => {
    expect(codes('github', { ...github, repository: 'acme/app' })).toEqual(['warn binding-mutable-claim']);
    expect(codes('github', { ...github, sub: 'repo:acme/app:environment:production' })).toEqual(['warn binding-subject-unstable']);
  });

  it('when every branch of a repository is let in', () => {
    expect(codes('github', { repository_id: '1', repository_owner_id: '2' })).toEqual(['warn binding-wide']);
    expect(codes('gitlab', { project_id: '1' })).toEqual(['warn binding-wide']);
  });

  it('when a ref is not what it looks like: a bare name, a tag of the same name, one that anybody may push', () => {
    expect(codes('github', { ...github, ref: 'main' })).toEqual(['warn binding-ref-form']);
    expect(codes('github', { ...github, ref: 'refs/heads/main' })).toEqual([]);
    expect(codes('gitlab', { ...gitlab, ref: 'main' })).toEqual(['warn binding-ref-type', 'warn binding-ref-unprotected']);
    expect(codes('gitlab', { ...gitlab, ref: 'main', ref_type: 'branch', ref_protected: 'false' })).toEqual(['warn binding-ref-unprotected']);
    expect(codes('gitlab', { ...gitlab, ref: 'main', ref_type: 'branch', ref_protected: 'true' })).toEqual([]);
  });

  it('when it counts on groups, which large tokens leave out', () => {
    expect(codes('entra', { tid: guid, oid: guid, groups: guid })).toEqual(['warn binding-groups-overage']);
    expect(codes('entra', { tid: guid, oid: guid, roles: 'Sallyport.Connect' })).toEqual([]);
  });

  it('when an immutable claim holds a name that is given away again', () => {
    expect(codes('generic', { workload_id: 'job@project.iam.gserviceaccount.com' })).toEqual(['warn binding-value-reusable']);
    expect(codes('generic', { workload_id: 'arn:aws:iam::1:role/job' })).toEqual(['warn binding-value-reusable']);
    expect(codes('generic', { workload_id: 'client@clients' })).toEqual([]);
  });
});
