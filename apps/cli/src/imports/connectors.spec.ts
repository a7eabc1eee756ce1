import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { StandIn, type VendorAsked, type VendorSays } from '../testing/stand-in.ts';
import { entraIdentities, entraToken } from './entra.ts';
import { githubIdentities } from './github.ts';
import { kubernetesIdentities } from './kubernetes.ts';
import { VendorApi } from './vendor-api.ts';

const waits: number[] = [];
const warned: string[] = [];
const api = (base: string, headers: Record<string, string> = { authorization: 'Bearer secret-of-the-operator' }) =>
  new VendorApi({ vendor: 'the vendor', base, headers, ca: null, warn: (line) => void warned.push(line), sleep: (ms) => (waits.push(ms), Promise.resolve()) });

/** The Failure of a promise that must fail. */
async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error(`no failure: ${String(error)}`);
  return error;
}

describe('a vendor’s API', () => {
  const once = (says: VendorSays[]) => StandIn.open(() => says.shift() ?? { body: { done: true } });

  it('is waited for as it asks: seconds, a date, GitHub’s reset, or longer each time', async () => {
    waits.length = 0;
    await using vendor = await once([{ status: 429, headers: { 'retry-after': '7' } }, { status: 503 }, { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 30) } }, { status: 429, headers: { 'retry-after': new Date(Date.now() + 20_000).toUTCString() } }]);
    expect((await api(vendor.url).get('/x')).body).toEqual({ done: true });
    expect(waits[0]).toBe(7000);
    expect(waits[1]).toBe(2000);
    expect(waits[2]).toBeGreaterThan(25_000);
    expect(waits[3]).toBeGreaterThan(15_000);
    expect(warned.at(-1)).toContain('is busy: waiting');
  });

  it('that wants too much patience, or never has time, is given up', async () => {
    await using slow = await once([{ status: 429, headers: { 'retry-after': '86400' } }]);
    expect(await failure(api(slow.url).get('/x'))).toMatchObject({ code: 'rate-limited' });
    await using never = await StandIn.open(() => ({ status: 503 }));
    expect(await failure(api(never.url).get('/x'))).toMatchObject({ code: 'rate-limited' });
    expect(never.asked).toHaveLength(6);
  });

  it('gets the credential over TLS or loopback only, and no link of an answer takes it elsewhere', async () => {
    expect(() => api('http://graph.example')).toThrow(/https only/);
    expect(() => api('nonsense')).toThrow(/not a URL/);
    await using elsewhere = await StandIn.open(() => ({ body: {} }));
    await using vendor = await StandIn.open(() => ({ status: 302, headers: { location: `${elsewhere.url}/x` } }));
    expect(await failure(api(vendor.url).get(`${elsewhere.url}/steal`))).toMatchObject({ code: 'malformed' });
    expect((await api(vendor.url).get('/x')).status).toBe(302);
    expect(elsewhere.asked).toEqual([]);
    expect(await failure(api('http://127.0.0.1:1').get('/x'))).toMatchObject({ code: 'unreachable' });
  });
});

