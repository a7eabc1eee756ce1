/** Kinds of token issuers whose claims and traps are known. */
export const providers = ['github', 'gitlab', 'azure-devops', 'entra', 'kubernetes', 'spiffe', 'saml', 'generic'] as const;
export type Provider = (typeof providers)[number];

const digits = { pattern: /^[0-9]{1,20}$/, say: 'a numeric id in quotes' };
const guid = { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, say: 'a GUID' };
/** SPIFFE-ID section 2: a trust domain and a path; nothing that could be spelt in two ways. */
const spiffeId = { pattern: /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/, say: 'a whole SPIFFE ID like spiffe://bank.example/ledger/nightly' };
/** Azure DevOps service connections through Entra: project and connection by GUID, under an opaque prefix. */
const connection = { pattern: /^\/eid1\/[A-Za-z0-9_/-]+\/sc\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/, say: 'a subject like /eid1/…/sc/<project GUID>/<connection GUID>' };

interface ImmutableClaim {
  /** As written in a binding. */
  readonly claim: string;
  /** What a real value looks like; a name in its place is refused. */
  readonly form?: { readonly pattern: RegExp; readonly say: string };
}

/**
 * What is known of one provider's tokens. `immutable` lists sets of claims: a binding must match every claim of one set. They
 * never change hands; names, e-mail addresses and (with GitHub and GitLab) `sub` do.
 */
export interface ProviderRules {
  readonly immutable: readonly (readonly ImmutableClaim[])[];
  /** Claims that narrow the workload inside its immutable home: part of the stable key when a binding names them. */
  readonly qualifiers: readonly string[];
  /** Every claim is a string, numbers and booleans included (`"repository_id": "74"`). */
  readonly stringsOnly: boolean;
  /** `sub` may be parsed by nobody: its format is not stable or can be chosen by the project. */
  readonly subjectUnstable: boolean;
  /** Claims whose value is a list; a binding's value must be one of its members. */
  readonly lists: readonly string[];
  /** Runs that an outsider can start: refused unless a binding names the event. */
  readonly outsiders: { readonly claim: string; readonly values: readonly string[] } | null;
  /** Claims that say which branch or environment runs; without one of them a binding means every branch. */
  readonly narrowing: readonly string[];
  /** Claims that go into evidence. Ids and machine-made names only: no actor, no e-mail, no commit message. */
  readonly evidence: readonly string[];
}

const none = { qualifiers: [], stringsOnly: false, subjectUnstable: false, lists: [], outsiders: null, narrowing: [], evidence: [] } as const;

const rules: Readonly<Record<Provider, ProviderRules>> = {
  github: {
    immutable: [[{ claim: 'repository_id', form: digits }, { claim: 'repository_owner_id', form: digits }]],
    qualifiers: ['environment', 'job_workflow_ref'],
    stringsOnly: true,
    subjectUnstable: true,
    lists: [],
    outsiders: { claim: 'event_name', values: ['pull_request', 'pull_request_target'] },
    narrowing: ['environment', 'ref', 'job_workflow_ref'],
    evidence: ['repository', 'repository_id', 'repository_owner_id', 'ref', 'ref_type', 'event_name', 'environment', 'job_workflow_ref', 'runner_environment', 'run_id', 'run_attempt', 'sha'],
  },
  gitlab: {
    immutable: [[{ claim: 'project_id', form: digits }]],
    qualifiers: ['environment'],
    stringsOnly: true,
    subjectUnstable: true,
    lists: [],
    outsiders: { claim: 'pipeline_source', values: ['merge_request_event', 'external_pull_request_event'] },
    narrowing: ['environment', 'ref', 'ref_protected'],
    evidence: ['project_path', 'project_id', 'namespace_id', 'ref', 'ref_type', 'ref_protected', 'environment', 'environment_protected', 'pipeline_source', 'pipeline_id', 'job_id', 'runner_environment', 'sha'],
  },
  'azure-devops': {
    ...none,
    immutable: [[{ claim: 'prj_id', form: guid }], [{ claim: 'sub', form: connection }]],
    qualifiers: ['def_id'],
    evidence: ['org_id', 'prj_id', 'def_id', 'run_id', 'rpo_id', 'rpo_ref', 'rpo_ver'],
  },
  entra: {
    ...none,
    immutable: [[{ claim: 'tid', form: guid }, { claim: 'oid', form: guid }]],
    lists: ['roles', 'groups'],
    evidence: ['tid', 'oid', 'appid', 'azp', 'azpacr', 'appidacr', 'idtyp', 'ver'],
  },
  kubernetes: {
    ...none,
    immutable: [[{ claim: 'kubernetes\\.io.serviceaccount.uid', form: guid }, { claim: 'kubernetes\\.io.namespace' }]],
    evidence: ['kubernetes\\.io.namespace', 'kubernetes\\.io.serviceaccount.name', 'kubernetes\\.io.serviceaccount.uid', 'kubernetes\\.io.pod.name', 'kubernetes\\.io.pod.uid', 'kubernetes\\.io.node.name'],
  },
  spiffe: { ...none, immutable: [[{ claim: 'sub', form: spiffeId }]], evidence: ['sub'] },
  saml: { ...none, immutable: [] },
  generic: { ...none, immutable: [] },
};

/** The rules of a provider; `generic` issuers declare their own immutable claims, all of which a binding must match. */
export function providerRules(issuer: { readonly provider: Provider; readonly immutableClaims: readonly string[] }): ProviderRules {
  const known = rules[issuer.provider];
  if (issuer.provider !== 'generic' && issuer.provider !== 'saml') return known;
  const own = issuer.immutableClaims;
  return { ...known, immutable: own.length === 0 ? [] : [own.map((claim) => ({ claim }))], evidence: own };
}

/** Issuers that everybody knows, so that none of them is declared `generic` and so escapes its traps. */
const wellKnown: readonly { readonly pattern: RegExp; readonly providers: readonly Provider[] }[] = [
  { pattern: /^https:\/\/token\.actions\.githubusercontent\.com(\/|$)/, providers: ['github'] },
  { pattern: /^https:\/\/gitlab\.com(\/|$)/, providers: ['gitlab'] },
  { pattern: /^https:\/\/vstoken\.dev\.azure\.com(\/|$)/, providers: ['azure-devops'] },
  { pattern: /^https:\/\/login\.microsoftonline\.(com|us)(\/|$)/, providers: ['entra', 'azure-devops'] },
  { pattern: /^https:\/\/sts\.windows\.net(\/|$)/, providers: ['entra'] },
  { pattern: /^https:\/\/kubernetes\.default\.svc(\/|\.|$)/, providers: ['kubernetes'] },
];

export function providersOf(issuer: string): readonly Provider[] | null {
  return wellKnown.find(({ pattern }) => pattern.test(issuer))?.providers ?? null;
}

/**
 * Audiences that a token gets when nobody chose one, so that tokens meant for others carry them too. GitHub: the owner's page, on github.com, on `ghe.com` or on an own server;
 * Kubernetes: the API server's, which is the issuer's own address unless the cluster says otherwise; GitLab: the server's own address.
 */
export function isDefaultAudience(audience: string, { provider, issuer }: { readonly provider: Provider; readonly issuer: string }): boolean {
  const itself = sameAddress(audience, issuer);
  switch (provider) {
    case 'github':
      return itself || isOwnersPage(audience, issuer) || audience === 'sigstore' || audience === 'sts.amazonaws.com';
    case 'gitlab':
      return itself || audience === 'https://gitlab.com';
    case 'kubernetes':
      return itself || /^(https:\/\/)?kubernetes\.default\.svc(\.cluster\.local)?$/.test(audience) || audience === 'api';
    case 'entra':
      return /^(https:\/\/)?(graph\.microsoft\.com|management\.azure\.com|management\.core\.windows\.net)\/?$/.test(audience) || audience === '00000003-0000-0000-c000-000000000000' || audience === 'api://AzureADTokenExchange';
    case 'spiffe':
    case 'saml':
      return itself;
    case 'azure-devops':
    case 'generic':
      return audience === 'account';
  }
}

/** `https://github.com/acme`, `https://bank.ghe.com/acme`, `https://ghes.bank.example/acme` of the issuer `https://ghes.bank.example/_services/token`. */
function isOwnersPage(audience: string, issuer: string): boolean {
  if (/^https:\/\/(?:github\.com|[a-z0-9-]+\.ghe\.com)\/[^/]+\/?$/i.test(audience)) return true;
  return URL.canParse(audience) && URL.canParse(issuer) && new URL(audience).origin === new URL(issuer).origin && /^\/[^/]+\/?$/.test(new URL(audience).pathname);
}

const sameAddress = (audience: string, issuer: string) => audience.replace(/\/+$/, '') === issuer.replace(/\/+$/, '');