const tenant = '271ef6f7-5998-4b0f-86fb-4b54d9129990';
const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe('Entra', () => {
  const principals = [
    { id: guid(1), appId: guid(101), displayName: 'Nightly Ledger', servicePrincipalType: 'Application', accountEnabled: true, appOwnerOrganizationId: tenant, notes: 'Closes the books of the day', description: null },
    { id: guid(2), appId: guid(102), displayName: 'vm-batch', servicePrincipalType: 'ManagedIdentity', accountEnabled: true, appOwnerOrganizationId: null },
    { id: guid(3), appId: guid(103), displayName: 'Office 365 Exchange Online', servicePrincipalType: 'Application', accountEnabled: true, appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' },
    { id: guid(4), appId: guid(104), displayName: 'Vendor Scanner', servicePrincipalType: 'Application', accountEnabled: true, appOwnerOrganizationId: guid(99), verifiedPublisher: { displayName: 'Scanner Inc' } },
    { id: guid(5), appId: guid(105), displayName: 'Gone', servicePrincipalType: 'Application', accountEnabled: false, appOwnerOrganizationId: tenant },
    { id: 'broken', displayName: 'Broken' },
  ];
  const graph = (owners: (asked: VendorAsked) => VendorSays) =>
    StandIn.open((asked, self) => {
      if (asked.path.endsWith('/owners')) return owners(asked);
      const at = Number(asked.query.get('$skiptoken') ?? '0');
      return { body: { value: principals.slice(at, at + 2), ...(at + 2 < principals.length ? { '@odata.nextLink': `${self}/v1.0/servicePrincipals?$skiptoken=${at + 2}` } : {}) } };
    });
  const options = { tenant, clientId: guid(7), clientSecret: 's3cret', issuer: 'entra', audience: null, foreign: 'own' } as const;

  it('names applications of the tenant and managed identities, over all pages, by ids that stay, with their owners', async () => {
    await using vendor = await graph(({ path }) => ({ body: { value: path.includes(guid(1)) ? [{ '@odata.type': '#microsoft.graph.user', id: 'u-1', userPrincipalName: 'alice@bank.example' }] : [] } }));
    const { found, troubles } = await entraIdentities(api(vendor.url), options);
    expect(found).toEqual([
      { ref: 'Nightly Ledger', stable: `${tenant}/${guid(1)}`, name: 'Nightly Ledger', kind: 'service', owners: ['u-1', 'alice@bank.example'], backupOwners: [], facts: { purpose: 'Closes the books of the day' }, binding: { issuer: 'entra', audience: null, claims: { tid: tenant, oid: guid(1) } } },
      { ref: 'vm-batch', stable: `${tenant}/${guid(2)}`, name: 'vm-batch', kind: 'service', owners: [], backupOwners: [], facts: {}, binding: { issuer: 'entra', audience: null, claims: { tid: tenant, oid: guid(2) } } },
    ]);
    expect(troubles).toEqual([{ ref: 'Broken', code: 'malformed', say: expect.any(String) }]);
    expect(vendor.asked.every(({ headers }) => headers.authorization === 'Bearer secret-of-the-operator')).toBe(true);
  });

  it('names other firms’ applications when asked to, as their vendor’s, and never Microsoft’s own', async () => {
    await using vendor = await graph(() => ({ body: { value: [] } }));
    const { found } = await entraIdentities(api(vendor.url), { ...options, foreign: 'with-foreign' });
    expect(found.map(({ name, facts }) => [name, facts.vendor])).toEqual([['Nightly Ledger', undefined], ['vm-batch', undefined], ['Vendor Scanner', 'Scanner Inc']]);
  });

  it('goes on where owners may not be read, and says so', async () => {
    await using vendor = await graph(() => ({ status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }));
    const { found, troubles } = await entraIdentities(api(vendor.url), options);
    expect(found).toHaveLength(2);
    expect(troubles.filter(({ code }) => code === 'owners-unread')).toHaveLength(2);
  });

  it('gets its token by client credentials, and says which error it gets instead without repeating the secret', async () => {
    await using login = await StandIn.open(({ body, path }) =>
      path === `/${tenant}/oauth2/v2.0/token` && new URLSearchParams(body).get('client_secret') === 's3cret' ? { body: { token_type: 'Bearer', expires_in: 3599, access_token: 'app-token' } } : { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided: wr0ng' } });
    expect(await entraToken(api(login.url, {}), options, 'https://graph.microsoft.com/.default')).toBe('app-token');
    expect(Object.fromEntries(new URLSearchParams(login.asked[0]?.body))).toEqual({ grant_type: 'client_credentials', client_id: guid(7), client_secret: 's3cret', scope: 'https://graph.microsoft.com/.default' });
    const refused = await failure(entraToken(api(login.url, {}), { ...options, clientSecret: 'wr0ng' }, 'x'));
    expect([refused.code, refused.message]).toEqual(['unauthenticated', 'Entra gives no token (invalid_client, AADSTS7000215)']);
  });

  it('with a token that Graph does not take ends at once', async () => {
    await using vendor = await StandIn.open(() => ({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }));
    expect(await failure(entraIdentities(api(vendor.url), options))).toMatchObject({ code: 'unauthenticated', exit: 10 });
  });
});

describe('GitHub', () => {
  const repositories = [
    { id: 11, name: 'ledger', full_name: 'acme/ledger', default_branch: 'main', archived: false, description: 'The books of the bank', owner: { id: 7, login: 'acme' } },
    { id: 12, name: 'site', full_name: 'acme/site', default_branch: 'trunk', archived: false, description: null, owner: { id: 7, login: 'acme' } },
    { id: 13, name: 'old', full_name: 'acme/old', default_branch: 'main', archived: true, owner: { id: 7, login: 'acme' } },
    { id: 14, name: 'secret', full_name: 'acme/secret', default_branch: 'main', archived: false, owner: { id: 7, login: 'acme' } },
  ];
  const github = (over: (asked: VendorAsked) => VendorSays | null = () => null) =>
    StandIn.open((asked, self) => {
      const said = over(asked);
      if (said !== null) return said;
      switch (asked.path) {
        case '/orgs/acme/repos': {
          const page = Number(asked.query.get('page') ?? '1');
          return { body: repositories.slice((page - 1) * 2, page * 2), headers: page === 1 ? { link: `<${self}/orgs/acme/repos?per_page=100&page=2>; rel="next", <${self}/orgs/acme/repos?page=2>; rel="last"` } : {} };
        }
        case '/repos/acme/ledger/environments':
          return { body: { total_count: 2, environments: [{ id: 1, name: 'production' }, { id: 2, name: 'eu west' }] } };
        case '/repos/acme/site/environments':
          return { body: { total_count: 0, environments: [] } };
        case '/repos/acme/ledger/actions/oidc/customization/sub':
          return { body: { use_default: false, include_claim_keys: ['repo', 'context'] } };
        case '/repos/acme/site/actions/oidc/customization/sub':
          return { body: { use_default: true } };
        case '/orgs/acme/installations':
          return { body: { total_count: 2, installations: [{ id: 1, app_id: 900, app_slug: 'renovate', suspended_at: null }, { id: 2, app_id: 901, app_slug: 'idle', suspended_at: '2026-01-01T00:00:00Z' }] } };
        default:
          return { status: 404, body: { message: 'Not Found' } };
      }
    });
  const options = { organisation: 'acme', issuer: 'gh', audience: 'sallyport' };

  it('names each environment of a repository by numeric ids, one without environments by its branch, and the apps', async () => {
    await using vendor = await github();
    const { found, troubles } = await githubIdentities(api(vendor.url), options);
    expect(found.map(({ name, stable, binding }) => [name, stable, binding?.claims ?? null])).toEqual([
      ['ledger-production', '11/production', { repository_id: '11', repository_owner_id: '7', environment: 'production' }],
      ['ledger-eu west', '11/eu west', { repository_id: '11', repository_owner_id: '7', environment: 'eu west' }],
      ['site-trunk', '12', { repository_id: '12', repository_owner_id: '7', ref: 'refs/heads/trunk' }],
      ['github-app-renovate', 'app/900', null],
    ]);
    expect(found[0]?.facts).toEqual({ environment: 'production', purpose: 'workflows of acme/ledger: The books of the bank' });
    expect(troubles.map(({ ref, code }) => `${ref} ${code}`).sort()).toEqual(['acme/ledger subject-customised', 'acme/secret forbidden']);
  });

  it('drafts nothing of a repository whose environments it may not see, because a binding to its branch could be theirs', async () => {
    await using vendor = await github(({ path }) => (path === '/repos/acme/ledger/environments' ? { status: 403, body: {} } : null));
    const { found } = await githubIdentities(api(vendor.url), options);
    expect(found.map(({ name }) => name)).toEqual(['site-trunk', 'github-app-renovate']);
  });

  it('goes on without the apps where the token may not see them, and ends where it may see nothing', async () => {
    await using vendor = await github(({ path }) => (path === '/orgs/acme/installations' ? { status: 403, body: {} } : null));
    expect((await githubIdentities(api(vendor.url), options)).troubles.map(({ ref }) => ref)).toContain('installed apps');
    await using closed = await StandIn.open(() => ({ status: 401, body: { message: 'Bad credentials' } }));
    expect(await failure(githubIdentities(api(closed.url), options))).toMatchObject({ code: 'unauthenticated' });
    await using nothing = await StandIn.open(() => ({ status: 404, body: {} }));
    expect(await failure(githubIdentities(api(nothing.url), options))).toMatchObject({ code: 'forbidden', wayOut: expect.stringContaining('Administration') });
    await using nonsense = await StandIn.open(() => ({ body: { repositories: 'none' } }));
    expect(await failure(githubIdentities(api(nonsense.url), options))).toMatchObject({ code: 'malformed' });
  });
});

describe('Kubernetes', () => {
  const account = (namespace: string, name: string, uid: string, annotations: Record<string, string> = {}) => ({ metadata: { namespace, name, uid, annotations } });
  const accounts = [
    account('batch', 'nightly', guid(1), { 'sallyport.dev/owner': 'alice, bob', 'sallyport.dev/purpose': 'closes the books of the day', 'sallyport.dev/environment': 'production' }),
    account('batch', 'default', guid(2)), account('kube-system', 'coredns', guid(3)), account('web', 'front', guid(4)), { metadata: { namespace: 'web', name: 'odd', uid: 'no-uid' } },
  ];
  const options = { namespaces: [], issuer: 'k8s', audience: null };

  it('names ServiceAccounts by uid and namespace, over all chunks, without `default` and without the system’s', async () => {
    await using vendor = await StandIn.open(({ query }) => {
      const at = Number(query.get('continue') ?? '0');
      return { body: { kind: 'ServiceAccountList', metadata: { continue: at + 2 < accounts.length ? String(at + 2) : '' }, items: accounts.slice(at, at + 2) } };
    });
    const { found, troubles } = await kubernetesIdentities(api(vendor.url), options);
    expect(found).toEqual([
      { ref: 'batch/nightly', stable: guid(1), name: 'batch-nightly', kind: 'service', owners: ['alice', 'bob'], backupOwners: [], facts: { purpose: 'closes the books of the day', environment: 'production' }, binding: { issuer: 'k8s', audience: null, claims: { 'kubernetes\\.io.namespace': 'batch', 'kubernetes\\.io.serviceaccount.uid': guid(1) } } },
      { ref: 'web/front', stable: guid(4), name: 'web-front', kind: 'service', owners: [], backupOwners: [], facts: {}, binding: { issuer: 'k8s', audience: null, claims: { 'kubernetes\\.io.namespace': 'web', 'kubernetes\\.io.serviceaccount.uid': guid(4) } } },
    ]);
    expect(troubles).toHaveLength(1);
    expect(vendor.asked.every(({ query }) => query.get('limit') === '500')).toBe(true);
  });

  it('begins once more when the server has let go of the snapshot', async () => {
    let gone = 1;
    await using vendor = await StandIn.open(({ query }) => {
      if (query.get('continue') !== null && gone-- > 0) return { status: 410, body: { reason: 'Expired' } };
      return { body: { metadata: { continue: query.get('continue') === null ? 'two' : '' }, items: query.get('continue') === null ? accounts.slice(0, 1) : accounts.slice(3, 4) } };
    });
    expect((await kubernetesIdentities(api(vendor.url), options)).found.map(({ ref }) => ref)).toEqual(['batch/nightly', 'web/front']);
    await using always = await StandIn.open(({ query }) => (query.get('continue') === null ? { body: { metadata: { continue: 'x' }, items: [] } } : { status: 410 }));
    expect(await failure(kubernetesIdentities(api(always.url), options))).toMatchObject({ code: 'unavailable' });
  });

  it('asks for the namespaces that are named, and goes on where one is closed', async () => {
    await using vendor = await StandIn.open(({ path }) => (path === '/api/v1/namespaces/batch/serviceaccounts' ? { body: { metadata: {}, items: accounts.slice(0, 2) } } : { status: 403, body: { reason: 'Forbidden' } }));
    const { found, troubles } = await kubernetesIdentities(api(vendor.url), { ...options, namespaces: ['batch', 'closed'] });
    expect([found.map(({ ref }) => ref), troubles.map(({ code }) => code)]).toEqual([['batch/nightly'], ['forbidden']]);
    expect(await failure(kubernetesIdentities(api(vendor.url), { ...options, namespaces: ['closed'] }))).toMatchObject({ code: 'forbidden', wayOut: expect.stringContaining('verb list') });
  });
});
